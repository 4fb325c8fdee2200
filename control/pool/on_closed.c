// A peer closes a connection, or says that it will.
#include "control/pool/core.h"

// An idle one may just have been too old for the peer: the others are checked before they are used.
// One that was in use broke.
bool pool_on_closed(struct pool *pool, uint64_t now_ns, uint32_t connection)
{
	struct connection *c = connection_get(pool, connection);
	struct node *node;

	if (!c || c->pending & PENDING_DIAL)
		return false;
	node = node_of(pool, c);
	if (c->state == CONNECTION_DIALING) {
		dial_failed(pool, now_ns, c, POOL_DIAL_FAILED);
		return true;
	}
	if (c->leased == 0)
		node->doubt_ns = now_ns;
	if (c->leased == 0)
		connection_gone(pool, c, POOL_CLOSED);
	else
		health_broken(pool, now_ns, c, POOL_CLOSED);
	dial_fill_soon(pool, now_ns, node);
	serve_node(pool, now_ns, node);
	return true;
}

bool pool_on_goaway(struct pool *pool, uint64_t now_ns, uint32_t connection)
{
	struct connection *c = connection_get(pool, connection);
	struct node *node;

	if (!c || c->state == CONNECTION_DIALING)
		return false;
	node = node_of(pool, c);
	connection_leave(pool, c, POOL_GOAWAY);
	dial_fill_soon(pool, now_ns, node);
	serve_node(pool, now_ns, node);
	return true;
}
