// How many connections: auto-size, idleness, room between nodes, stream slots, hints.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static void autosize__follows_the_use_slowly(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.autosize = true;
	config.idle_timeout_ns = 0;
	start_ready(&config, 1);
	for (uint32_t i = 0; i < 20; i++)
		world_ask(&w, 0, 30 * SEC, 0);
	run(2 * SEC);
	assert_int_equal(report(0).connections, 20); // for those who wait, at once
	run(14 * SEC);
	assert_in_range(report(0).ready_goal, 24, 30); // full for two intervals
	assert_in_range(report(0).connections, 24, 30);
	run(30 * SEC);
	assert_in_range(report(0).connections, 24, 33); // not at once
	run(300 * SEC);
	assert_in_range(report(0).connections, 2, 14);
	run(900 * SEC);
	assert_int_equal(report(0).connections, 2);
	assert_true(report(0).counts.shrunk > 5);
}

static void idle__goes_down_to_what_is_kept(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	start_ready(&config, 1);
	for (uint32_t i = 0; i < 10; i++)
		world_ask(&w, 0, SEC, 0);
	run(10 * SEC);
	assert_int_equal(report(0).connections, 10);
	run(310 * SEC);
	assert_int_equal(report(0).connections, 2);
	assert_int_equal(w.closed[POOL_IDLE_TIMEOUT], 8);
}

static void room__what_is_reserved_can_be_had(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.total_max = config.node_max = config.connections_max = 10;
	config.min_idle = config.warm_up = 0;
	start_ready(&config, 2);
	for (uint32_t i = 0; i < 20; i++)
		world_ask(&w, 0, 20 * SEC, 0);
	run(SEC);
	assert_int_equal(report(0).slots.leased, 8);
	world_ask(&w, 1, SEC, 0);
	world_ask(&w, 1, SEC, 0);
	run(100 * MS);
	assert_int_equal(report(1).slots.leased, 2);
}

static void room__idle_ones_of_others_are_closed(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.total_max = config.node_max = config.connections_max = 10;
	config.min_idle = config.warm_up = 0;
	start_ready(&config, 2);
	for (uint32_t i = 0; i < 8; i++)
		world_ask(&w, 0, SEC, 0);
	run(5 * SEC);
	for (uint32_t i = 0; i < 8; i++)
		world_ask(&w, 1, 5 * SEC, 0);
	run(SEC);
	assert_int_equal(report(1).slots.leased, 8);
	assert_int_equal(w.closed[POOL_ROOM], 6);
	assert_int_equal(report(0).connections, 2);
}

// Two nodes are short of room, one asks again: that costs it nothing, its first request is served
// before the other's.
static void room__asking_again_keeps_the_place(void **state)
{
	struct pool_config config = config_of();
	uint32_t first, other;

	(void)state;
	config.total_max = config.node_max = config.connections_max = 1;
	config.node_reserved = config.min_idle = config.warm_up = 0;
	start_ready(&config, 3);
	world_ask(&w, 2, 100 * MS, 0);
	run(50 * MS);
	first = world_ask(&w, 0, SEC, 0);
	run(MS);
	other = world_ask(&w, 1, SEC, 0);
	run(MS);
	world_ask(&w, 0, SEC, 0);
	run(500 * MS);
	assert_int_equal(w.clients[first].state, CLIENT_HOLDING);
	assert_int_equal(w.clients[other].state, CLIENT_WAITING);
	run(SEC);
	assert_int_equal(w.clients[other].state, CLIENT_HOLDING); // turns
}

// A multiplexed connection that leaves for others but is held for long; another one is idle now
// and then: that one makes room.
static void room__a_long_stream_is_not_waited_for(void **state)
{
	struct pool_config config = config_of();
	uint32_t rare;

	(void)state;
	config.stream_slots = 2;
	config.total_max = config.node_max = 4;
	config.connections_max = 4;
	config.node_reserved = config.min_idle = config.warm_up = 0;
	start_ready(&config, 2);
	world_ask(&w, 0, 60 * SEC, 0);
	world_ask(&w, 0, 100 * MS, 0);
	world_ask(&w, 0, 200 * MS, 0);
	world_ask(&w, 0, 200 * MS, 0);
	run(50 * MS);
	assert_int_equal(report(0).slots.leased, 4);
	rare = world_ask(&w, 1, MS, 0);
	run(400 * MS);
	assert_int_equal(w.clients[rare].state, CLIENT_IDLE);
	assert_int_equal(w.failed, 0);
}

static void slots__a_connection_carries_several(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.stream_slots = 10;
	config.min_idle = config.warm_up = 1;
	config.node_max = 25;
	start_ready(&config, 1);
	for (uint32_t i = 0; i < 30; i++)
		world_ask(&w, 0, SEC, 0);
	run(500 * MS);
	assert_int_equal(report(0).connections, 3); // of 10, 10 and what is left
	assert_int_equal(report(0).slots.leased, 25);
	assert_int_equal(world_waiting(&w), 5);
}

static uint32_t connection_for(uint32_t kind, uint32_t *lease)
{
	struct pool_request request = {.node = w.nodes[0].name, .affinity = kind};
	struct pool_answer answer;

	assert_int_equal(pool_acquire(w.pool, w.now_ns, &request, &answer), POOL_GRANTED);
	*lease = answer.lease.lease;
	return answer.lease.connection;
}

static void hints__a_kind_gets_what_it_used_last(void **state)
{
	struct pool_config config = config_of();
	uint32_t a, b, lease_a, lease_b;

	(void)state;
	config.lru_entries = 2;
	start_ready(&config, 1);
	a = connection_for(1, &lease_a);
	b = connection_for(2, &lease_b);
	assert_int_not_equal(a, b);
	pool_release(w.pool, w.now_ns, lease_a, POOL_DONE, 0);
	pool_release(w.pool, w.now_ns, lease_b, POOL_DONE, 0); // the one used last
	assert_int_equal(connection_for(1, &lease_a), a);
	pool_release(w.pool, w.now_ns, lease_a, POOL_DONE, 0);
	assert_int_equal(connection_for(2, &lease_b), b);
	pool_release(w.pool, w.now_ns, lease_b, POOL_DONE, 0);
	assert_int_equal(connection_for(3, &lease_b), b); // takes the place of kind 1
	pool_release(w.pool, w.now_ns, lease_b, POOL_DONE, 0);
	assert_int_equal(connection_for(1, &lease_a), b); // not remembered any more
	pool_release(w.pool, w.now_ns, lease_a, POOL_DONE, 0);
	assert_int_equal(w.pool->lru.hits, 2);
	assert_int_equal(w.pool->lru.lookups, 6);
}

// A slot lives through all generations and is the connection of another node when its name is due
// again: the old hint must not lead there.
static void hints__never_lead_to_another_node(void **state)
{
	struct pool_config config = config_of();
	struct connection *c;
	uint32_t lease;

	(void)state;
	config.min_idle = config.warm_up = 1;
	start_ready(&config, 2);
	connection_for(1, &lease);
	pool_release(w.pool, w.now_ns, lease, POOL_DONE, 0);
	c = &w.pool->connections[w.pool->nodes[0].idle.head];
	w.links[c - w.pool->connections].state = LINK_NONE;
	pool_on_closed(w.pool, w.now_ns, connection_name(c));
	w.pool->connections[w.pool->free_connections.head].generation--; // 65,534 dials later
	assert_true(pool_warm(w.pool, w.now_ns, w.nodes[1].name, 2));
	world_take(&w);
	run(50 * MS);
	assert_int_equal(c->node, 1);
	run(SEC); // node 0 has one of its own again
	assert_ptr_not_equal(connection_get(w.pool, connection_for(1, &lease)), c);
}

// With a free slot each: the one that was given out last is given out next.
static void partial__the_one_used_last_first(void **state)
{
	struct pool_config config = config_of();
	struct pool_lease first, other;

	(void)state;
	config.stream_slots = 3;
	config.min_idle = config.warm_up = 2;
	start(&config, 1);
	w.nodes[0].slots = 3;
	run(SEC);
	first = hold(0, 1);
	hold(0, 1);
	hold(0, 1); // it is full
	other = hold(0, 2);
	assert_int_not_equal(other.connection, first.connection);
	give(0, first, POOL_DONE); // has one free slot again, and is first
	assert_int_equal(hold(0, 2).connection, other.connection);
	assert_int_equal(hold(0, 3).connection, other.connection);
}

// Who needs room gets that of the one that is idle the longest time, not of the one dialed first.
static void room__of_the_one_idle_the_longest(void **state)
{
	struct pool_config config = config_of();
	struct pool_lease early, late;

	(void)state;
	config.total_max = config.node_max = config.connections_max = 2;
	config.node_reserved = config.min_idle = config.warm_up = 0;
	start(&config, 2);
	pool_warm(w.pool, w.now_ns, w.nodes[0].name, 2);
	world_take(&w);
	run(SEC);
	early = hold(0, 1);
	late = hold(0, 2);
	give(0, early, POOL_DONE);
	give(0, late, POOL_DONE);
	world_ask(&w, 1, SEC, 0);
	assert_ptr_equal(connection_get(w.pool, early.connection), NULL);
	assert_non_null(connection_get(w.pool, late.connection));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(autosize__follows_the_use_slowly),
		CASE(idle__goes_down_to_what_is_kept),
		CASE(room__what_is_reserved_can_be_had),
		CASE(room__idle_ones_of_others_are_closed),
		CASE(room__asking_again_keeps_the_place),
		CASE(room__a_long_stream_is_not_waited_for),
		CASE(slots__a_connection_carries_several),
		CASE(hints__a_kind_gets_what_it_used_last),
		CASE(hints__never_lead_to_another_node),
		CASE(partial__the_one_used_last_first),
		CASE(room__of_the_one_idle_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
