// The round trip estimate and its timers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/rtt.h"

static void sample__first_initialises(void **state)
{
	(void)state;
	struct rtt r = {0};
	assert_int_equal(rtt_timeout(&r, 0), RTT_TIMEOUT_MAX_NS);
	rtt_sample(&r, 100000, 20000);
	assert_int_equal(r.srtt_ns, 80000);
	assert_int_equal(r.var_ns, 40000);
	assert_int_equal(r.min_ns, 80000);
}

static void sample__ewma(void **state)
{
	(void)state;
	struct rtt r = {0};
	rtt_sample(&r, 80000, 0);
	rtt_sample(&r, 160000, 0);
	assert_int_equal(r.srtt_ns, 90000);                  // 7/8 * 80000 + 1/8 * 160000
	assert_int_equal(r.var_ns, (3 * 40000 + 80000) / 4); // against the old srtt
	assert_int_equal(r.min_ns, 80000);
	assert_int_equal(r.latest_ns, 160000);
}

static void sample__absurd_delay(void **state)
{
	(void)state;
	struct rtt r = {0};
	rtt_sample(&r, 50000, 65000000);
	assert_int_equal(r.srtt_ns, 50000);
	r = (struct rtt){0};
	rtt_sample(&r, 0, 0);
	assert_int_equal(r.srtt_ns, RTT_SAMPLE_MIN_NS);
}

static void timeout__bounds(void **state)
{
	(void)state;
	struct rtt r = {0};
	rtt_sample(&r, 50000, 0);
	assert_int_equal(rtt_timeout(&r, 0), 1000000);
	assert_int_equal(rtt_timeout(&r, 3), 8000000);
	assert_int_equal(rtt_timeout(&r, 60), 1000000000);
	r = (struct rtt){.srtt_ns = 2000000, .var_ns = 500000};
	assert_int_equal(rtt_timeout(&r, 0), 4025000);
}

static void ack_delay__quarter(void **state)
{
	(void)state;
	struct rtt r = {0};
	assert_int_equal(rtt_ack_delay(&r), 25000);
	r.srtt_ns = 40000;
	assert_int_equal(rtt_ack_delay(&r), 10000);
	r.srtt_ns = 4000000;
	assert_int_equal(rtt_ack_delay(&r), 25000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample__first_initialises),
		cmocka_unit_test(sample__ewma),
		cmocka_unit_test(sample__absurd_delay),
		cmocka_unit_test(timeout__bounds),
		cmocka_unit_test(ack_delay__quarter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
