// What the limits count: stream slots of a node and of all, with what is reserved for each node.
//
// pool->slots + pool->reserve_open <= total_max holds always: so a node can have what it has
// reserved, whatever the others do.
#include "control/pool/core.h"

static uint32_t reserve_open(const struct node *node)
{
	return node->reserved > node->slots ? node->reserved - node->slots : 0;
}

uint32_t slots_room_node(const struct pool *pool, const struct node *node)
{
	return pool->config.node_max - node->slots;
}

uint32_t slots_room_total(const struct pool *pool, const struct node *node)
{
	return pool->config.total_max - pool->slots - pool->reserve_open + reserve_open(node);
}

void slots_reserve(struct pool *pool, struct node *node)
{
	uint32_t wanted = pool->config.node_reserved;
	uint32_t more = wanted > node->slots ? wanted - node->slots : 0;

	if (node->reserved || more > pool->config.total_max - pool->slots - pool->reserve_open)
		return;
	node->reserved = wanted;
	pool->reserve_open += more;
	pool->unreserved--;
}

void slots_reserve_more(struct pool *pool)
{
	for (uint16_t at = pool->used_nodes.head; at != LIST_NONE && pool->unreserved > 0;
		at = pool->nodes[at].of_used.next)
		slots_reserve(pool, &pool->nodes[at]);
}

void slots_take(struct pool *pool, struct node *node, uint32_t count)
{
	assert(count <= slots_room_node(pool, node) && count <= slots_room_total(pool, node));
	pool->reserve_open -= reserve_open(node);
	node->slots += count;
	pool->slots += count;
	pool->reserve_open += reserve_open(node);
}

void slots_give(struct pool *pool, struct node *node, uint32_t count)
{
	assert(count <= node->slots);
	pool->reserve_open -= reserve_open(node);
	node->slots -= count;
	pool->slots -= count;
	pool->reserve_open += reserve_open(node);
	pool->room = true;
}
