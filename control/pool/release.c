// A lease ends: what its outcome says of connection and node, and who gets the connection next.
#include "control/pool/core.h"

// Smoothed over the last eight or so.
static void hold_add(struct node *node, uint64_t ns)
{
	node->hold_ns = node->hold_ns ? node->hold_ns - node->hold_ns / 8 + ns / 8 : ns;
}

static void lease_end(struct pool *pool, uint64_t now_ns, struct lease *lease)
{
	struct connection *c = &pool->connections[lease->connection];
	struct node *node = node_of(pool, c);

	autosize_busy(node, now_ns);
	c->leased--;
	node->leased--;
	pool->leased--;
	c->used_ns = now_ns;
	hold_add(node, now_ns - lease->acquired_ns);
	breaker_token_give(node, lease->probe);
	lease->connection = LIST_NONE;
	lease->generation = generation_next(lease->generation);
	lease->next = pool->free_lease;
	pool->free_lease = (uint16_t)(lease - pool->leases);
}

static void judge(struct pool *pool, uint64_t now_ns, struct connection *c,
	enum pool_outcome outcome, uint64_t rtt_ns, uint16_t probe)
{
	struct node *node = node_of(pool, c);

	if (outcome == POOL_UNUSED)
		return;
	if (outcome == POOL_BREAKS) {
		health_broken(pool, now_ns, c, POOL_BROKEN);
		return;
	}
	c->proven_ns = now_ns;
	if (rtt_ns)
		health_rtt(node, c, rtt_ns);
	if (outcome == POOL_RETRYABLE)
		breaker_failure(pool, now_ns, node);
	else
		breaker_success(pool, now_ns, node, probe);
}

static struct lease *lease_get(const struct pool *pool, uint32_t name)
{
	struct lease *lease = &pool->leases[POOL_SLOT(name)];

	if (POOL_SLOT(name) >= pool->config.total_max || lease->generation != generation_of(name))
		return NULL;
	return lease->connection == LIST_NONE ? NULL : lease;
}

bool pool_release(struct pool *pool, uint64_t now_ns, uint32_t name, enum pool_outcome outcome,
	uint64_t rtt_ns)
{
	struct lease *lease = lease_get(pool, name);
	struct connection *c;
	struct node *node;

	if (!lease)
		return false;
	c = &pool->connections[lease->connection];
	node = node_of(pool, c);
	lease_end(pool, now_ns, lease);
	judge(pool, now_ns, c, outcome, rtt_ns, lease->probe);
	if (c->state == CONNECTION_CLOSED)
		connection_settle(pool, c);
	else if (pool->config.validate_on_release && c->state == CONNECTION_READY &&
		 c->leased == 0 && !(c->flags & CONNECTION_LEAVING))
		check_begin(pool, now_ns, c);
	else
		connection_rest(pool, now_ns, c);
	if (node->waiters.head != LIST_NONE)
		serve_node(pool, now_ns, node);
	return true;
}
