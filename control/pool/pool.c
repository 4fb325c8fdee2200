// The memory of a pool: how much, and what lies where.
#include "control/pool/core.h"

#include <string.h>

static size_t aligned(size_t bytes)
{
	return (bytes + 63) & ~(size_t)63;
}

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

size_t pool_size(const struct pool_config *config)
{
	return aligned(sizeof(struct pool)) +
	       aligned(config->connections_max * sizeof(struct connection)) +
	       aligned(config->total_max * sizeof(struct lease)) +
	       aligned(config->waiters_max * sizeof(struct waiter)) +
	       aligned(config->nodes_max * sizeof(struct node)) +
	       aligned(power_of_two(config->nodes_max) * sizeof(uint16_t)) +
	       aligned(lru_size(config->lru_entries));
}

static void *carve(uint8_t **at, size_t bytes)
{
	uint8_t *its = *at;

	*at += aligned(bytes);
	return its;
}

static void free_lists(struct pool *pool)
{
	const struct pool_config *config = &pool->config;

	pool->free_connections = pool->free_waiters = pool->free_nodes = LIST_EMPTY;
	for (uint32_t i = 0; i < config->connections_max; i++) {
		pool->connections[i].slot = (uint16_t)i;
		pool->connections[i].generation = 1;
		list_push_tail(
			&pool->free_connections, LINKS(pool->connections, of_node), (uint16_t)i);
	}
	for (uint32_t i = 0; i < config->waiters_max; i++) {
		pool->waiters[i].generation = 1;
		list_push_tail(&pool->free_waiters, LINKS(pool->waiters, in_line), (uint16_t)i);
	}
	for (uint32_t i = 0; i < config->nodes_max; i++) {
		pool->nodes[i].slot = (uint16_t)i;
		list_push_tail(&pool->free_nodes, LINKS(pool->nodes, of_used), (uint16_t)i);
	}
	pool->free_lease = 0;
	for (uint32_t i = 0; i < config->total_max; i++) {
		pool->leases[i].connection = LIST_NONE;
		pool->leases[i].generation = 1;
		pool->leases[i].next = (uint16_t)(i + 1 < config->total_max ? i + 1 : LIST_NONE);
	}
}

struct pool *pool_init(
	void *memory, const struct pool_config *config, uint64_t seed, uint64_t now_ns)
{
	uint32_t buckets = power_of_two(config->nodes_max);
	struct pool *pool = memory;
	uint8_t *at = memory;

	assert((uintptr_t)memory % 64 == 0);
	memset(memory, 0, pool_size(config));
	carve(&at, sizeof(*pool));
	pool->config = *config;
	pool->connections = carve(&at, config->connections_max * sizeof(struct connection));
	pool->leases = carve(&at, config->total_max * sizeof(struct lease));
	pool->waiters = carve(&at, config->waiters_max * sizeof(struct waiter));
	pool->nodes = carve(&at, config->nodes_max * sizeof(struct node));
	pool->node_buckets = carve(&at, buckets * sizeof(uint16_t));
	pool->node_mask = buckets - 1;
	memset(pool->node_buckets, 0xff, buckets * sizeof(uint16_t));
	lru_init(&pool->lru, at, config->lru_entries);
	free_lists(pool);
	pool->used_nodes = pool->rested = pool->actions = LIST_EMPTY;
	pool->answers = pool->starved = LIST_EMPTY;
	pool->leaver = POOL_NONE;
	pool->drain_ns = pool->waiters_due_ns = pool->connections_due_ns = UINT64_MAX;
	pool->nodes_due_ns = pool->health_due_ns = UINT64_MAX;
	pool->random = seed | 1ull << 63; // it must not be 0
	if (config->health_interval_ns)
		pool->health_due_ns = now_ns + random_around(pool, config->health_interval_ns, 10);
	return pool;
}
