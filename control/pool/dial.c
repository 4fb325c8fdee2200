// When a connection is dialed: for those who wait, if what is there will not be free sooner; and
// ahead of need, up to what is kept ready.
#include "control/pool/core.h"

static uint32_t dials_max(const struct pool *pool, const struct node *node)
{
	return max_u32(pool->config.dials_max, node->ready_count);
}

enum pool_why dial_bar(const struct pool *pool, uint64_t now_ns, const struct node *node)
{
	if (node->gate & GATE_GONE)
		return POOL_NODE_GONE;
	if (node->gate & GATE_DRAINING)
		return POOL_DRAINING;
	if (node->gate & GATE_PAUSED)
		return POOL_PAUSED;
	if (node->breaker != POOL_BREAKER_CLOSED && !breaker_lets_pass(pool, node))
		return POOL_BREAKER_OPEN;
	if (now_ns < node->backoff_until_ns)
		return POOL_BACKING_OFF;
	if (node->dialing_count >= dials_max(pool, node))
		return POOL_DIALING;
	if (slots_room_node(pool, node) == 0)
		return POOL_NODE_LIMIT;
	if (slots_room_total(pool, node) == 0 || pool->free_connections.head == LIST_NONE)
		return POOL_TOTAL_LIMIT;
	return POOL_OK;
}

// Requests that the node's connections finish while a dial lasts. Nobody knows that before both
// were measured; and whoever has waited longer than a dial was promised too much.
static uint64_t served_meanwhile(const struct pool *pool, uint64_t now_ns, const struct node *node)
{
	uint64_t asked_ns = now_ns;

	if (node->waiters.head != LIST_NONE)
		asked_ns = pool->waiters[node->waiters.head].asked_ns;
	if (!node->hold_ns || now_ns - asked_ns >= node->dial_ns)
		return 0;
	return node->ready_slots * (node->dial_ns / 1000) / (node->hold_ns / 1000 + 1);
}

uint32_t dial_short(
	const struct pool *pool, uint64_t now_ns, const struct node *node, uint32_t more)
{
	uint64_t wanted = node->waiters_count + more;
	uint64_t coming = node->dialing_slots + node->checking_count;

	if (wanted <= coming)
		return 0;
	coming += served_meanwhile(pool, now_ns, node);
	return wanted <= coming ? 0 : (uint32_t)(wanted - coming);
}

static struct connection *begin(struct pool *pool, uint64_t now_ns, struct node *node)
{
	uint16_t at = pool->free_connections.head;
	struct connection *c = &pool->connections[at];
	uint32_t slots = min_u32(slots_room_node(pool, node), slots_room_total(pool, node));

	list_remove(&pool->free_connections, LINKS(pool->connections, of_node), at);
	*c = (struct connection){.slot = at,
		.generation = c->generation,
		.node = node->slot,
		.slots = (uint16_t)min_u32(slots, pool->config.stream_slots),
		.created_ns = now_ns,
		.expires_ns = UINT64_MAX,
		.answer_ns = now_ns + pool->config.dial_timeout_ns};
	slots_take(pool, node, c->slots);
	list_push_tail(&node->connections, LINKS(pool->connections, of_node), at);
	connection_enter(pool, c, CONNECTION_DIALING);
	connection_want(pool, c, PENDING_DIAL);
	pool->connections_due_ns = min_u64(pool->connections_due_ns, c->answer_ns);
	if (node->breaker == POOL_BREAKER_TRIPPED)
		breaker_half_open(node);
	c->probe = breaker_token_take(node);
	node->counts.dials++;
	return c;
}

// The idle connection that was used the longest time ago, of a node that has more than it has
// reserved, makes room. Its CLOSE frees the slot, then the starved are served.
static void steal(struct pool *pool, const struct node *thief)
{
	for (uint16_t at = pool->rested.tail; at != LIST_NONE;
		at = pool->connections[at].of_rested.prev) {
		struct connection *c = &pool->connections[at];

		if (c->listed != LISTED_IDLE || c->node == thief->slot ||
			!connection_is_spare(pool, c))
			continue;
		connection_close(pool, c, POOL_ROOM);
		return;
	}
}

// In the line of those who are short of room, or out of it. Who is in it keeps the place.
static void starve(struct pool *pool, struct node *node, bool starved)
{
	if (node->starved && !starved)
		list_remove(&pool->starved, LINKS(pool->nodes, of_starved), node->slot);
	if (starved && !node->starved)
		list_push_tail(&pool->starved, LINKS(pool->nodes, of_starved), node->slot);
	node->starved = starved;
}

void dial_starved_no_more(struct pool *pool, struct node *node)
{
	starve(pool, node, false);
}

void dial_starved_last(struct pool *pool, struct node *node)
{
	starve(pool, node, false);
	starve(pool, node, true);
}

// When somebody who waits is thought of again though nothing happens.
static void demand_again(struct pool *pool, uint64_t now_ns, const struct node *node)
{
	uint64_t at_ns;

	if (node->waiters.head == LIST_NONE)
		return;
	at_ns = pool->waiters[node->waiters.head].asked_ns + node->dial_ns;
	if (now_ns < node->backoff_until_ns)
		at_ns = node->backoff_until_ns;
	if (at_ns > now_ns)
		node_due(pool, at_ns);
}

void dial_demand(struct pool *pool, uint64_t now_ns, struct node *node)
{
	uint32_t wanted = node->waiters_count ? dial_short(pool, now_ns, node, 0) : 0;
	enum pool_why bar = POOL_OK;

	while (wanted > 0 && (bar = dial_bar(pool, now_ns, node)) == POOL_OK)
		wanted -= min_u32(wanted, begin(pool, now_ns, node)->slots);
	starve(pool, node, wanted > 0 && bar == POOL_TOTAL_LIMIT);
	if (node->starved)
		steal(pool, node);
	demand_again(pool, now_ns, node);
}

void dial_fill(struct pool *pool, uint64_t now_ns, struct node *node, bool idle_too)
{
	uint32_t goal = max_u32(node->goal, node->warm), have = node_connections(node);
	uint32_t idle = node->idle_count + node->checking_count + node->dialing_count;
	uint32_t wanted = goal > have ? goal - have : 0;
	enum pool_why bar = POOL_OK;

	node->fill_ns = UINT64_MAX;
	if (node->liveness != POOL_ALIVE)
		return;
	if (idle_too && idle < pool->config.min_idle)
		wanted = max_u32(wanted, pool->config.min_idle - idle);
	for (; wanted > 0 && (bar = dial_bar(pool, now_ns, node)) == POOL_OK; wanted--)
		begin(pool, now_ns, node);
	if (bar == POOL_BACKING_OFF) {
		node->fill_ns = node->backoff_until_ns;
		node_due(pool, node->fill_ns);
	}
	if (bar == POOL_NODE_LIMIT || bar == POOL_TOTAL_LIMIT)
		node->warm = 0; // it is asked for once
}

void dial_fill_soon(struct pool *pool, uint64_t now_ns, struct node *node)
{
	uint64_t at_ns = now_ns + 1000000ull * random_below(pool, 100);

	if (node_connections(node) >= max_u32(node->goal, node->warm))
		return;
	node->fill_ns = min_u64(node->fill_ns, at_ns);
	node_due(pool, node->fill_ns);
}

// Several that fail together are one failure.
void dial_failed(struct pool *pool, uint64_t now_ns, struct connection *c, enum pool_why why)
{
	struct node *node = node_of(pool, c);
	const struct pool_config *config = &pool->config;
	bool first = now_ns >= node->backoff_until_ns;

	node->counts.dials_failed++;
	if (why == POOL_DIAL_TIMEOUT)
		connection_close(pool, c, why);
	else
		connection_gone(pool, c, why);
	if (first) {
		node->backoff_until_ns =
			now_ns + random_backoff(pool, config->backoff_base_ns,
					 node->backoff_times++, config->backoff_cap_ns,
					 config->backoff_jitter);
		breaker_failure(pool, now_ns, node);
	}
	node->fill_ns = min_u64(node->fill_ns, node->backoff_until_ns);
	node_due(pool, node->backoff_until_ns);
}
