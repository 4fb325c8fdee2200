// What would become of an acquire now, without asking for one.
#include "control/pool/core.h"

enum pool_why explain_wait(
	const struct pool *pool, uint64_t now_ns, const struct node *node, uint32_t more)
{
	enum pool_why bar;

	if (node->gate & GATE_PAUSED)
		return POOL_PAUSED;
	if (node->checking_count > 0 || (node->idle.head != LIST_NONE && more))
		return POOL_CHECKING;
	if (dial_short(pool, now_ns, node, more) == 0)
		return node->dialing_count ? POOL_DIALING : POOL_QUEUED;
	bar = dial_bar(pool, now_ns, node);
	return bar == POOL_OK ? POOL_DIALING : bar;
}

static enum pool_why refusal(const struct pool *pool, const struct node *node)
{
	if (node->gate & GATE_GONE)
		return POOL_NODE_GONE;
	if (node->gate & GATE_DRAINING)
		return POOL_DRAINING;
	if (node->gate & GATE_BREAKER && !breaker_lets_wait(pool, node))
		return POOL_BREAKER_OPEN;
	return POOL_OK;
}

// From the place in the line: what is in use comes free one after the other, or a dial is done.
static uint64_t estimate(const struct node *node)
{
	uint64_t turns = node->waiters_count + 1;

	if (node->hold_ns && node->ready_slots)
		return turns * node->hold_ns / node->ready_slots;
	return node->dial_ns;
}

static void judge(const struct pool *pool, uint64_t now_ns, const struct node *node,
	uint32_t affinity, struct pool_explanation *out)
{
	bool at_once = node->waiters.head == LIST_NONE && serve_may(pool, node);
	const struct connection *c = serve_peek(pool, now_ns, node, affinity, &out->is_hinted);

	out->ahead = node->waiters_count;
	out->why = refusal(pool, node);
	if (out->why != POOL_OK) {
		out->result = POOL_REFUSED;
		if (node->breaker == POOL_BREAKER_TRIPPED)
			out->retry_ns = node->opened_until_ns;
	} else if (at_once && c) {
		out->result = POOL_GRANTED;
		out->connection = connection_name(c);
	} else if (pool->free_waiters.head == LIST_NONE) {
		out->result = POOL_REFUSED;
		out->why = POOL_WAITERS_FULL;
	} else {
		out->result = POOL_WAITING;
		out->why = explain_wait(pool, now_ns, node, 1);
		out->wait_estimate_ns = estimate(node);
		if (out->why == POOL_BACKING_OFF)
			out->retry_ns = node->backoff_until_ns;
	}
}

bool pool_explain(const struct pool *pool, uint64_t now_ns, uint32_t name, uint32_t affinity,
	struct pool_explanation *out)
{
	const struct node *node = node_get(pool, name);

	*out = (struct pool_explanation){
		.result = POOL_REFUSED,
		.why = POOL_UNKNOWN_NODE,
		.connection = POOL_NONE,
		.total = report_slots(pool),
		.node_max = pool->config.node_max,
		.total_max = pool->config.total_max,
	};
	if (!node)
		return false;
	report_node(pool, node, &out->node);
	judge(pool, now_ns, node, affinity, out);
	out->is_hinted &= out->result == POOL_GRANTED;
	return true;
}
