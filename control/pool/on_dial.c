// A dial ends: the connection serves who waits, or the node backs off.
#include "control/pool/core.h"

// The limits counted what a connection was expected to have. It has more, or less.
static void capacity(struct pool *pool, struct connection *c, uint32_t told)
{
	struct node *node = node_of(pool, c);
	uint32_t room = min_u32(slots_room_node(pool, node), slots_room_total(pool, node));
	uint32_t slots = min_u32(max_u32(told, 1), c->slots + room);

	if (slots > c->slots)
		slots_take(pool, node, slots - c->slots);
	else
		slots_give(pool, node, c->slots - slots);
	c->slots = (uint16_t)slots;
}

static uint64_t lifetime(struct pool *pool)
{
	uint64_t most_ns = pool->config.max_lifetime_ns;
	uint64_t span_ns = most_ns / 100 * pool->config.lifetime_jitter;

	return most_ns - span_ns / 1024 * random_below(pool, 1025);
}

bool pool_on_dialed(struct pool *pool, uint64_t now_ns, uint32_t connection, uint32_t stream_slots)
{
	struct connection *c = connection_get(pool, connection);
	struct node *node;
	uint64_t took_ns;
	uint16_t probe;

	if (!c || c->state != CONNECTION_DIALING || c->pending & PENDING_DIAL)
		return false;
	node = node_of(pool, c);
	took_ns = now_ns - c->created_ns;
	node->dial_ns = node->dial_ns ? node->dial_ns - node->dial_ns / 4 + took_ns / 4 : took_ns;
	probe = c->probe;
	c->probe = 0;
	c->flags = CONNECTION_MADE;
	breaker_token_give(node, probe);
	node->counts.created++;
	node->backoff_times = 0;
	node->backoff_until_ns = 0;
	c->answer_ns = 0;
	c->used_ns = c->proven_ns = now_ns;
	connection_enter(pool, c, CONNECTION_CLOSED); // not counted while its size changes
	capacity(pool, c, stream_slots);
	connection_enter(pool, c, CONNECTION_READY);
	connection_list(pool, node, c);
	if (pool->config.max_lifetime_ns)
		c->expires_ns = now_ns + lifetime(pool);
	pool->connections_due_ns = min_u64(pool->connections_due_ns, c->expires_ns);
	if (pool->config.idle_timeout_ns)
		pool->connections_due_ns =
			min_u64(pool->connections_due_ns, now_ns + pool->config.idle_timeout_ns);
	breaker_success(pool, now_ns, node, probe);
	if (node->ready_count >= node->warm)
		node->warm = 0;
	serve_node(pool, now_ns, node);
	dial_fill(pool, now_ns, node, false);
	return true;
}

bool pool_on_dial_failed(struct pool *pool, uint64_t now_ns, uint32_t connection)
{
	struct connection *c = connection_get(pool, connection);

	if (!c || c->state != CONNECTION_DIALING || c->pending & PENDING_DIAL)
		return false;
	dial_failed(pool, now_ns, c, POOL_DIAL_FAILED);
	return true;
}
