// Nodes: what they may be called, how many there may be, and what is reserved for them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

static void add__refuses_what_is_no_name(void **state)
{
	struct pool_config config = config_of();
	char name[NAME_SIZE + 1];
	enum pool_why why;
	uint32_t node;

	(void)state;
	start_ready(&config, 1);
	memset(name, 'x', sizeof(name));
	name[NAME_SIZE] = 0;
	assert_int_equal(pool_node_add(w.pool, w.now_ns, name, &why), POOL_NONE);
	assert_int_equal(why, POOL_BAD_NAME);
	assert_int_equal(pool_node_add(w.pool, w.now_ns, "", &why), POOL_NONE);
	assert_int_equal(why, POOL_BAD_NAME);
	name[NAME_SIZE - 1] = 0;
	node = pool_node_add(w.pool, w.now_ns, name, &why);
	assert_int_equal(why, POOL_OK);
	assert_string_equal(pool_node_name(w.pool, node), name);
	assert_int_equal(pool_node_find(w.pool, name), node);
	name[NAME_SIZE - 1] = 'x';
	assert_int_equal(pool_node_find(w.pool, name), POOL_NONE); // not the shorter one
	world_take(&w);
}

static void add__says_that_it_is_full(void **state)
{
	struct pool_config config = config_of();
	enum pool_why why;

	(void)state;
	config.nodes_max = 2;
	start_ready(&config, 2);
	assert_int_equal(pool_node_add(w.pool, w.now_ns, "n2", &why), POOL_NONE);
	assert_int_equal(why, POOL_NODES_FULL);
	assert_int_equal(pool_node_add(w.pool, w.now_ns, "n1", &why), w.nodes[1].name);
	assert_int_equal(why, POOL_OK);
}

// Room for one reservation besides what is in use: the third node gets its own when another node
// goes, or when connections are closed.
static void reservation__comes_when_there_is_room(void **state)
{
	struct pool_config config = config_of();

	(void)state;
	config.total_max = config.node_max = config.connections_max = 5;
	config.min_idle = config.warm_up = 0;
	start_ready(&config, 3);
	assert_true(report(0).reserved);
	assert_true(report(1).reserved);
	assert_false(report(2).reserved);
	assert_true(pool_node_remove(w.pool, w.nodes[0].name));
	world_take(&w);
	assert_true(report(2).reserved);
	assert_int_equal(w.pool->reserve_open, 4);
	assert_int_equal(w.pool->unreserved, 0);
}

static void reservation__comes_when_slots_are_given_back(void **state)
{
	struct pool_config config = config_of();
	enum pool_why why;

	(void)state;
	config.total_max = config.node_max = config.connections_max = 5;
	config.min_idle = config.warm_up = 0;
	config.idle_timeout_ns = SEC;
	start_ready(&config, 1);
	for (uint32_t i = 0; i < 5; i++)
		world_ask(&w, 0, 500 * MS, 0);
	run(100 * MS);
	assert_int_equal(report(0).slots.leased, 5);
	pool_node_add(w.pool, w.now_ns, "late", &why);
	assert_false(report(1).reserved);
	pool_drain(w.pool, w.now_ns, w.nodes[0].name, 0);
	world_take(&w);
	run(5 * SEC);
	assert_true(report(1).reserved);
	pool_resume(w.pool, w.now_ns, w.nodes[0].name);
	for (uint32_t i = 0; i < 5; i++) // and it is kept for it
		world_ask(&w, 0, 500 * MS, 0);
	run(100 * MS);
	assert_int_equal(report(0).slots.leased, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(add__refuses_what_is_no_name),
		CASE(add__says_that_it_is_full),
		CASE(reservation__comes_when_there_is_room),
		CASE(reservation__comes_when_slots_are_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
