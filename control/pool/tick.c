// What becomes due: deadlines of waiters, timeouts and ages of connections, back-off, breakers,
// auto-size, the health pass. Each kind knows when its next is due; then all of it are looked at.
#include "control/pool/core.h"

// Something of the connection was to be answered by now.
static void unanswered(struct pool *pool, uint64_t now_ns, struct connection *c)
{
	struct node *node = node_of(pool, c);

	if (c->state == CONNECTION_DIALING) {
		dial_failed(pool, now_ns, c, POOL_DIAL_TIMEOUT);
		return;
	}
	if (c->state == CONNECTION_CHECKING)
		node->counts.checks_failed++;
	else
		node->counts.pings_failed++;
	health_broken(pool, now_ns, c, POOL_PING_TIMEOUT);
	serve_node(pool, now_ns, node);
}

static bool idle_too_long(const struct pool *pool, uint64_t now_ns, const struct connection *c)
{
	uint64_t timeout_ns = pool->config.idle_timeout_ns;

	return timeout_ns && c->state == CONNECTION_READY && c->leased == 0 &&
	       now_ns - c->used_ns >= timeout_ns;
}

// Does what is due of it, and says when the next is. What is kept ready is not closed for being
// idle, and has no such time.
static uint64_t connection_tick(struct pool *pool, uint64_t now_ns, struct connection *c)
{
	struct node *node = node_of(pool, c);
	uint64_t due_ns = UINT64_MAX;

	if (c->answer_ns && c->answer_ns <= now_ns) {
		unanswered(pool, now_ns, c);
		return due_ns;
	}
	if (c->expires_ns <= now_ns && !(c->flags & CONNECTION_LEAVING)) {
		connection_leave(pool, c, POOL_LIFETIME);
		dial_fill_soon(pool, now_ns, node);
		serve_node(pool, now_ns, node);
	} else if (idle_too_long(pool, now_ns, c) && node->ready_count > node->goal) {
		connection_close(pool, c, POOL_IDLE_TIMEOUT);
	}
	if (c->answer_ns)
		due_ns = c->answer_ns;
	if (!(c->flags & CONNECTION_LEAVING))
		due_ns = min_u64(due_ns, c->expires_ns);
	if (pool->config.idle_timeout_ns && c->leased == 0 &&
		c->used_ns + pool->config.idle_timeout_ns > now_ns)
		due_ns = min_u64(due_ns, c->used_ns + pool->config.idle_timeout_ns);
	return due_ns;
}

static void connections_tick(struct pool *pool, uint64_t now_ns)
{
	uint64_t due_ns = UINT64_MAX;

	pool->connections_due_ns = UINT64_MAX;
	for (uint32_t i = 0; i < pool->config.connections_max; i++) {
		struct connection *c = &pool->connections[i];

		if (c->state >= CONNECTION_DIALING && c->state <= CONNECTION_CHECKING)
			due_ns = min_u64(due_ns, connection_tick(pool, now_ns, c));
	}
	// What was begun meanwhile has lowered it.
	pool->connections_due_ns = min_u64(pool->connections_due_ns, due_ns);
}

static void node_tick(struct pool *pool, uint64_t now_ns, struct node *node)
{
	uint64_t interval_ns = pool->config.autosize_interval_ns;

	if (node->drain_ns <= now_ns) {
		node->drain_ns = UINT64_MAX;
		node_close_all(pool, node, POOL_DRAINING);
	}
	if (node->breaker == POOL_BREAKER_TRIPPED && node->opened_until_ns <= now_ns) {
		breaker_half_open(node);
		dial_fill(pool, now_ns, node, true);
	}
	if (now_ns - node->interval_ns >= interval_ns) {
		autosize_tick(pool, now_ns, node);
		dial_fill(pool, now_ns, node, true);
	}
	if (node->fill_ns <= now_ns)
		dial_fill(pool, now_ns, node, false);
	if (node->waiters.head != LIST_NONE)
		serve_node(pool, now_ns, node);
	node_due(pool,
		min_u64(min_u64(node->drain_ns, node->fill_ns), node->interval_ns + interval_ns));
	if (node->breaker == POOL_BREAKER_TRIPPED)
		node_due(pool, node->opened_until_ns);
}

void pool_on_tick(struct pool *pool, uint64_t now_ns)
{
	if (now_ns >= pool->waiters_due_ns)
		waiters_expire(pool, now_ns);
	if (now_ns >= pool->connections_due_ns)
		connections_tick(pool, now_ns);
	if (now_ns >= pool->nodes_due_ns) {
		pool->nodes_due_ns = UINT64_MAX;
		for (uint16_t at = pool->used_nodes.head; at != LIST_NONE;
			at = pool->nodes[at].of_used.next)
			node_tick(pool, now_ns, &pool->nodes[at]);
	}
	if (now_ns >= pool->health_due_ns) {
		pool->health_due_ns = now_ns + pool->config.health_interval_ns;
		health_pass(pool, now_ns);
	}
}

uint64_t pool_next_ns(const struct pool *pool)
{
	return min_u64(min_u64(pool->waiters_due_ns, pool->connections_due_ns),
		min_u64(pool->nodes_due_ns, pool->health_due_ns));
}
