// What sluice status says of the cipher.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/cli.h"

// The first line, in a buffer that the next call overwrites.
static const char *first_line(bool color, const char *cipher)
{
	static char line[256];
	const struct cli cli = {.color = color};
	json_t *r = json_pack("{s:s, s:s, s:s, s:i, s:{s:s, s:s}}", "node", "a", "version", "9",
		"cipher", cipher, "sessions", 3, "dataplane", "state", "running", "cipher_backend",
		"imb");
	FILE *standard = stdout;
	char *text;
	size_t size;

	assert_non_null(r);
	stdout = open_memstream(&text, &size);
	print_status(&cli, r);
	fclose(stdout);
	stdout = standard;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	json_decref(r);
	return line;
}

static void print_status__names_the_library_that_seals(void **state)
{
	(void)state;
	assert_string_equal(first_line(true, "aes-256-gcm"),
		"node       a, version 9, cipher aes-256-gcm (imb), sessions 3");
}

// A library that seals nothing is not named.
static void print_status__in_the_clear(void **state)
{
	(void)state;
	assert_string_equal(first_line(false, "null"),
		"node       a, version 9, cipher null: packets go in the clear, sessions 3");
	assert_string_equal(first_line(true, "null"),
		"node       a, version 9, cipher null: packets go \x1b[31min the clear\x1b[0m, "
		"sessions 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_status__names_the_library_that_seals),
		cmocka_unit_test(print_status__in_the_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
