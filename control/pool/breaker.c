// The circuit breaker of each node: closed, open after too many failures, half-open with one token.
// The last usable node's stays closed, or is as good as: there is nothing better to try.
#include "control/pool/core.h"

void gate_set(struct pool *pool, struct node *node, enum gate gate)
{
	if (!(node->gate & GATE_UNUSABLE) && gate & GATE_UNUSABLE)
		pool->usable--;
	node->gate |= (uint8_t)gate;
}

void gate_clear(struct pool *pool, struct node *node, enum gate gate)
{
	bool was = node->gate & GATE_UNUSABLE;

	node->gate &= (uint8_t)~gate;
	if (was && !(node->gate & GATE_UNUSABLE))
		pool->usable++;
}

bool breaker_lets_pass(const struct pool *pool, const struct node *node)
{
	if (pool->usable == 0 || node->breaker == POOL_BREAKER_CLOSED)
		return true;
	return node->breaker == POOL_BREAKER_HALF_OPEN && !node->probing;
}

bool breaker_lets_wait(const struct pool *pool, const struct node *node)
{
	bool by_dial = node->breaker == POOL_BREAKER_HALF_OPEN && node->dialing_count > 0;

	if (pool->usable == 0)
		return true;
	return node->waiters.head == LIST_NONE && (breaker_lets_pass(pool, node) || by_dial);
}

// What still runs with the token of an earlier time neither gives this one back nor proves anything
// now.
void breaker_half_open(struct node *node)
{
	node->breaker = POOL_BREAKER_HALF_OPEN;
	node->successes = 0;
	node->probing = false;
	node->token = generation_next(node->token);
}

uint16_t breaker_token_take(struct node *node)
{
	if (node->breaker != POOL_BREAKER_HALF_OPEN)
		return 0;
	node->probing = true;
	return node->token;
}

void breaker_token_give(struct node *node, uint16_t probe)
{
	if (probe == node->token)
		node->probing = false;
}

static void trip(struct pool *pool, uint64_t now_ns, struct node *node)
{
	const struct pool_config *config = &pool->config;

	node->breaker = POOL_BREAKER_TRIPPED;
	node->opened_until_ns =
		now_ns + random_backoff(pool, config->breaker_base_ns, node->opened_times++,
				 config->breaker_cap_ns, config->backoff_jitter);
	node->counts.opened++;
	gate_set(pool, node, GATE_BREAKER);
	waiter_fail_all(pool, node, POOL_BREAKER_OPEN, node->opened_until_ns);
	node_due(pool, node->opened_until_ns);
}

static void window_add(struct pool *pool, uint64_t now_ns, struct node *node, uint32_t failed)
{
	if (now_ns - node->window_ns >= pool->config.breaker_window_ns) {
		node->window_ns = now_ns;
		node->window_all = node->window_failed = 0;
	}
	node->window_all++;
	node->window_failed += failed;
}

void breaker_success(struct pool *pool, uint64_t now_ns, struct node *node, uint16_t probe)
{
	node->failures = 0;
	window_add(pool, now_ns, node, 0);
	if (node->breaker != POOL_BREAKER_HALF_OPEN || probe != node->token)
		return;
	if (++node->successes < pool->config.breaker_successes)
		return;
	node->breaker = POOL_BREAKER_CLOSED;
	node->opened_times = 0;
	node->window_all = node->window_failed = 0;
	gate_clear(pool, node, GATE_BREAKER);
}

static bool too_many(const struct pool_config *config, const struct node *node)
{
	if (node->failures >= config->breaker_failures)
		return true;
	return node->window_all >= config->breaker_volume &&
	       (uint64_t)node->window_failed * 100 >=
		       (uint64_t)node->window_all * config->breaker_percent;
}

void breaker_failure(struct pool *pool, uint64_t now_ns, struct node *node)
{
	bool last = pool->usable == (node->gate & GATE_UNUSABLE ? 0 : 1);

	node->failures++;
	window_add(pool, now_ns, node, 1);
	if (!pool->config.breaker || node->breaker == POOL_BREAKER_TRIPPED)
		return;
	if (node->breaker == POOL_BREAKER_CLOSED && !too_many(&pool->config, node))
		return;
	if (last)
		node->counts.spared++;
	else
		trip(pool, now_ns, node);
}
