// Medians and intervals of known samples.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "perf/stats.h"

static void stats_median__odd_and_even(void **state)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2}, one[] = {7};

	(void)state;
	assert_true(stats_median(odd, 3) == 2);
	assert_true(stats_median(even, 4) == 2.5);
	assert_true(stats_median(one, 1) == 7);
}

static void stats_bootstrap__no_spread_no_interval(void **state)
{
	double same[] = {5, 5, 5, 5};
	struct interval i = stats_bootstrap(same, 4, 1000, 1);

	(void)state;
	assert_true(i.low == 5 && i.high == 5);
}

// Of 1..101 in any order the median is 51; its 95 % interval is about 51 +- 1.96 * 0.5 * sqrt(101).
static void stats_bootstrap__holds_the_median(void **state)
{
	double values[101];
	struct interval i;

	(void)state;
	for (int n = 0; n < 101; n++)
		values[n] = 1 + (n * 37) % 101;
	i = stats_bootstrap(values, 101, 1000, 1);
	assert_true(i.low > 36 && i.low < 46);
	assert_true(i.high > 56 && i.high < 66);
	assert_true(values[1] == 38); // nothing was sorted
}

static void stats_bootstrap__repeats_with_its_seed(void **state)
{
	double values[] = {1, 9, 4, 7, 2, 8};
	struct interval a = stats_bootstrap(values, 6, 200, 3);
	struct interval b = stats_bootstrap(values, 6, 200, 3);

	(void)state;
	assert_true(a.low == b.low && a.high == b.high);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stats_median__odd_and_even),
		cmocka_unit_test(stats_bootstrap__no_spread_no_interval),
		cmocka_unit_test(stats_bootstrap__holds_the_median),
		cmocka_unit_test(stats_bootstrap__repeats_with_its_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
