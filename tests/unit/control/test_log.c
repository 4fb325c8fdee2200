// Log lines: one line each, and nothing in it that a terminal obeys.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "control/log.h"

// What log_line writes for `text`, without time and level.
static const char *logged(const char *text)
{
	static char line[2048];
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_line(LOG_ERROR, "%s", text);
	dup2(kept, STDERR_FILENO);
	got = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	close(ends[1]);
	close(kept);
	assert_true(got > 0);
	line[got] = 0;
	assert_non_null(strstr(line, "Z error "));
	return strstr(line, "Z error ") + strlen("Z error ");
}

static void log_line__is_one_line(void **state)
{
	(void)state;
	assert_string_equal(logged("Peer b is gone."), "Peer b is gone.\n");
	assert_string_equal(logged("a\nb\tc"), "a b c\n");
}

static void log_line__no_escapes(void **state)
{
	(void)state;
	assert_string_equal(logged("a\x1b[31mb\x7f"), "a [31mb \n");
	assert_string_equal(logged("a\xc2\x9b"
				   "31mb\xc2\x80\xc2"),
		"a  31mb  \xc2\n");
	assert_string_equal(logged("d\xc3\xa9j\xc3\xa0 \xc2\xa7"), "d\xc3\xa9j\xc3\xa0 \xc2\xa7\n");
}

static void log_line__long(void **state)
{
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	assert_in_range(strlen(logged(text)), 900, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_line__is_one_line),
		cmocka_unit_test(log_line__no_escapes),
		cmocka_unit_test(log_line__long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
