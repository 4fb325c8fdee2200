// A request comes: a connection at once, a place in the line, or a refusal.
#include "control/pool/core.h"

static enum pool_result refuse(
	struct node *node, struct pool_answer *answer, enum pool_why why, uint64_t retry_ns)
{
	node->counts.refused++;
	*answer = (struct pool_answer){POOL_REFUSED, why, POOL_NONE, retry_ns, {0}};
	return POOL_REFUSED;
}

static enum pool_result grant(struct pool *pool, uint64_t now_ns, struct node *node,
	struct connection *c, const struct pool_request *request, struct pool_answer *answer)
{
	serve_lease(pool, now_ns, node, c, request, &answer->lease);
	wait_time_add(pool, 0);
	answer->result = POOL_GRANTED;
	answer->why = POOL_OK;
	answer->ticket = POOL_NONE;
	answer->retry_ns = 0;
	return POOL_GRANTED;
}

static enum pool_result wait(struct pool *pool, uint64_t now_ns, struct node *node,
	const struct pool_request *request, struct pool_answer *answer)
{
	uint64_t deadline_ns = request->deadline_ns;

	if (!deadline_ns)
		deadline_ns = now_ns + pool->config.acquire_timeout_ns;
	if (deadline_ns <= now_ns)
		return refuse(node, answer, POOL_DEADLINE, 0);
	if (pool->free_waiters.head == LIST_NONE)
		return refuse(node, answer, POOL_WAITERS_FULL, 0);
	*answer = (struct pool_answer){.result = POOL_WAITING};
	answer->ticket = waiter_add(pool, now_ns, node, request, deadline_ns);
	serve_node(pool, now_ns, node);
	answer->why = explain_wait(pool, now_ns, node, 0);
	if (answer->why == POOL_BACKING_OFF)
		answer->retry_ns = node->backoff_until_ns;
	return POOL_WAITING;
}

// The way of a request whose node has its gate closed, or a line before it.
static enum pool_result slowly(struct pool *pool, uint64_t now_ns, struct node *node,
	const struct pool_request *request, struct pool_answer *answer)
{
	struct connection *c = NULL, *stale;

	if (node->gate & GATE_GONE)
		return refuse(node, answer, POOL_NODE_GONE, 0);
	if (node->gate & GATE_DRAINING)
		return refuse(node, answer, POOL_DRAINING, 0);
	if (node->gate & GATE_BREAKER) {
		if (!breaker_lets_wait(pool, node))
			return refuse(node, answer, POOL_BREAKER_OPEN,
				node->breaker == POOL_BREAKER_TRIPPED ? node->opened_until_ns : 0);
		if (node->breaker == POOL_BREAKER_TRIPPED)
			breaker_half_open(node);
	}
	if (node->waiters.head == LIST_NONE && serve_may(pool, node))
		c = serve_pick(pool, now_ns, node, request->affinity, &stale);
	if (c)
		return grant(pool, now_ns, node, c, request, answer);
	return wait(pool, now_ns, node, request, answer);
}

enum pool_result pool_acquire(struct pool *pool, uint64_t now_ns,
	const struct pool_request *request, struct pool_answer *answer)
{
	struct node *node = node_get(pool, request->node);
	struct connection *c, *stale;

	if (!node) {
		pool->counts.acquires++;
		pool->counts.refused++;
		*answer = (struct pool_answer){POOL_REFUSED, POOL_UNKNOWN_NODE, POOL_NONE, 0, {0}};
		return POOL_REFUSED;
	}
	node->counts.acquires++;
	if (node->gate != 0 || node->waiters.head != LIST_NONE)
		return slowly(pool, now_ns, node, request, answer);
	c = serve_pick(pool, now_ns, node, request->affinity, &stale);
	if (c)
		return grant(pool, now_ns, node, c, request, answer);
	return wait(pool, now_ns, node, request, answer);
}
