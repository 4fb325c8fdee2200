// Goals: what passes, what fails, and what nobody measured.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "perf/goals.h"

static json_t *row;
static double value;

static void set(double ratio, double p99, double p50_ns, double allocs)
{
	json_decref(row);
	row = json_pack("{s:{s:f}, s:{s:{s:{s:f}}, s:{s:f}}, s:{s:f}, s:f}", "ratio", "median",
		ratio, "latency", "ratio", "p99", "median", p99, "subject", "p50", p50_ns,
		"counters", "allocs", allocs, "median", 5.0);
}

static int teardown(void **state)
{
	(void)state;
	json_decref(row);
	row = NULL;
	return 0;
}

static void goal_judge__at_least(void **state)
{
	const struct goal ratio = {"", "*", GOAL_RATIO, 0.6}, p99 = {"", "*", GOAL_RATIO_P99, 0.3};

	(void)state;
	set(0.6, 0.29, 0, 0);
	assert_int_equal(goal_judge(&ratio, row, &value), GOAL_PASS);
	assert_true(value == 0.6);
	assert_int_equal(goal_judge(&p99, row, &value), GOAL_FAIL);
	set(0.599, 0.31, 0, 0);
	assert_int_equal(goal_judge(&ratio, row, &value), GOAL_FAIL);
	assert_int_equal(goal_judge(&p99, row, &value), GOAL_PASS);
}

static void goal_judge__at_most(void **state)
{
	const struct goal p50 = {"", "*", GOAL_P50_NS, 2300}, allocs = {"", "*", GOAL_ALLOCS, 0};

	(void)state;
	set(1, 1, 2300, 0);
	assert_int_equal(goal_judge(&p50, row, &value), GOAL_PASS);
	assert_int_equal(goal_judge(&allocs, row, &value), GOAL_PASS);
	set(1, 1, 2301, 0.001);
	assert_int_equal(goal_judge(&p50, row, &value), GOAL_FAIL);
	assert_int_equal(goal_judge(&allocs, row, &value), GOAL_FAIL);
}

// null, another type, or no such field: not measured, never passed.
static void goal_judge__not_measured(void **state)
{
	const struct goal memcpy_goal = {"", "*", GOAL_MEMCPY, 0}, ratio = {"", "*", GOAL_RATIO, 0};

	(void)state;
	set(1, 1, 1, 0);
	assert_int_equal(goal_judge(&memcpy_goal, row, &value), GOAL_NOT_MEASURED);
	json_object_set_new(json_object_get(row, "counters"), "bytes_memcpy", json_null());
	assert_int_equal(goal_judge(&memcpy_goal, row, &value), GOAL_NOT_MEASURED);
	json_object_set_new(row, "ratio", json_string("0.9"));
	assert_int_equal(goal_judge(&ratio, row, &value), GOAL_NOT_MEASURED);
}

// Of a rate: 10 ns a call, and 12.5 at a ratio of 0.8. Faster than its limit: nothing over it.
static void goal_judge__over_the_limit(void **state)
{
	const struct goal over = {"", "*", GOAL_OVER_NS, 2.5}, less = {"", "*", GOAL_OVER_NS, 2.4};

	(void)state;
	set(0.8, 1, 1, 0);
	assert_int_equal(goal_judge(&over, row, &value), GOAL_NOT_MEASURED);
	json_object_set_new(row, "limit", json_pack("{s:f}", "median", 1e8));
	assert_int_equal(goal_judge(&over, row, &value), GOAL_PASS);
	assert_true(value > 2.499 && value <= 2.5);
	assert_int_equal(goal_judge(&less, row, &value), GOAL_FAIL);
	json_object_set_new(json_object_get(row, "ratio"), "median", json_real(1.1));
	assert_int_equal(goal_judge(&less, row, &value), GOAL_PASS);
	assert_true(value == 0);
	json_object_set_new(json_object_get(row, "ratio"), "median", json_real(0));
	assert_int_equal(goal_judge(&less, row, &value), GOAL_NOT_MEASURED);
}

// A row that is there for comparison only.
static void goal_judge__not_of_a_row_beside(void **state)
{
	const struct goal ratio = {"", "*", GOAL_RATIO, 0.5};

	(void)state;
	set(1, 1, 1, 0);
	json_object_set_new(row, "beside", json_false());
	assert_int_equal(goal_judge(&ratio, row, &value), GOAL_PASS);
	json_object_set_new(row, "beside", json_true());
	assert_int_equal(goal_judge(&ratio, row, &value), GOAL_NOT_MEASURED);
}

static void goal_matches__crosses_slashes(void **state)
{
	const struct goal g = {"", "transport/goodput/*/null/none*", GOAL_RATIO, 0.6};

	(void)state;
	assert_true(goal_matches(&g, "transport/goodput/memif/1500/null/none"));
	assert_false(goal_matches(&g, "transport/goodput/memif/1500/null/lz4"));
}

static void goal_ratio__of_the_table(void **state)
{
	(void)state;
	assert_true(goal_ratio("ring/spsc/batch-32") == 0.9);
	assert_true(goal_ratio("transport/goodput/memif/9000/null/none") == 0.8);
	assert_true(goal_ratio("no/such") == 0);
}

// Every goal can be written, and wants a figure that is there when the row has it.
static void goal_print__all(void **state)
{
	const struct goal p50 = {"", "", GOAL_P50_NS, 2300}, allocs = {"", "", GOAL_ALLOCS, 0},
			  ratio = {"", "", GOAL_RATIO, 1};
	const struct goal *g;
	char text[64];

	(void)state;
	for (size_t i = 0; (g = goal_at(i)) != NULL; i++) {
		goal_print(g, text, sizeof(text));
		assert_non_null(strstr(text, "= "));
	}
	goal_print(goal_at(0), text, sizeof(text));
	assert_string_equal(text, "ratio >= 0.6");
	goal_print(&p50, text, sizeof(text));
	assert_string_equal(text, "p50 <= 2.3 us");
	goal_figure_print(&allocs, 0.25, text, sizeof(text));
	assert_string_equal(text, "0.25");
	assert_true(goal_worse(&p50, 3, 2) && !goal_worse(&p50, 2, 3));
	assert_true(goal_worse(&ratio, 2, 3) && !goal_worse(&ratio, 3, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(goal_judge__at_least, teardown),
		cmocka_unit_test_teardown(goal_judge__at_most, teardown),
		cmocka_unit_test_teardown(goal_judge__not_measured, teardown),
		cmocka_unit_test_teardown(goal_judge__over_the_limit, teardown),
		cmocka_unit_test_teardown(goal_judge__not_of_a_row_beside, teardown),
		cmocka_unit_test(goal_matches__crosses_slashes),
		cmocka_unit_test(goal_ratio__of_the_table),
		cmocka_unit_test(goal_print__all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
