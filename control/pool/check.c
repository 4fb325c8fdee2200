// Validation: a connection that was idle for a while is asked before it is handed out.
#include "control/pool/core.h"

void check_begin(struct pool *pool, uint64_t now_ns, struct connection *c)
{
	connection_enter(pool, c, CONNECTION_CHECKING);
	connection_list(pool, node_of(pool, c), c);
	connection_want(pool, c, PENDING_CHECK);
	c->answer_ns = now_ns + pool->config.ping_timeout_ns;
	pool->connections_due_ns = min_u64(pool->connections_due_ns, c->answer_ns);
	node_of(pool, c)->counts.checks++;
}

// That one is closed says nothing about requests: the node is not blamed, but its others are asked
// too.
bool pool_on_checked(struct pool *pool, uint64_t now_ns, uint32_t connection, bool ok)
{
	struct connection *c = connection_get(pool, connection);
	struct node *node;

	if (!c || c->state != CONNECTION_CHECKING || c->pending & PENDING_CHECK)
		return false;
	node = node_of(pool, c);
	c->answer_ns = 0;
	if (ok) {
		c->proven_ns = now_ns;
		connection_enter(pool, c, CONNECTION_READY);
		connection_rest(pool, now_ns, c);
	} else {
		node->counts.checks_failed++;
		node->doubt_ns = now_ns;
		connection_close(pool, c, POOL_CHECK_FAILED);
		dial_fill_soon(pool, now_ns, node);
	}
	serve_node(pool, now_ns, node);
	return true;
}
