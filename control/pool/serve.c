// Requests get connections: the one their kind used last, one that is in use and has room, the idle
// one used last. Who waits is served in the order of asking.
#include "control/pool/core.h"

bool connection_is_stale(const struct pool *pool, uint64_t now_ns, const struct connection *c)
{
	if (c->leased > 0 || !pool->config.validate_on_acquire)
		return false;
	return now_ns - c->proven_ns > pool->config.validate_bypass_ns ||
	       c->proven_ns < node_of(pool, c)->doubt_ns;
}

// What the hint leads to, if that can take a request; NULL: it is as good as none.
static struct connection *hinted(
	const struct pool *pool, const struct node *node, const struct hint *hint)
{
	struct connection *c;

	if (!hint)
		return NULL;
	c = &pool->connections[POOL_SLOT(hint->connection)];
	// Generations come again: what is there then may be another node's.
	if (c->generation != generation_of(hint->connection) || c->node != node->slot ||
		c->listed == LISTED_NOT)
		return NULL;
	return c;
}

static uint16_t first_of(const struct node *node)
{
	return node->partial.head != LIST_NONE ? node->partial.head : node->idle.head;
}

// `first`: the one that is not a hint's.
static inline struct connection *pick(const struct pool *pool, uint64_t now_ns,
	const struct node *node, uint16_t first, const struct hint *hint, struct connection **stale)
{
	struct connection *c = hinted(pool, node, hint);

	*stale = NULL;
	if (c && !connection_is_stale(pool, now_ns, c))
		return c;
	*stale = c;
	c = &pool->connections[first];
	if (!connection_is_stale(pool, now_ns, c))
		return c;
	if (!*stale)
		*stale = c;
	return NULL;
}

struct connection *serve_pick(struct pool *pool, uint64_t now_ns, const struct node *node,
	uint32_t affinity, struct connection **stale)
{
	uint16_t first = first_of(node);

	*stale = NULL;
	if (first == LIST_NONE)
		return NULL;
	return pick(pool, now_ns, node, first, lru_find(&pool->lru, node->slot, affinity), stale);
}

const struct connection *serve_peek(const struct pool *pool, uint64_t now_ns,
	const struct node *node, uint32_t affinity, bool *is_hinted)
{
	const struct hint *hint = lru_peek(&pool->lru, node->slot, affinity);
	const struct connection *c = NULL;
	uint16_t first = first_of(node);
	struct connection *stale;

	if (first != LIST_NONE)
		c = pick(pool, now_ns, node, first, hint, &stale);
	*is_hinted = c && c == hinted(pool, node, hint);
	return c;
}

static struct lease *lease_take(struct pool *pool)
{
	struct lease *lease = &pool->leases[pool->free_lease];

	assert(pool->free_lease != LIST_NONE); // as many as total_max has slots
	pool->free_lease = lease->next;
	return lease;
}

void serve_lease(struct pool *pool, uint64_t now_ns, struct node *node, struct connection *c,
	const struct pool_request *request, struct pool_lease *out)
{
	struct lease *lease = lease_take(pool);

	autosize_busy(node, now_ns);
	c->leased++;
	node->leased++;
	pool->leased++;
	connection_list(pool, node, c);
	lease->acquired_ns = now_ns;
	lease->cookie = request->cookie;
	lease->site = request->site;
	lease->connection = c->slot;
	lease->probe = breaker_token_take(node);
	lru_put(&pool->lru, node->slot, request->affinity, connection_name(c));
	*out = (struct pool_lease){
		.lease = name_of((uint32_t)(lease - pool->leases), lease->generation),
		.connection = connection_name(c),
		.acquired_ns = now_ns,
		.created_ns = c->created_ns,
		.is_healthy = health_is_good(pool, node, c),
		.is_reused = c->flags & CONNECTION_USED,
	};
	node->counts.granted++;
	node->counts.reused += out->is_reused;
	c->flags |= CONNECTION_USED;
}

bool serve_may(const struct pool *pool, const struct node *node)
{
	if (node->gate == 0)
		return true;
	return !(node->gate & (uint8_t)~GATE_BREAKER) && breaker_lets_pass(pool, node);
}

void serve_node(struct pool *pool, uint64_t now_ns, struct node *node)
{
	struct connection *c, *stale;

	while (node->waiters.head != LIST_NONE && serve_may(pool, node)) {
		struct waiter *waiter = &pool->waiters[node->waiters.head];

		c = serve_pick(pool, now_ns, node, waiter->affinity, &stale);
		if (c)
			waiter_grant(pool, now_ns, waiter, c);
		else if (stale && node->checking_count < node->waiters_count)
			check_begin(pool, now_ns, stale);
		else
			break;
	}
	dial_demand(pool, now_ns, node);
}

// Each once, in their order: who got something and is short of more is behind the others then.
void serve_starved(struct pool *pool, uint64_t now_ns)
{
	uint16_t last = pool->starved.tail, at = pool->starved.head, next;

	for (bool more = at != LIST_NONE; more; at = next) {
		struct node *node = &pool->nodes[at];
		uint64_t dials = node->counts.dials;

		next = node->of_starved.next;
		more = at != last;
		serve_node(pool, now_ns, node);
		if (node->starved && node->counts.dials != dials)
			dial_starved_last(pool, node);
	}
}
