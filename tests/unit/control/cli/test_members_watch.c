// What sluice members --watch makes of the node's lines: changes that are told one by one, and a
// table that fits into a terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/cli/members_model.h"
#include "control/cli/members_table.h"

static struct members_model model;
static char told[4096];

// "c alive>dead; " for a change, "c alive (version 2); " when its state stays, "lost 7; ".
static void on_event(void *owner, const char *event, const json_t *params, const json_t *was)
{
	size_t used = strlen(told);
	const char *name = json_string_value(json_object_get(params, "name"));
	const char *from = json_string_value(json_object_get(params, "from"));
	const char *to = json_string_value(json_object_get(params, "to"));
	char words[200];

	(void)owner;
	if (strcmp(event, "resync") == 0)
		snprintf(told + used, sizeof(told) - used, "lost %d; ",
			(int)json_integer_value(json_object_get(params, "lost")));
	else if (strcmp(event, "rtt") == 0)
		snprintf(told + used, sizeof(told) - used, "%s rtt; ", name);
	else if (strcmp(from, to) != 0)
		snprintf(told + used, sizeof(told) - used, "%s %s>%s; ", name, from, to);
	else
		snprintf(told + used, sizeof(told) - used, "%s %s (%s); ", name, to,
			members_model_differs(words, sizeof(words), was, params));
}

static int setup(void **state)
{
	(void)state;
	members_model_init(&model);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	members_model_fini(&model);
	return 0;
}

static bool take(double now_s, const char *text)
{
	json_t *line = json_loads(text, 0, NULL);
	bool taken;

	told[0] = 0;
	taken = members_model_take(&model, line, now_s, 1700000000, on_event, NULL);
	json_decref(line);
	return taken;
}

#define ROW(name, state, age)                                                           \
	"{\"name\":\"" name "\",\"state\":\"" state "\",\"address\":\"10.0.0.1:7701\"," \
	"\"state_age_s\":" #age ",\"incarnation\":1795325077,\"boot_id\":\"00ab\","     \
	"\"rtt_ns\":250000,\"links\":[],\"version\":\"1.0\"}"
#define CHANGE(name, from, to)                                                           \
	"{\"jsonrpc\":\"2.0\",\"method\":\"members.watch\",\"params\":{\"name\":\"" name \
	"\",\"from\":\"" from "\",\"to\":\"" to "\",\"event\":\"change\",\"address\":"   \
	"\"10.0.0.1:7701\",\"state_age_s\":0,\"incarnation\":1795325077,\"boot_id\":"    \
	"\"00ab\",\"rtt_ns\":250000,\"links\":[],\"version\":\"1.0\"}}"
#define LIST(rows) \
	"{\"id\":1,\"result\":{\"cluster\":\"blue\",\"generation\":7,\"members\":[" rows "]}}"
#define AGAIN(lost, rows)                                                            \
	"{\"params\":{\"event\":\"resync\",\"lost\":" #lost ",\"cluster\":\"blue\"," \
	"\"members\":[" rows "]}}"

static void model__a_list_then_changes(void **state)
{
	(void)state;
	assert_true(take(0, LIST(ROW("a", "alive", 5) "," ROW("c", "dead", 9))));
	assert_string_equal(told, "a none>alive; c none>dead; ");
	assert_string_equal(model.cluster, "blue");
	take(0, CHANGE("b", "none", "alive"));
	assert_string_equal(told, "b none>alive; ");
	take(0, CHANGE("a", "alive", "suspect"));
	assert_string_equal(told, "a alive>suspect; ");
	take(0, CHANGE("c", "dead", "none"));
	assert_string_equal(told, "c dead>none; ");
	assert_int_equal(json_object_size(model.rows), 2);
	assert_true(take(0, "{\"params\":{\"event\":\"rtt\",\"name\":\"a\",\"rtt_ns\":9}}"));
	assert_string_equal(told, "a rtt; ");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(model.rows, "a"), "rtt_ns")), 9);
}

// After a gap, or when control is back: only what is not as it was.
static void model__two_lists_are_compared(void **state)
{
	(void)state;
	take(0, LIST(ROW("a", "alive", 5) "," ROW("b", "alive", 5) "," ROW("c", "alive", 5)));
	take(1, AGAIN(12, ROW("a", "alive", 6) "," ROW("b", "dead", 0) "," ROW("d", "alive", 0)));
	assert_string_equal(told, "lost 12; b alive>dead; d none>alive; c alive>none; ");
	take(2, AGAIN(3, ROW("a", "alive", 7) "," ROW("b", "dead", 1) "," ROW("d", "alive", 1)));
	assert_string_equal(told, "lost 3; ");
}

static void model__what_a_member_says_of_itself(void **state)
{
	(void)state;
	take(0, LIST(ROW("a", "alive", 5)));
	take(0, "{\"params\":{\"name\":\"a\",\"from\":\"alive\",\"to\":\"alive\",\"event\":"
		"\"change\",\"address\":\"10.0.0.2:7701\",\"incarnation\":1795325078,"
		"\"boot_id\":null,\"links\":[],\"version\":\"2.0\"}}");
	assert_string_equal(told, "a alive (dataplane stopped, another address, version 2.0, "
				  "incarnation 1795325078); ");
	take(0, LIST(ROW("a", "alive", 5)));
	assert_string_equal(told, "a alive (dataplane started, another address, version 1.0, "
				  "incarnation 1795325077); ");
}

static void model__nonsense_is_refused(void **state)
{
	static const char *const wrong[] = {"{}", "[]", "{\"result\":{}}", "{\"result\":7}",
		"{\"params\":{}}", "{\"params\":{\"event\":\"change\"}}",
		"{\"params\":{\"event\":\"change\",\"name\":\"a\",\"to\":5}}",
		"{\"params\":{\"event\":\"rtt\",\"name\":\"a\",\"rtt_ns\":\"x\"}}",
		"{\"params\":{\"event\":\"resync\",\"lost\":1}}",
		"{\"result\":{\"cluster\":\"x\",\"members\":{}}}"};

	(void)state;
	assert_false(members_model_take(&model, NULL, 0, 0, on_event, NULL));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(take(0, wrong[i]));
	assert_int_equal(json_object_size(model.rows), 0);
	// Rows of any shape, and news that we do not know yet.
	assert_true(take(0, LIST("{},7,{\"name\":\"a\"},{\"name\":\"a\",\"state\":[]}")));
	assert_true(take(0, "{\"params\":{\"event\":\"weather\"}}"));
	free(members_table(&model, &(struct members_screen){.clock = "1"}));
}

// ---- the table ---------------------------------------------------------------------------------

static char *shown(uint32_t columns, uint32_t lines, bool color, bool down, const char *notice)
{
	static char text[8192];
	const struct members_screen screen = {.columns = columns,
		.lines = lines,
		.color = color,
		.down = down,
		.now_s = 102.5,
		.clock = "12:34:56",
		.notice = notice};
	char *table = members_table(&model, &screen);

	snprintf(text, sizeof(text), "%s", table);
	free(table);
	return text;
}

static void table__rows_by_name(void **state)
{
	(void)state;
	take(100, LIST(ROW("b", "suspect", 3) "," ROW("a", "alive", 60) "," ROW("x", "dead", 9)));
	assert_string_equal(shown(0, 0, false, false, NULL),
		"cluster blue at 12:34:56: 1 alive, 1 suspect, 1 dead\n"
		"\n"
		"name  state           for     rtt  address        incarnation  dataplane  "
		"version\n"
		"a     alive    1 min 02 s  250 us  10.0.0.1:7701   1795325077  00ab       1.0\n"
		"b     suspect         5 s  250 us  10.0.0.1:7701   1795325077  00ab       1.0\n");
	assert_non_null(strstr(shown(0, 0, false, true, NULL), "\nx     dead"));
	take(101, CHANGE("b", "suspect", "dead")); // it was noticed: it stays
	assert_non_null(strstr(shown(0, 0, false, false, NULL), "\nb     dead"));
	take(101, CHANGE("b", "dead", "none"));
	assert_null(strstr(shown(0, 0, false, true, NULL), "\nb     dead"));
}

static void table__obeys_the_width(void **state)
{
	(void)state;
	take(102, LIST(ROW("n\xc3\xa4me", "alive", 0) "," ROW("b", "dead", 0)));
	assert_string_equal(shown(10, 0, false, true, "not here any more"), "cluster bl\n"
									    "\n"
									    "name  stat\n"
									    "b     dead\n"
									    "n\xc3\xa4me  aliv\n"
									    "\n"
									    "not here a\n");
	// Colors take no room, and end with their line.
	assert_string_equal(shown(10, 0, true, true, NULL), "cluster bl\n"
							    "\n"
							    "\x1b[1mname  stat\x1b[0m\n"
							    "\x1b[31mb     dead\x1b[0m\n"
							    "n\xc3\xa4me  aliv\n");
}

static uint32_t lines_of(const char *text)
{
	uint32_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void table__obeys_the_height(void **state)
{
	char name[16], line[512];

	(void)state;
	take(0, LIST(""));
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "m%02d", i);
		snprintf(line, sizeof(line),
			"{\"params\":{\"event\":\"change\",\"name\":\"%s\",\"from\":\"none\","
			"\"to\":\"%s\"}}",
			name, i == 40 ? "suspect" : "alive");
		take(0, line);
	}
	assert_int_equal(lines_of(shown(80, 0, false, false, NULL)), 3 + 50);
	assert_int_equal(lines_of(shown(80, 53, false, false, NULL)), 53);
	assert_null(strstr(shown(80, 53, false, false, NULL), "more"));
	assert_int_equal(lines_of(shown(80, 10, false, false, NULL)), 10);
	// Who is not well comes first when there is no room for all.
	assert_non_null(strstr(shown(80, 10, false, false, NULL), "version\nm40"));
	assert_non_null(strstr(shown(80, 10, false, false, NULL), "\nand 44 more\n"));
	assert_int_equal(lines_of(shown(80, 10, false, false, "gone")), 10);
	for (uint32_t lines = 1; lines < 60; lines++)
		assert_true(lines_of(shown(80, lines, false, false, "gone")) <= lines);
	for (uint32_t lines = 1; lines < 60; lines++)
		assert_true(lines_of(shown(80, lines, false, false, NULL)) <= lines);
}

static void table__steers_no_terminal(void **state)
{
	(void)state;
	take(0, LIST(ROW("a\\u001b[2J", "alive", 0)));
	assert_null(strchr(shown(80, 24, false, false, NULL), '\x1b'));
	assert_non_null(strstr(shown(80, 24, false, false, NULL), "a\\x1b[2J"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(model__a_list_then_changes),
		CASE(model__two_lists_are_compared),
		CASE(model__what_a_member_says_of_itself),
		CASE(model__nonsense_is_refused),
		CASE(table__rows_by_name),
		CASE(table__obeys_the_width),
		CASE(table__obeys_the_height),
		CASE(table__steers_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
