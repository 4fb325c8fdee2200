// Percentiles of known distributions, and the buckets' borders.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "perf/histogram.h"

static struct histogram h, other;

static int setup(void **state)
{
	(void)state;
	histogram_clear(&h);
	histogram_clear(&other);
	return 0;
}

static void histogram_percentile__empty(void **state)
{
	(void)state;
	assert_int_equal(histogram_percentile(&h, 50), 0);
	assert_int_equal(histogram_percentile(&h, 100), 0);
}

static void histogram_percentile__small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t v = 1; v <= 100; v++)
		histogram_record(&h, v);
	assert_int_equal(histogram_percentile(&h, 0), 1);
	assert_int_equal(histogram_percentile(&h, 50), 50);
	assert_int_equal(histogram_percentile(&h, 99), 99);
	assert_int_equal(histogram_percentile(&h, 99.5), 100);
	assert_int_equal(histogram_percentile(&h, 100), 100);
	assert_int_equal(h.max, 100);
}

// One value alone comes back exactly (it is the maximum); next to a larger one, to 1/128 above.
static void histogram_percentile__error_is_bounded(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < 1ull << 62; v = v * 3 / 2 + 1) {
		uint64_t p50;

		histogram_clear(&h);
		histogram_record(&h, v);
		assert_int_equal(histogram_percentile(&h, 50), v);
		histogram_record(&h, UINT64_MAX);
		p50 = histogram_percentile(&h, 50);
		assert_true(p50 >= v);
		assert_true(p50 - v <= v / HISTOGRAM_STEPS);
		assert_true(histogram_percentile(&h, 100) == UINT64_MAX);
	}
}

// Neighbours at each power of two: no value falls between two buckets, none shares with the next.
static void histogram_record__borders(void **state)
{
	(void)state;
	for (uint32_t bit = HISTOGRAM_BITS; bit < 64; bit++) {
		uint64_t border = 1ull << bit;

		histogram_clear(&h);
		histogram_record(&h, border - 1);
		histogram_record(&h, border);
		assert_int_equal(histogram_percentile(&h, 50), border - 1);
		assert_int_equal(histogram_percentile(&h, 100), border);
	}
	histogram_clear(&h);
	histogram_record(&h, 0);
	assert_int_equal(histogram_percentile(&h, 100), 0);
	assert_int_equal(h.count, 1);
}

static void histogram_add__is_the_sum(void **state)
{
	(void)state;
	for (uint64_t v = 0; v < 50; v++)
		histogram_record(&h, v), histogram_record(&other, 1000000 + v);
	histogram_add(&h, &other);
	assert_int_equal(h.count, 100);
	assert_int_equal(h.max, 1000049);
	assert_int_equal(histogram_percentile(&h, 50), 49);
	assert_in_range(histogram_percentile(&h, 51), 1000000, 1000049);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(histogram_percentile__empty, setup),
		cmocka_unit_test_setup(histogram_percentile__small_values_are_exact, setup),
		cmocka_unit_test_setup(histogram_percentile__error_is_bounded, setup),
		cmocka_unit_test_setup(histogram_record__borders, setup),
		cmocka_unit_test_setup(histogram_add__is_the_sum, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
