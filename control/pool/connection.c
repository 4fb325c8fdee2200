// The life of a connection: dialing, ready, checking, closing, closed; and the lists it is in.
#include "control/pool/core.h"

struct connection *connection_get(const struct pool *pool, uint32_t name)
{
	struct connection *c = &pool->connections[POOL_SLOT(name)];

	if (POOL_SLOT(name) >= pool->config.connections_max || c->generation != generation_of(name))
		return NULL;
	return c->state >= CONNECTION_DIALING && c->state <= CONNECTION_CHECKING ? c : NULL;
}

static struct list *list_of(struct node *node, enum listed listed)
{
	return listed == LISTED_IDLE ? &node->idle : &node->partial;
}

static void unlist(struct pool *pool, struct node *node, struct connection *c)
{
	if (c->listed == LISTED_NOT)
		return;
	list_remove(list_of(node, c->listed), LINKS(pool->connections, of_kind), c->slot);
	node->idle_count -= c->listed == LISTED_IDLE;
	c->listed = LISTED_NOT;
}

static void unrest(struct pool *pool, struct connection *c)
{
	if (c->flags & CONNECTION_RESTED)
		list_remove(&pool->rested, LINKS(pool->connections, of_rested), c->slot);
	c->flags &= (uint8_t)~CONNECTION_RESTED;
}

static void rested(struct pool *pool, struct connection *c)
{
	if (c->flags & CONNECTION_RESTED && pool->rested.head == c->slot)
		return;
	unrest(pool, c);
	list_push_head(&pool->rested, LINKS(pool->connections, of_rested), c->slot);
	c->flags |= CONNECTION_RESTED;
}

static enum listed belongs(const struct connection *c)
{
	if (c->state != CONNECTION_READY || c->flags & CONNECTION_LEAVING || c->leased == c->slots)
		return LISTED_NOT;
	return c->leased > 0 ? LISTED_PARTIAL : LISTED_IDLE;
}

void connection_list(struct pool *pool, struct node *node, struct connection *c)
{
	enum listed to = belongs(c);

	if (c->listed == to && (to == LISTED_NOT || list_of(node, to)->head == c->slot))
		return;
	unlist(pool, node, c);
	if (to == LISTED_NOT)
		return;
	c->listed = (uint8_t)to;
	list_push_head(list_of(node, to), LINKS(pool->connections, of_kind), c->slot);
	if (to == LISTED_IDLE) {
		node->idle_count++;
		rested(pool, c);
	}
}

// What the node counts of a state: `by` is 1 when it is entered, -1 when it is left.
static void count_state(struct node *node, const struct connection *c, uint32_t by)
{
	if (c->state == CONNECTION_DIALING) {
		node->dialing_count += by;
		node->dialing_slots += by * c->slots;
	}
	if (c->state == CONNECTION_READY || c->state == CONNECTION_CHECKING) {
		node->ready_count += by;
		node->ready_slots += by * c->slots;
	}
	if (c->state == CONNECTION_CHECKING)
		node->checking_count += by;
}

void connection_enter(struct pool *pool, struct connection *c, enum connection_state state)
{
	struct node *node = node_of(pool, c);

	count_state(node, c, UINT32_MAX);
	c->state = (uint8_t)state;
	count_state(node, c, 1);
}

void connection_want(struct pool *pool, struct connection *c, enum pending pending)
{
	if (!c->pending)
		list_push_tail(&pool->actions, LINKS(pool->connections, of_actions), c->slot);
	c->pending |= (uint8_t)pending;
}

static void drop_pending(struct pool *pool, struct connection *c)
{
	if (c->pending)
		list_remove(&pool->actions, LINKS(pool->connections, of_actions), c->slot);
	c->pending = 0;
}

static void give_back(struct pool *pool, struct connection *c)
{
	struct node *node = node_of(pool, c);

	breaker_token_give(node, c->probe);
	list_remove(&node->connections, LINKS(pool->connections, of_node), c->slot);
	c->state = CONNECTION_FREE;
	c->generation = generation_next(c->generation);
	list_push_head(&pool->free_connections, LINKS(pool->connections, of_node), c->slot);
	pool->room = true;
}

void connection_settle(struct pool *pool, struct connection *c)
{
	slots_give(pool, node_of(pool, c), c->slots - c->leased);
	c->slots = c->leased;
	if (c->leased == 0)
		give_back(pool, c);
}

void connection_gone(struct pool *pool, struct connection *c, enum pool_why why)
{
	struct node *node = node_of(pool, c);

	unlist(pool, node, c);
	unrest(pool, c);
	drop_pending(pool, c);
	node->counts.closed[why]++;
	if (c->flags & CONNECTION_MADE)
		node->counts.destroyed++;
	connection_enter(pool, c, CONNECTION_CLOSED);
	c->answer_ns = 0;
	connection_settle(pool, c);
}

void connection_close(struct pool *pool, struct connection *c, enum pool_why why)
{
	if (c->state == CONNECTION_CLOSING || c->state == CONNECTION_CLOSED)
		return;
	c->flags |= CONNECTION_BLAMELESS;
	if (c->pending & PENDING_DIAL) {
		connection_gone(pool, c, why);
		return;
	}
	unlist(pool, node_of(pool, c), c);
	drop_pending(pool, c);
	connection_enter(pool, c, CONNECTION_CLOSING);
	c->answer_ns = 0;
	c->why = (uint8_t)why;
	connection_want(pool, c, PENDING_CLOSE);
}

// Whether a connection that leaves for that may break without saying anything new of its node.
static bool is_own_reason(enum pool_why why)
{
	return why == POOL_GOAWAY || why == POOL_FLUSHED || why == POOL_NODE_GONE ||
	       why == POOL_DRAINING;
}

void connection_leave(struct pool *pool, struct connection *c, enum pool_why why)
{
	if (c->leased == 0) {
		connection_close(pool, c, why);
		return;
	}
	if (c->state != CONNECTION_READY || c->flags & CONNECTION_LEAVING)
		return;
	c->flags |= CONNECTION_LEAVING;
	connection_list(pool, node_of(pool, c), c);
	if (is_own_reason(why))
		c->flags |= CONNECTION_BLAMELESS;
	c->why = (uint8_t)why;
}

// Where places for connections are short, and not slots, what is reserved helps nobody.
bool connection_is_spare(const struct pool *pool, const struct connection *c)
{
	const struct node *node = node_of(pool, c);

	return pool->free_connections.head == LIST_NONE || node->slots > node->reserved;
}

static uint64_t asked_ns(const struct pool *pool, const struct node *node)
{
	return node->waiters.head == LIST_NONE ? UINT64_MAX
					       : pool->waiters[node->waiters.head].asked_ns;
}

// Whether another node that is short of room has waited longer than this one's own waiters, and
// gets what this one can spare. Nobody is short of room as a rule.
static bool starved_first(const struct pool *pool, const struct connection *c)
{
	const struct node *node = node_of(pool, c);
	uint64_t its_ns = asked_ns(pool, node);

	for (uint16_t at = pool->starved.head; at != LIST_NONE;
		at = pool->nodes[at].of_starved.next)
		if (&pool->nodes[at] != node && asked_ns(pool, &pool->nodes[at]) < its_ns)
			return connection_is_spare(pool, c);
	return false;
}

// A multiplexed one may never be quite idle: one at a time takes no new requests. It may be held
// for long; another one that is idle makes room at once.
static void leave_for_starved(struct pool *pool, struct connection *c)
{
	if (c->leased == 0) {
		connection_close(pool, c, POOL_ROOM);
		return;
	}
	if (pool->leaver != POOL_NONE && connection_get(pool, pool->leaver))
		return;
	pool->leaver = connection_name(c);
	connection_leave(pool, c, POOL_ROOM);
}

void connection_rest(struct pool *pool, uint64_t now_ns, struct connection *c)
{
	if (c->state != CONNECTION_READY)
		return;
	connection_list(pool, node_of(pool, c), c);
	if (c->leased == 0 && c->flags & CONNECTION_LEAVING)
		connection_close(pool, c, c->why);
	else if (pool->starved.head != LIST_NONE && starved_first(pool, c))
		leave_for_starved(pool, c);
	if (c->leased == 0 && pool->config.idle_timeout_ns)
		pool->connections_due_ns =
			min_u64(pool->connections_due_ns, now_ns + pool->config.idle_timeout_ns);
}

void connection_flush(struct pool *pool, struct node *node, enum pool_why why, bool all)
{
	for (uint16_t at = node->connections.head, next; at != LIST_NONE; at = next) {
		struct connection *c = &pool->connections[at];

		next = c->of_node.next;
		if (c->listed != LISTED_NOT) // a request could be given to it
			connection_leave(pool, c, why);
		else if (all && c->state != CONNECTION_CLOSED)
			connection_leave(pool, c, why);
		else if (c->state == CONNECTION_CHECKING)
			connection_close(pool, c, why);
	}
}
