// What is to be done, one at a time: connections have their next actions, waiters their answers.
#include "control/pool/core.h"

static void take_from(struct pool *pool, struct connection *c, struct pool_action *action)
{
	static const struct {
		enum pending pending;
		enum pool_action_type type;
	} order[] = {
		{PENDING_DIAL, POOL_ACTION_DIAL},
		{PENDING_CHECK, POOL_ACTION_CHECK},
		{PENDING_PING, POOL_ACTION_PING},
		{PENDING_CLOSE, POOL_ACTION_CLOSE},
	};
	uint32_t i = 0;

	while (!(c->pending & order[i].pending))
		i++;
	*action = (struct pool_action){.type = order[i].type,
		.why = order[i].type == POOL_ACTION_CLOSE ? c->why : POOL_OK,
		.connection = connection_name(c),
		.node = name_of(c->node, node_of(pool, c)->generation),
		.ticket = POOL_NONE};
	c->pending &= (uint8_t)~order[i].pending;
	if (!c->pending)
		list_remove(&pool->actions, LINKS(pool->connections, of_actions), c->slot);
	if (action->type == POOL_ACTION_CLOSE)
		connection_gone(pool, c, c->why);
}

static struct pool_lease granted(const struct pool *pool, const struct waiter *waiter)
{
	const struct lease *lease = &pool->leases[waiter->lease];
	const struct connection *c = &pool->connections[lease->connection];

	return (struct pool_lease){
		.lease = name_of(waiter->lease, lease->generation),
		.connection = connection_name(c),
		.acquired_ns = lease->acquired_ns,
		.created_ns = c->created_ns,
		.is_healthy = waiter->is_healthy,
		.is_reused = waiter->is_reused,
	};
}

static void take_answer(struct pool *pool, struct waiter *waiter, struct pool_action *action)
{
	uint16_t at = (uint16_t)(waiter - pool->waiters);

	*action = (struct pool_action){.type = POOL_ACTION_FAIL,
		.why = waiter->why,
		.connection = POOL_NONE,
		.node = name_of(waiter->node, pool->nodes[waiter->node].generation),
		.ticket = name_of(at, waiter->generation),
		.cookie = waiter->cookie,
		.retry_ns = waiter->retry_ns};
	if (waiter->state == WAITER_GRANTED) {
		action->type = POOL_ACTION_GRANT;
		action->why = POOL_OK;
		action->lease = granted(pool, waiter);
		action->connection = action->lease.connection;
	}
	list_remove(&pool->answers, LINKS(pool->waiters, in_line), at);
	waiter_free(pool, waiter);
}

bool pool_take(struct pool *pool, uint64_t now_ns, struct pool_action *action)
{
	if (pool->actions.head == LIST_NONE && pool->room) {
		pool->room = false;
		slots_reserve_more(pool);
		serve_starved(pool, now_ns);
	}
	if (pool->actions.head != LIST_NONE)
		take_from(pool, &pool->connections[pool->actions.head], action);
	else if (pool->answers.head != LIST_NONE)
		take_answer(pool, &pool->waiters[pool->answers.head], action);
	else
		return false;
	return true;
}
