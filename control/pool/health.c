// Health: pings of what is idle, levels by round trip and failures, and what happens to the others
// when one breaks.
#include "control/pool/core.h"

void health_rtt(struct node *node, struct connection *c, uint64_t rtt_ns)
{
	uint64_t us = rtt_ns / 1000 + 1;

	if (us > UINT32_MAX)
		us = UINT32_MAX;
	c->rtt_us = (uint32_t)(c->rtt_us ? c->rtt_us - c->rtt_us / 4 + us / 4 : us);
	node->rtt_ns = node->rtt_ns ? node->rtt_ns - node->rtt_ns / 8 + rtt_ns / 8 : rtt_ns;
	if (node->baseline_ns == 0 || rtt_ns < node->baseline_ns)
		node->baseline_ns = rtt_ns;
	else
		node->baseline_ns +=
			(rtt_ns - node->baseline_ns) / 65536; // a path may become longer
}

static enum pool_health by_rtt(const struct pool *pool, const struct node *node, uint64_t rtt_ns)
{
	const struct pool_config *config = &pool->config;
	uint64_t degraded_ns = config->degraded_ns, unhealthy_ns = config->unhealthy_ns;

	if (config->relative) {
		degraded_ns = node->baseline_ns * config->degraded_times;
		unhealthy_ns = node->baseline_ns * config->unhealthy_times;
		if (degraded_ns < config->relative_floor_ns)
			degraded_ns = config->relative_floor_ns;
		if (unhealthy_ns < config->relative_floor_ns)
			unhealthy_ns = config->relative_floor_ns;
	}
	return rtt_ns > unhealthy_ns   ? POOL_UNHEALTHY
	       : rtt_ns >= degraded_ns ? POOL_DEGRADED
				       : POOL_HEALTHY;
}

enum pool_health health_of_node(const struct pool *pool, const struct node *node)
{
	if (node->failures >= pool->config.dead_failures || node->liveness == POOL_GONE)
		return POOL_DEAD;
	if (node->failures >= pool->config.unhealthy_failures)
		return POOL_UNHEALTHY;
	return by_rtt(pool, node, node->rtt_ns);
}

bool health_is_good(const struct pool *pool, const struct node *node, const struct connection *c)
{
	return node->failures < pool->config.unhealthy_failures &&
	       by_rtt(pool, node, (uint64_t)c->rtt_us * 1000) < POOL_UNHEALTHY;
}

void health_pass(struct pool *pool, uint64_t now_ns)
{
	pool->health_pass_ns = now_ns;
	for (uint16_t at = pool->rested.head; at != LIST_NONE;
		at = pool->connections[at].of_rested.next) {
		struct connection *c = &pool->connections[at];

		if (c->listed != LISTED_IDLE)
			continue;
		node_of(pool, c)->health_pass_ns = now_ns;
		if (c->answer_ns)
			continue;
		c->answer_ns = now_ns + pool->config.ping_timeout_ns;
		pool->connections_due_ns = min_u64(pool->connections_due_ns, c->answer_ns);
		connection_want(pool, c, PENDING_PING);
		node_of(pool, c)->counts.pings++;
	}
}

void health_broken(struct pool *pool, uint64_t now_ns, struct connection *c, enum pool_why why)
{
	struct node *node = node_of(pool, c);
	bool blameless = c->flags & CONNECTION_BLAMELESS;

	c->flags |= CONNECTION_BLAMELESS;
	if (why == POOL_CLOSED)
		connection_gone(pool, c, why);
	else
		connection_close(pool, c, why);
	dial_fill_soon(pool, now_ns, node);
	if (blameless)
		return;
	node->counts.flushes++;
	connection_flush(pool, node, POOL_FLUSHED, false);
	dial_fill_soon(pool, now_ns, node);
	breaker_failure(pool, now_ns, node);
}

bool pool_on_pong(struct pool *pool, uint64_t now_ns, uint32_t connection, bool ok, uint64_t rtt_ns)
{
	struct connection *c = connection_get(pool, connection);
	struct node *node;

	if (!c || c->state == CONNECTION_DIALING)
		return false;
	node = node_of(pool, c);
	if (ok) {
		if (c->state == CONNECTION_READY && !(c->pending & PENDING_PING))
			c->answer_ns = 0;
		c->proven_ns = now_ns;
		health_rtt(node, c, rtt_ns);
		return true;
	}
	node->counts.pings_failed++;
	health_broken(pool, now_ns, c, POOL_CHECK_FAILED);
	serve_node(pool, now_ns, node);
	return true;
}
