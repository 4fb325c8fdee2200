// One configuration file for a test program.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/control/config_stage.h"

char config_stage_file[] = "/tmp/sluice-test-config-XXXXXX";

int config_stage_begin(void **state)
{
	int fd = mkstemp(config_stage_file);

	(void)state;
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

int config_stage_end(void **state)
{
	(void)state;
	return unlink(config_stage_file);
}

int config_stage_load(struct config *config, const char *text, char error[CONFIG_ERROR_SIZE])
{
	FILE *out = fopen(config_stage_file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
	fclose(out);
	error[0] = 0;
	return config_load(config, config_stage_file, error, CONFIG_ERROR_SIZE);
}

void config_stage_expect(
	const char *good, const char *piece, const char *instead, const char *sentence)
{
	char text[4096], error[CONFIG_ERROR_SIZE], wanted[CONFIG_ERROR_SIZE + 64];
	const char *at = strstr(good, piece);
	struct config config;

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, instead,
		at + strlen(piece));
	assert_int_equal(config_stage_load(&config, text, error), -1);
	snprintf(wanted, sizeof(wanted), "%s: %s", config_stage_file, sentence);
	assert_string_equal(error, wanted);
}
