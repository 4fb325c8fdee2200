// The breaker's token, and the last usable node.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static void trip(uint32_t node)
{
	for (uint32_t i = 0; i < 5; i++)
		give(node, hold(node, 0), POOL_RETRYABLE);
	assert_int_equal(report(node).breaker, POOL_BREAKER_TRIPPED);
}

static void until_half_open(uint32_t node)
{
	for (uint32_t i = 0; i < 50 && report(node).breaker == POOL_BREAKER_TRIPPED; i++)
		run(100 * MS);
	assert_int_equal(report(node).breaker, POOL_BREAKER_HALF_OPEN);
}

static bool refused(uint32_t node)
{
	world_ask(&w, node, MS, 0);
	return w.last_why == POOL_BREAKER_OPEN;
}

static void start_two(void)
{
	struct pool_config config = config_of();

	config.stream_slots = 10;
	config.min_idle = config.warm_up = 1;
	start_ready(&config, 2);
}

// A probe that outlives a second opening: its end gives no token back, and its success counts for
// nothing.
static void token__of_an_earlier_time_is_none(void **state)
{
	struct pool_lease other, old, now;

	(void)state;
	start_two();
	other = hold(0, 0);
	trip(0);
	until_half_open(0);
	old = hold(0, 0);
	give(0, other, POOL_RETRYABLE); // it opens again, with the probe out
	assert_int_equal(report(0).breaker, POOL_BREAKER_TRIPPED);
	until_half_open(0);
	now = hold(0, 0);
	give(0, old, POOL_DONE);
	assert_true(refused(0));
	give(0, now, POOL_DONE);
	assert_int_equal(report(0).breaker, POOL_BREAKER_HALF_OPEN); // one of two
	give(0, hold(0, 0), POOL_DONE);
	assert_int_equal(report(0).breaker, POOL_BREAKER_CLOSED);
}

// The same of a dial: it took the token, and is done when there is another one.
static void token__of_an_earlier_dial_is_none(void **state)
{
	struct pool_lease other;

	(void)state;
	start_two();
	other = hold(0, 0);
	hold(0, 0); // so that the connection stays
	pool_on_goaway(w.pool, w.now_ns, other.connection);
	pool_warm(w.pool, w.now_ns, w.nodes[0].name, 2);
	world_take(&w);
	run(SEC);
	for (uint32_t i = 0; i < 4; i++)
		give(0, hold(0, 0), POOL_RETRYABLE);
	w.nodes[0].dial_ns = 3 * SEC;
	give(0, hold(0, 0), POOL_RETRYABLE);
	assert_int_equal(report(0).breaker, POOL_BREAKER_TRIPPED);
	pool_warm(w.pool, w.now_ns, w.nodes[0].name, 3);
	until_half_open(0);
	world_take(&w);
	assert_int_equal(report(0).slots.dialing, 10); // it has the token
	give(0, other, POOL_RETRYABLE);
	assert_int_equal(report(0).breaker, POOL_BREAKER_TRIPPED);
	until_half_open(0);
	hold(0, 0);
	run(3 * SEC);
	assert_true(refused(0));
}

// The node that is left when the others are gone, paused, drained or removed lets everybody pass,
// though its breaker had opened before.
static void last__lets_all_pass(void **state)
{
	(void)state;
	for (uint32_t how = 0; how < 4; how++) {
		start_two();
		trip(0);
		assert_true(refused(0));
		pool_drain(w.pool, w.now_ns, w.nodes[1].name, 0);
		world_take(&w);
		if (how == 0)
			assert_true(pool_node_remove(w.pool, w.nodes[1].name));
		if (how != 1)
			pool_resume(w.pool, w.now_ns, w.nodes[1].name);
		if (how == 2)
			pool_node_liveness(w.pool, w.now_ns, w.nodes[1].name, POOL_GONE);
		if (how == 3)
			pool_pause(w.pool, w.now_ns, w.nodes[1].name);
		world_take(&w);
		hold(0, 0);
		hold(0, 0);
		assert_false(refused(0));
		world_fini(&w);
	}
	start_two();
}

// Requests wait for it too, one behind the other.
static void last__lets_all_wait(void **state)
{
	(void)state;
	start_two();
	trip(0);
	world_restart(&w, 0, true);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[1].name, POOL_GONE);
	world_take(&w);
	for (uint32_t i = 0; i < 3; i++)
		assert_false(refused(0));
	assert_int_equal(world_waiting(&w), 3);
	run(SEC);
	assert_int_equal(w.served, 3);
}

// A suspect node is usable: the other's breaker opens. A dead one is not.
static void last__suspects_count_and_the_dead_do_not(void **state)
{
	(void)state;
	start_two();
	pool_node_liveness(w.pool, w.now_ns, w.nodes[1].name, POOL_SUSPECT);
	trip(0);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[1].name, POOL_ALIVE);
	world_take(&w);
	pool_node_liveness(w.pool, w.now_ns, w.nodes[0].name, POOL_GONE);
	for (uint32_t i = 0; i < 8; i++)
		give(1, hold(1, 0), POOL_RETRYABLE);
	assert_int_equal(report(1).breaker, POOL_BREAKER_CLOSED);
	assert_in_range(report(1).counts.spared, 1, 8);
}

// Once another node is usable again, an open breaker lets one pass at a time.
static void last__is_one_of_two_again(void **state)
{
	(void)state;
	start_two();
	trip(0);
	pool_pause(w.pool, w.now_ns, w.nodes[1].name);
	hold(0, 0);
	hold(0, 0);
	pool_resume(w.pool, w.now_ns, w.nodes[1].name);
	world_take(&w);
	assert_true(refused(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(token__of_an_earlier_time_is_none),
		CASE(token__of_an_earlier_dial_is_none),
		CASE(last__lets_all_pass),
		CASE(last__lets_all_wait),
		CASE(last__suspects_count_and_the_dead_do_not),
		CASE(last__is_one_of_two_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
