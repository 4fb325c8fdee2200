// Connections that take no more requests, and what it means when they break.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static struct pool_lease held;

// Two connections of node 0: one that is held, one that is idle.
static void start_held(void)
{
	struct pool_config config = config_of();

	start_ready(&config, 2);
	held = hold(0, 0);
	assert_int_equal(report(0).connections, 2);
}

// What the world has of the connection that is held is gone.
static void closed(void)
{
	w.links[POOL_SLOT(held.connection)].state = LINK_NONE;
	assert_true(pool_on_closed(w.pool, w.now_ns, held.connection));
	world_take(&w);
}

static void assert_others_stay(void)
{
	assert_int_equal(report(0).connections, 1);
	assert_int_equal(w.closed[POOL_FLUSHED], 0);
	assert_int_equal(report(0).counts.flushes, 0);
	assert_int_equal(report(0).failures, 0);
	assert_true(world_check(&w));
}

static void goaway__that_breaks_concerns_itself(void **state)
{
	(void)state;
	start_held();
	pool_on_goaway(w.pool, w.now_ns, held.connection);
	give(0, held, POOL_BREAKS);
	assert_others_stay();
}

static void goaway__that_is_closed_concerns_itself(void **state)
{
	(void)state;
	start_held();
	pool_on_goaway(w.pool, w.now_ns, held.connection);
	closed();
	give(0, held, POOL_BREAKS);
	assert_others_stay();
}

// One that was flushed is held on to until long after the peer is back: its end is old news.
static void flushed__that_breaks_later_spares_the_new_ones(void **state)
{
	struct pool_config config = config_of();
	struct pool_lease first;

	(void)state;
	config.stream_slots = 2;
	config.min_idle = config.warm_up = 2;
	start_ready(&config, 2);
	first = hold(0, 1);
	hold(0, 1); // that one is full: the next is on the other connection
	held = hold(0, 2);
	assert_int_not_equal(held.connection, first.connection);
	give(0, first, POOL_BREAKS);
	run(SEC);
	assert_int_equal(report(0).counts.flushes, 1);
	give(0, held, POOL_BREAKS);
	run(200 * MS);
	assert_int_equal(report(0).counts.flushes, 1);
	assert_int_equal(report(0).connections, 2);
	assert_true(world_check(&w));
}

// One that is as old as it may be shows like any other that its peer is gone.
static void aged__that_breaks_flushes(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.max_lifetime_ns = 10 * SEC;
	start_ready(&config, 2);
	held = hold(0, 0);
	run(11 * SEC);
	assert_int_equal(report(0).counts.flushes, 0);
	give(0, held, POOL_BREAKS);
	assert_int_equal(report(0).counts.flushes, 1);
	assert_int_equal(report(0).failures, 1);
}

// It broke, and its holder says so later: one failure.
static void broken__is_blamed_once(void **state)
{
	(void)state;
	start_held();
	closed();
	give(0, held, POOL_BREAKS);
	assert_int_equal(report(0).counts.flushes, 1);
	assert_int_equal(report(0).failures, 1);
	assert_int_equal(report(0).counts.closed[POOL_CLOSED], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(goaway__that_breaks_concerns_itself),
		CASE(goaway__that_is_closed_concerns_itself),
		CASE(flushed__that_breaks_later_spares_the_new_ones),
		CASE(aged__that_breaks_flushes),
		CASE(broken__is_blamed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
