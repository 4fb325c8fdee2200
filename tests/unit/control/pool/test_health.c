// Health: levels, the pass of pings, ages, and when a breaker opens.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static void rtt(uint64_t ns, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		struct pool_request request = {.node = w.nodes[0].name};
		struct pool_answer answer;

		assert_int_equal(pool_acquire(w.pool, w.now_ns, &request, &answer), POOL_GRANTED);
		assert_true(pool_release(w.pool, w.now_ns, answer.lease.lease, POOL_DONE, ns));
	}
}

static void fail_times(uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		struct pool_request request = {.node = w.nodes[0].name};
		struct pool_answer answer;

		assert_int_equal(pool_acquire(w.pool, w.now_ns, &request, &answer), POOL_GRANTED);
		pool_release(w.pool, w.now_ns, answer.lease.lease, POOL_RETRYABLE, 0);
		world_take(&w);
	}
}

static void level__by_round_trip(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 1);
	rtt(49 * MS, 100);
	assert_int_equal(report(0).health, POOL_HEALTHY);
	rtt(60 * MS, 100);
	assert_int_equal(report(0).health, POOL_DEGRADED);
	rtt(250 * MS, 100);
	assert_int_equal(report(0).health, POOL_UNHEALTHY);
	rtt(MS, 200);
	assert_int_equal(report(0).health, POOL_HEALTHY);
}

static void level__relative_to_the_baseline(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.relative = true;
	start_ready(&config, 1);
	rtt(MS, 50);
	rtt(3 * MS, 50);
	assert_int_equal(report(0).health, POOL_HEALTHY);
	rtt(6 * MS, 50);
	assert_int_equal(report(0).health, POOL_DEGRADED);
	rtt(30 * MS, 50);
	assert_int_equal(report(0).health, POOL_UNHEALTHY);
}

static void level__by_failures(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 1);
	fail_times(2);
	assert_int_equal(report(0).health, POOL_HEALTHY);
	fail_times(1);
	assert_int_equal(report(0).health, POOL_UNHEALTHY);
	fail_times(2);
	assert_int_equal(report(0).health, POOL_DEAD);
	assert_int_equal(report(0).breaker, POOL_BREAKER_CLOSED); // the last usable one
	rtt(MS, 1);
	assert_int_equal(report(0).health, POOL_HEALTHY);
}

static void breaker__opens_by_share_of_failures(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 2);
	run(10 * SEC); // the dials are in another window
	for (uint32_t i = 0; i < 9; i++) {
		fail_times(1);
		rtt(MS, 1);
	}
	assert_int_equal(report(0).breaker, POOL_BREAKER_CLOSED); // 18 of 20 are not enough
	rtt(MS, 1);
	fail_times(1);
	assert_int_equal(report(0).breaker, POOL_BREAKER_TRIPPED);
	world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_BREAKER_OPEN);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[0].name, POOL_SUSPECT);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[0].name, POOL_ALIVE);
	assert_int_equal(report(0).breaker, POOL_BREAKER_HALF_OPEN); // membership knows better
}

static void breaker__opens_by_five_in_a_row(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 2);
	fail_times(4);
	assert_int_equal(report(0).breaker, POOL_BREAKER_CLOSED);
	fail_times(1);
	assert_int_equal(report(0).breaker, POOL_BREAKER_TRIPPED);
	assert_in_range(report(0).retry_ns, w.now_ns + 800 * MS, w.now_ns + 1200 * MS);
}

static void pass__removes_what_does_not_answer(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 2);
	world_restart(&w, 0, false);
	run(40 * SEC);
	assert_int_equal(report(0).counts.pings_failed, 1); // the other one is flushed
	assert_int_equal(w.closed[POOL_CHECK_FAILED], 1);
	assert_int_equal(w.closed[POOL_FLUSHED], 1);
	assert_int_equal(report(0).connections, 2); // new ones
	w.nodes[1].silent = true;
	run(40 * SEC);
	assert_int_equal(w.closed[POOL_PING_TIMEOUT], 1);
}

static void pass__leaves_alone_what_is_in_use(void **state)
{
	struct pool_config config = config_of();
	uint64_t pings;

	(void)state;
	config.min_idle = 0; // no others are dialed for those in use
	start_ready(&config, 1);
	run(40 * SEC);
	pings = report(0).counts.pings;
	assert_true(pings > 0);
	world_ask(&w, 0, 100 * SEC, 0);
	world_ask(&w, 0, 100 * SEC, 0);
	run(80 * SEC);
	assert_int_equal(report(0).slots.leased, 2);
	assert_int_equal(report(0).counts.pings, pings);
}

static void age__closes_and_refills(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.max_lifetime_ns = 100 * SEC;
	start_ready(&config, 1);
	run(89 * SEC);
	assert_int_equal(w.closed[POOL_LIFETIME], 0);
	run(13 * SEC);
	assert_int_equal(w.closed[POOL_LIFETIME], 2);
	assert_int_equal(report(0).connections, 2);
}

// What was dialed together does not end together.
static void age__is_spread(void **state)
{
	struct pool_config config = config_of();
	uint32_t steps = 0;

	(void)state;
	config.node_max = config.warm_up = config.dials_max = 100;
	config.node_reserved = 0;
	start_ready(&config, 1);
	assert_int_equal(world_links(&w, 0), 100);
	for (uint32_t i = 0; i < 100; i++) {
		bool alone = true;

		for (uint32_t k = 0; k < i; k++)
			alone &= w.pool->connections[k].expires_ns !=
				 w.pool->connections[i].expires_ns;
		steps += alone;
	}
	assert_in_range(steps, 80, 100);
}

static void gone__is_refused_and_comes_back(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 2);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[0].name, POOL_GONE);
	world_take(&w);
	world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_NODE_GONE);
	assert_int_equal(world_links(&w, 0), 0);
	run(60 * SEC);
	assert_int_equal(world_links(&w, 0), 0);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[0].name, POOL_ALIVE);
	world_take(&w);
	assert_int_equal(world_links(&w, 0), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(level__by_round_trip),
		CASE(level__relative_to_the_baseline),
		CASE(level__by_failures),
		CASE(breaker__opens_by_share_of_failures),
		CASE(breaker__opens_by_five_in_a_row),
		CASE(pass__removes_what_does_not_answer),
		CASE(pass__leaves_alone_what_is_in_use),
		CASE(age__closes_and_refills),
		CASE(age__is_spread),
		CASE(gone__is_refused_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
