// Columns that line up.
#include "control/cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *printed(const struct table *t, bool color)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print(t, out, color);
	fclose(out);
	return text;
}

static void table_print__aligns_by_characters(void **state)
{
	static const char *const heads[] = {"name", ">size", "why", NULL};
	struct table t;
	char *text;

	(void)state;
	table_init(&t, heads);
	table_row(&t);
	table_cell(&t, "%s", "\xc3\xbc");
	table_cell(&t, "%d", 1000);
	table_cell(&t, "%s", "x");
	table_row(&t);
	table_cell(&t, "%s", "longer");
	table_cell(&t, "%d", 5);
	text = printed(&t, false);
	assert_string_equal(text, "name    size  why\n\xc3\xbc       1000  x\nlonger     5\n");
	free(text);
	text = printed(&t, true);
	assert_int_equal(strncmp(text, "\x1b[1m", 4), 0);
	free(text);
	table_fini(&t);
}

static void table_print__no_line_ends_in_blanks(void **state)
{
	static const char *const heads[] = {"name", "reachable", "", NULL};
	struct table t;
	char *text;

	(void)state;
	table_init(&t, heads);
	table_row(&t);
	table_cell(&t, "%s", "b");
	table_cell(&t, "%s", "yes");
	table_row(&t);
	table_cell(&t, "%s", "c");
	table_cell(&t, "%s", "");
	table_cell(&t, "%s", "no answer");
	text = printed(&t, false);
	assert_string_equal(text, "name  reachable\nb     yes\nc                no answer\n");
	free(text);
	table_fini(&t);
}

static void table_cell__is_plain_and_never_too_many(void **state)
{
	static const char *const heads[] = {"a", NULL};
	struct table t;
	char *text;

	(void)state;
	table_init(&t, heads);
	for (int i = 0; i < 40; i++) {
		table_row(&t);
		table_cell(&t, "%s", "\x1b[2J");
		table_cell(&t, "%s", "too many");
	}
	text = printed(&t, false);
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "too many"));
	free(text);
	table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_print__aligns_by_characters),
		cmocka_unit_test(table_print__no_line_ends_in_blanks),
		cmocka_unit_test(table_cell__is_plain_and_never_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
