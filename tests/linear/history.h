// A history from a file: one operation a line, as JSON. See `linear-check --help`.
#pragma once

#include <stdio.h>

#include "tests/linear/linear.h"

struct history {
	struct linear_op *ops;
	uint32_t count, room;
	char **names; // of keys and values alike, by number; 0 is nothing
	uint32_t name_count, name_room;
	uint32_t *slots; // 1 + number of a name; 0: free
	uint32_t slot_count;
	char error[160]; // with the line
};

// False: history->error says why.
bool history_read(struct history *history, FILE *in);
void history_fini(struct history *history);
const char *history_name(const void *history, uint64_t number);
