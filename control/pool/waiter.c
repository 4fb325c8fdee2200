// Who waits: each node has its line, first come, first served; answers wait to be taken.
#include "control/pool/core.h"

static struct waiter *waiter_get(const struct pool *pool, uint32_t ticket)
{
	struct waiter *waiter = &pool->waiters[POOL_SLOT(ticket)];

	if (POOL_SLOT(ticket) >= pool->config.waiters_max ||
		waiter->generation != generation_of(ticket) || waiter->state == WAITER_FREE)
		return NULL;
	return waiter;
}

uint32_t waiter_add(struct pool *pool, uint64_t now_ns, struct node *node,
	const struct pool_request *request, uint64_t deadline_ns)
{
	uint16_t at = pool->free_waiters.head;
	struct waiter *waiter = &pool->waiters[at];

	list_remove(&pool->free_waiters, LINKS(pool->waiters, in_line), at);
	waiter->state = WAITER_WAITING;
	waiter->asked_ns = now_ns;
	waiter->deadline_ns = deadline_ns;
	waiter->cookie = request->cookie;
	waiter->site = request->site;
	waiter->affinity = request->affinity;
	waiter->node = node->slot;
	list_push_tail(&node->waiters, LINKS(pool->waiters, in_line), at);
	node->waiters_count++;
	node->counts.waited++;
	pool->waiters_due_ns = min_u64(pool->waiters_due_ns, deadline_ns);
	return name_of(at, waiter->generation);
}

static void leave_line(struct pool *pool, const struct waiter *waiter)
{
	struct node *node = &pool->nodes[waiter->node];

	list_remove(
		&node->waiters, LINKS(pool->waiters, in_line), (uint16_t)(waiter - pool->waiters));
	node->waiters_count--;
	if (node->waiters_count == 0)
		dial_starved_no_more(pool, node);
}

// Out of the line of its node, into that of the answers.
static void answer(struct pool *pool, struct waiter *waiter, enum waiter_state state)
{
	assert(waiter->state == WAITER_WAITING);
	leave_line(pool, waiter);
	waiter->state = (uint8_t)state;
	list_push_tail(
		&pool->answers, LINKS(pool->waiters, in_line), (uint16_t)(waiter - pool->waiters));
}

void waiter_grant(struct pool *pool, uint64_t now_ns, struct waiter *waiter, struct connection *c)
{
	const struct pool_request request = {
		.affinity = waiter->affinity, .cookie = waiter->cookie, .site = waiter->site};
	struct pool_lease lease;

	answer(pool, waiter, WAITER_GRANTED);
	serve_lease(pool, now_ns, node_of(pool, c), c, &request, &lease);
	waiter->lease = (uint16_t)POOL_SLOT(lease.lease);
	waiter->is_healthy = lease.is_healthy;
	waiter->is_reused = lease.is_reused;
	wait_time_add(pool, now_ns - waiter->asked_ns);
}

void waiter_fail(struct pool *pool, struct waiter *waiter, enum pool_why why, uint64_t retry_ns)
{
	answer(pool, waiter, WAITER_FAILED);
	waiter->why = (uint8_t)why;
	waiter->retry_ns = retry_ns;
	pool->nodes[waiter->node].counts.failed++;
}

void waiter_fail_all(struct pool *pool, struct node *node, enum pool_why why, uint64_t retry_ns)
{
	while (node->waiters.head != LIST_NONE)
		waiter_fail(pool, &pool->waiters[node->waiters.head], why, retry_ns);
}

void waiter_free(struct pool *pool, struct waiter *waiter)
{
	waiter->state = WAITER_FREE;
	waiter->generation = generation_next(waiter->generation);
	list_push_head(&pool->free_waiters, LINKS(pool->waiters, in_line),
		(uint16_t)(waiter - pool->waiters));
}

void waiters_expire(struct pool *pool, uint64_t now_ns)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t i = 0; i < pool->config.waiters_max; i++) {
		struct waiter *waiter = &pool->waiters[i];

		if (waiter->state != WAITER_WAITING)
			continue;
		if (waiter->deadline_ns <= now_ns)
			waiter_fail(pool, waiter, POOL_DEADLINE, 0);
		else
			due_ns = min_u64(due_ns, waiter->deadline_ns);
	}
	pool->waiters_due_ns = due_ns;
}

bool pool_cancel(struct pool *pool, uint64_t now_ns, uint32_t ticket)
{
	struct waiter *waiter = waiter_get(pool, ticket);
	bool granted;

	if (!waiter)
		return false;
	pool->nodes[waiter->node].counts.cancelled++;
	granted = waiter->state == WAITER_GRANTED;
	if (waiter->state == WAITER_WAITING)
		leave_line(pool, waiter);
	else
		list_remove(&pool->answers, LINKS(pool->waiters, in_line),
			(uint16_t)(waiter - pool->waiters));
	waiter_free(pool, waiter);
	if (granted)
		pool_release(pool, now_ns,
			name_of(waiter->lease, pool->leases[waiter->lease].generation), POOL_UNUSED,
			0);
	return true;
}
