// The scenarios that pools are judged by (HikariCP's, and ours), in virtual time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

// Room for storms, and it grows by itself.
static struct pool_config large(void)
{
	struct pool_config c = config_of();

	c.connections_max = c.total_max = 200;
	c.waiters_max = 256;
	c.autosize = true;
	return c;
}

// 50 clients at once, 150 ms to connect, 2 ms a request: what is there serves them before more is
// connected, and few connections are left at the end.
static void spike__leaves_few_connections(void **state)
{
	struct pool_config config = large();

	(void)state;
	start(&config, 1);
	w.nodes[0].dial_ns = 150 * MS;
	run(SEC);
	assert_int_equal(world_links(&w, 0), 2); // warm
	for (uint32_t i = 0; i < 50; i++)
		world_ask(&w, 0, 2 * MS, 0);
	run(SEC);
	assert_int_equal(w.served, 50);
	assert_true(w.links_max <= 6);
	assert_true(world_links(&w, 0) <= 6);
	w.links_max = 0;
	for (uint32_t i = 0; i < 50; i++)
		world_ask(&w, 0, 2 * MS, 0);
	run(SEC); // now it knows how long both take: no dial at all
	assert_int_equal(w.served, 100);
	assert_int_equal(w.links_max, 0);
}

// The same with requests that last: more is connected, round by round.
static void ramp__long_requests_get_connections(void **state)
{
	struct pool_config config = large();

	(void)state;
	start(&config, 1);
	w.nodes[0].dial_ns = 150 * MS;
	run(SEC);
	for (uint32_t i = 0; i < 50; i++)
		world_ask(&w, 0, 5 * SEC, 0);
	run(SEC);
	assert_int_equal(world_waiting(&w), 0);
	assert_int_equal(w.pool->leased, 50);
}

static void saturated__waits_and_fails_at_its_deadline(void **state)
{
	struct pool_config config = large();
	uint32_t late;

	(void)state;
	config.node_max = 10;
	start(&config, 1);
	run(SEC);
	for (uint32_t i = 0; i < 10; i++)
		world_ask(&w, 0, 10 * SEC, 0);
	run(SEC);
	assert_int_equal(world_links(&w, 0), 10);
	late = world_ask(&w, 0, MS, w.now_ns + SEC);
	assert_int_equal(w.last_why, POOL_NODE_LIMIT);
	world_ask(&w, 0, MS, 0);
	run(SEC);
	assert_int_equal(w.clients[late].state, CLIENT_IDLE);
	assert_int_equal(w.last_why, POOL_DEADLINE);
	assert_int_equal(world_waiting(&w), 1);
	run(10 * SEC);
	assert_int_equal(world_waiting(&w), 0);
	assert_int_equal(w.served, 11);
}

// One node of two goes down: dials back off, the breaker opens, requests are refused at once; it
// comes back and is used again.
static void down__breaks_the_circuit_and_comes_back(void **state)
{
	struct pool_config config = large();
	uint64_t dials;

	(void)state;
	start(&config, 2);
	run(SEC);
	w.nodes[0].down = true;
	world_restart(&w, 0, true);
	world_ask(&w, 0, MS, 0);
	run(3 * SEC);
	assert_int_equal(w.pool->nodes[0].counts.opened > 0, true);
	assert_int_equal(world_waiting(&w), 0); // it was told
	dials = w.pool->nodes[0].counts.dials;
	run(60 * SEC);
	assert_in_range(w.pool->nodes[0].counts.dials - dials, 1, 60);
	if (w.pool->nodes[0].breaker == POOL_BREAKER_TRIPPED) {
		world_ask(&w, 0, MS, 0);
		assert_int_equal(w.last_why, POOL_BREAKER_OPEN);
	}
	w.nodes[0].down = false;
	run(120 * SEC);
	assert_int_equal(w.pool->nodes[0].breaker, POOL_BREAKER_CLOSED);
	world_ask(&w, 0, MS, 0);
	run(SEC);
	assert_int_equal(w.served, 1);
}

// The only node is down: its breaker never opens, who waits is served when it is back.
static void down__the_last_usable_node_stays(void **state)
{
	struct pool_config config = large();

	(void)state;
	start(&config, 1);
	run(SEC);
	w.nodes[0].down = true;
	world_restart(&w, 0, true);
	run(8 * SEC);
	assert_int_equal(w.pool->nodes[0].breaker, POOL_BREAKER_CLOSED);
	assert_true(w.pool->nodes[0].counts.spared > 0);
	world_ask(&w, 0, MS, 0);
	w.nodes[0].down = false;
	run(30 * SEC);
	assert_int_equal(w.served, 1);
}

// A peer restarts and nobody says so: one request breaks, the others get fresh connections.
static void restart__costs_one_request_at_most(void **state)
{
	struct pool_config config = large();

	(void)state;
	start(&config, 2);
	run(SEC);
	for (uint32_t i = 0; i < 20; i++)
		world_ask(&w, 0, 300 * MS, 0);
	run(SEC);
	assert_true(world_links(&w, 0) > 10);
	world_restart(&w, 0, false);
	w.served = 0;
	world_ask(&w, 0, MS, 0);
	run(100 * MS);
	for (uint32_t i = 0; i < 10; i++) {
		world_ask(&w, 0, MS, 0);
		run(100 * MS);
	}
	assert_int_equal(w.nodes[0].failures, 1);
	assert_int_equal(w.served, 10);
	assert_true(w.closed[POOL_FLUSHED] > 8);
}

// Two connections of many streams each, both partly used: no request goes to the second one after
// the first one broke.
static void restart__costs_one_request_of_many_streams(void **state)
{
	struct pool_config config = large();

	(void)state;
	config.stream_slots = 4;
	config.min_idle = config.warm_up = 1;
	start(&config, 2);
	for (uint32_t i = 0; i < 8; i++) // three end soon on each
		world_ask(&w, 0, i % 4 ? 100 * MS : 20 * SEC, 0);
	run(SEC);
	assert_int_equal(world_links(&w, 0), 2);
	assert_int_equal(w.pool->leased, 2);
	world_restart(&w, 0, false);
	for (uint32_t i = 0; i < 10; i++) {
		world_ask(&w, 0, MS, 0);
		run(100 * MS);
	}
	assert_int_equal(w.nodes[0].failures, 1);
}

// The same with validation: none breaks, checks find out.
static void restart__costs_nothing_with_validation(void **state)
{
	struct pool_config config = large();

	(void)state;
	config.validate_on_acquire = true;
	start(&config, 2);
	run(10 * SEC);
	world_restart(&w, 0, false);
	world_ask(&w, 0, MS, 0);
	run(SEC);
	assert_int_equal(w.nodes[0].failures, 0);
	assert_int_equal(w.served, 1);
	assert_int_equal(w.closed[POOL_CHECK_FAILED], 2);
}

// A storm: many connections to many nodes break at once; dials come in small rounds.
static void storm__refills_in_rounds(void **state)
{
	struct pool_config config = large();
	uint32_t dialing = 0;

	(void)state;
	config.min_idle = 10;
	config.warm_up = 10;
	start(&config, 8);
	run(SEC);
	for (uint32_t i = 0; i < 8; i++)
		world_restart(&w, i, true);
	w.links_max = 0;
	for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++)
		dialing += w.links[i].state == LINK_DIALING;
	assert_int_equal(dialing, 0); // jittered
	run(MS);
	for (uint32_t i = 0; i < WORLD_CONNECTIONS; i++)
		dialing += w.links[i].state == LINK_DIALING;
	assert_true(dialing <= 8 * 4 / 2);
	run(SEC);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(world_links(&w, i), 10);
}

static void half_open__one_probe_decides(void **state)
{
	struct pool_config config = large();
	uint64_t dials;

	(void)state;
	config.min_idle = config.warm_up = 0;
	start(&config, 2);
	w.nodes[0].down = true;
	world_ask(&w, 0, MS, 0);
	while (w.pool->nodes[0].breaker != POOL_BREAKER_HALF_OPEN)
		run(100 * MS);
	dials = w.pool->nodes[0].counts.dials;
	w.nodes[0].down = false;
	run(10 * SEC); // past any back-off
	world_ask(&w, 0, 50 * MS, 0);
	assert_int_equal(w.last_why, POOL_DIALING);
	assert_int_equal(w.pool->nodes[0].counts.dials, dials + 1);
	world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_BREAKER_OPEN); // the token is out
	run(20 * MS);
	world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_BREAKER_OPEN); // the first one has it
	run(100 * MS);
	assert_int_equal(w.pool->nodes[0].breaker, POOL_BREAKER_CLOSED); // dial and request
}

static void shutdown__ends_with_nothing(void **state)
{
	struct pool_config config = large();

	(void)state;
	start(&config, 2);
	run(SEC);
	for (uint32_t i = 0; i < 10; i++)
		world_ask(&w, i % 2, 500 * MS, 0);
	world_ask(&w, 0, 60 * SEC, 0); // does not let go
	run(100 * MS);
	assert_true(pool_drain(w.pool, w.now_ns, POOL_ALL, w.now_ns + 5 * SEC));
	world_take(&w);
	world_ask(&w, 0, MS, 0);
	assert_int_equal(w.last_why, POOL_DRAINING);
	run(SEC);
	assert_int_equal(w.pool->leased, 1);
	assert_int_equal(w.pool->slots, 1);
	run(5 * SEC);
	assert_int_equal(world_links(&w, 0) + world_links(&w, 1), 0);
	run(60 * SEC);
	assert_int_equal(w.pool->slots, 0);
	assert_true(pool_node_remove(w.pool, w.nodes[0].name));
	assert_int_equal(pool_node_find(w.pool, "n0"), POOL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(spike__leaves_few_connections),
		CASE(ramp__long_requests_get_connections),
		CASE(saturated__waits_and_fails_at_its_deadline),
		CASE(down__breaks_the_circuit_and_comes_back),
		CASE(down__the_last_usable_node_stays),
		CASE(restart__costs_one_request_at_most),
		CASE(restart__costs_one_request_of_many_streams),
		CASE(restart__costs_nothing_with_validation),
		CASE(storm__refills_in_rounds),
		CASE(half_open__one_probe_decides),
		CASE(shutdown__ends_with_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
