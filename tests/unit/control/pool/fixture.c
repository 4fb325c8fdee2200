// One world for a test program, and what each of its tests does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/pool/fixture.h"

struct world w;

struct pool_config config_of(void)
{
	struct pool_config c;

	pool_config_preset(&c, POOL_DEFAULT);
	c.nodes_max = 8;
	c.connections_max = c.total_max = 100;
	c.waiters_max = 64;
	c.autosize = false;
	c.validate_on_acquire = false;
	return c;
}

void start(const struct pool_config *config, uint32_t nodes)
{
	char error[POOL_ERROR_SIZE];

	if (pool_config_check(config, error) < 0)
		fail_msg("%s", error);
	world_init(&w, config, nodes, 1, NULL);
}

void run(uint64_t ns)
{
	if (!world_run(&w, w.now_ns + ns))
		fail_msg("%s", w.failure);
}

void start_ready(const struct pool_config *config, uint32_t nodes)
{
	start(config, nodes);
	run(100 * MS);
}

struct pool_node_report report(uint32_t node)
{
	struct pool_node_report r;
	uint32_t at = node;

	assert_true(pool_report_node(w.pool, &at, &r));
	return r;
}

struct pool_lease hold(uint32_t node, uint32_t affinity)
{
	struct pool_request request = {.node = w.nodes[node].name, .affinity = affinity};
	struct pool_answer answer;

	assert_int_equal(pool_acquire(w.pool, w.now_ns, &request, &answer), POOL_GRANTED);
	w.nodes[node].held++;
	return answer.lease;
}

void give(uint32_t node, struct pool_lease lease, enum pool_outcome outcome)
{
	assert_true(pool_release(w.pool, w.now_ns, lease.lease, outcome, MS));
	w.nodes[node].held--;
	world_take(&w);
}

int stop(void **state)
{
	(void)state;
	world_fini(&w);
	return 0;
}
