// One configuration file for a test program, written anew by each of its tests. Include it after
// cmocka.h.
#pragma once

#include "control/config.h"

extern char config_stage_file[];

// Make it, and remove it: for a group of tests.
int config_stage_begin(void **state);
int config_stage_end(void **state);
// config_load of a file with that text.
int config_stage_load(struct config *config, const char *text, char error[CONFIG_ERROR_SIZE]);
// `good` with its first `piece` replaced is refused with exactly that sentence, after the file's
// name.
void config_stage_expect(
	const char *good, const char *piece, const char *instead, const char *sentence);
