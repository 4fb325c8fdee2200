// Nodes by name: added when somebody asks for them, forgotten when nothing of them is open; and
// what membership says of them.
#include "control/pool/core.h"

#include <string.h>

static uint16_t *bucket(const struct pool *pool, const char *name)
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return &pool->node_buckets[(hash ^ hash >> 15) & pool->node_mask];
}

static uint32_t name_at(const struct pool *pool, uint16_t at)
{
	return name_of(at, pool->nodes[at].generation);
}

static bool name_is_possible(const char *name)
{
	return name[0] && strnlen(name, NAME_SIZE) < NAME_SIZE;
}

uint32_t pool_node_find(const struct pool *pool, const char *name)
{
	if (!name_is_possible(name))
		return POOL_NONE;
	for (uint16_t at = *bucket(pool, name); at != LIST_NONE; at = pool->nodes[at].hash_next)
		if (strcmp(pool->nodes[at].name, name) == 0)
			return name_at(pool, at);
	return POOL_NONE;
}

const char *pool_node_name(const struct pool *pool, uint32_t node)
{
	const struct node *its = node_get(pool, node);

	return its ? its->name : NULL;
}

// A fresh one; what must survive a slot's reuse is which one it is, and its generation.
static void node_init(struct pool *pool, struct node *node, uint64_t now_ns, const char *name)
{
	uint16_t slot = node->slot, generation = generation_next(node->generation);

	memset(node, 0, sizeof(*node));
	node->slot = slot;
	node->generation = generation;
	node->used = true;
	node->idle = node->partial = node->connections = node->waiters = LIST_EMPTY;
	node->fill_ns = UINT64_MAX;
	node->drain_ns = pool->drain_ns;
	node->window_ns = node->busy_at_ns = node->interval_ns = now_ns;
	node->goal = pool->config.min_idle;
	node->warm = pool->config.warm_up;
	memcpy(node->name, name, strnlen(name, NAME_SIZE - 1));
	pool->unreserved++;
	slots_reserve(pool, node);
	pool->usable++;
	gate_set(pool, node, pool->gate);
}

uint32_t pool_node_add(struct pool *pool, uint64_t now_ns, const char *name, enum pool_why *why)
{
	uint32_t known = pool_node_find(pool, name);
	uint16_t at = pool->free_nodes.head, *its;
	struct node *node;

	*why = POOL_OK;
	if (known != POOL_NONE)
		return known;
	if (!name_is_possible(name))
		*why = POOL_BAD_NAME;
	else if (at == LIST_NONE)
		*why = POOL_NODES_FULL;
	if (*why != POOL_OK)
		return POOL_NONE;
	node = &pool->nodes[at];
	list_remove(&pool->free_nodes, LINKS(pool->nodes, of_used), at);
	node_init(pool, node, now_ns, name);
	list_push_tail(&pool->used_nodes, LINKS(pool->nodes, of_used), at);
	its = bucket(pool, node->name);
	node->hash_next = *its;
	*its = at;
	pool->nodes_count++;
	node_due(pool, now_ns + pool->config.autosize_interval_ns);
	node_due(pool, node->drain_ns);
	dial_fill(pool, now_ns, node, true);
	return name_at(pool, at);
}

static bool answer_is_left(const struct pool *pool, uint16_t node)
{
	for (uint16_t at = pool->answers.head; at != LIST_NONE; at = pool->waiters[at].in_line.next)
		if (pool->waiters[at].node == node)
			return true;
	return false;
}

bool pool_node_remove(struct pool *pool, uint32_t name)
{
	struct node *node = node_get(pool, name);
	uint16_t at, *its;

	if (!node || node->connections.head != LIST_NONE || node->waiters.head != LIST_NONE)
		return false;
	at = node->slot;
	if (answer_is_left(pool, at))
		return false;
	pool->reserve_open -= node->reserved; // nothing of it is in use
	pool->unreserved -= node->reserved < pool->config.node_reserved;
	pool->room = true;
	if (!(node->gate & GATE_UNUSABLE))
		pool->usable--;
	its = bucket(pool, node->name);
	while (*its != at)
		its = &pool->nodes[*its].hash_next;
	*its = node->hash_next;
	counts_add(&pool->counts, &node->counts);
	node->used = false;
	list_remove(&pool->used_nodes, LINKS(pool->nodes, of_used), at);
	list_push_head(&pool->free_nodes, LINKS(pool->nodes, of_used), at);
	pool->nodes_count--;
	return true;
}

void node_close_all(struct pool *pool, struct node *node, enum pool_why why)
{
	for (uint16_t at = node->connections.head, next; at != LIST_NONE; at = next) {
		next = pool->connections[at].of_node.next;
		connection_close(pool, &pool->connections[at], why);
	}
}

static void suspect(struct pool *pool, uint64_t now_ns, struct node *node)
{
	node->doubt_ns = now_ns;
	gate_clear(pool, node, GATE_GONE);
}

static void gone(struct pool *pool, struct node *node)
{
	gate_set(pool, node, GATE_GONE);
	waiter_fail_all(pool, node, POOL_NODE_GONE, 0);
	connection_flush(pool, node, POOL_NODE_GONE, true);
}

// Its back-off and its open breaker were about what is over.
static void alive(struct pool *pool, uint64_t now_ns, struct node *node)
{
	gate_clear(pool, node, GATE_GONE);
	node->backoff_times = 0;
	node->backoff_until_ns = 0;
	if (node->breaker == POOL_BREAKER_TRIPPED)
		breaker_half_open(node);
	dial_fill(pool, now_ns, node, true);
}

void pool_node_liveness(
	struct pool *pool, uint64_t now_ns, uint32_t name, enum pool_liveness liveness)
{
	struct node *node = node_get(pool, name);

	if (!node || node->liveness == liveness)
		return;
	node->liveness = (uint8_t)liveness;
	if (liveness == POOL_GONE)
		gone(pool, node);
	else if (liveness == POOL_SUSPECT)
		suspect(pool, now_ns, node);
	else
		alive(pool, now_ns, node);
	serve_node(pool, now_ns, node);
}
