// What operators ask for: drain, pause, resume, warm; of one node or of all.
#include "control/pool/core.h"

// Does `step` to the node, or to every one. false: no such node.
static bool each(struct pool *pool, uint64_t now_ns, uint32_t name, uint64_t argument,
	void (*step)(struct pool *, uint64_t, struct node *, uint64_t))
{
	struct node *node = name == POOL_ALL ? NULL : node_get(pool, name);

	if (node)
		step(pool, now_ns, node, argument);
	if (name != POOL_ALL)
		return node != NULL;
	for (uint16_t at = pool->used_nodes.head; at != LIST_NONE;
		at = pool->nodes[at].of_used.next)
		step(pool, now_ns, &pool->nodes[at], argument);
	return true;
}

static void drain(struct pool *pool, uint64_t now_ns, struct node *node, uint64_t deadline_ns)
{
	(void)now_ns;
	gate_set(pool, node, GATE_DRAINING);
	node->drain_ns = deadline_ns;
	node_due(pool, deadline_ns);
	waiter_fail_all(pool, node, POOL_DRAINING, 0);
	connection_flush(pool, node, POOL_DRAINING, true);
}

bool pool_drain(struct pool *pool, uint64_t now_ns, uint32_t node, uint64_t deadline_ns)
{
	uint64_t at_ns = deadline_ns ? deadline_ns : UINT64_MAX;

	if (node == POOL_ALL) {
		pool->gate |= GATE_DRAINING;
		pool->drain_ns = at_ns;
	}
	return each(pool, now_ns, node, at_ns, drain);
}

static void pause_node(struct pool *pool, uint64_t now_ns, struct node *node, uint64_t unused)
{
	(void)now_ns, (void)unused;
	gate_set(pool, node, GATE_PAUSED);
}

bool pool_pause(struct pool *pool, uint64_t now_ns, uint32_t node)
{
	if (node == POOL_ALL)
		pool->gate |= GATE_PAUSED;
	return each(pool, now_ns, node, 0, pause_node);
}

static void resume(struct pool *pool, uint64_t now_ns, struct node *node, uint64_t unused)
{
	(void)unused;
	gate_clear(pool, node, GATE_PAUSED | GATE_DRAINING);
	node->drain_ns = UINT64_MAX;
	dial_fill(pool, now_ns, node, true);
	serve_node(pool, now_ns, node);
}

bool pool_resume(struct pool *pool, uint64_t now_ns, uint32_t node)
{
	if (node == POOL_ALL) {
		pool->gate = 0;
		pool->drain_ns = UINT64_MAX;
	}
	return each(pool, now_ns, node, 0, resume);
}

static void warm(struct pool *pool, uint64_t now_ns, struct node *node, uint64_t connections)
{
	node->warm = (uint32_t)connections;
	dial_fill(pool, now_ns, node, false);
}

bool pool_warm(struct pool *pool, uint64_t now_ns, uint32_t node, uint32_t connections)
{
	return each(pool, now_ns, node, connections, warm);
}
