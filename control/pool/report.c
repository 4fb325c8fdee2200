// How pool and nodes stand: slots, counts, health, waits, leases that were never released.
#include "control/pool/core.h"

#include <string.h>

void counts_add(struct pool_counts *sum, const struct pool_counts *counts)
{
	static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "nothing but counts");
	uint64_t *to = (uint64_t *)(void *)sum;
	const uint64_t *from = (const uint64_t *)(const void *)counts;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

static struct pool_slots slots_of(const struct node *node)
{
	return (struct pool_slots){
		.leased = node->leased,
		.idle = node->slots - node->leased - node->dialing_slots,
		.dialing = node->dialing_slots,
	};
}

struct pool_slots report_slots(const struct pool *pool)
{
	struct pool_slots all = {0};

	for (uint16_t at = pool->used_nodes.head; at != LIST_NONE;
		at = pool->nodes[at].of_used.next)
		all.dialing += pool->nodes[at].dialing_slots;
	all.leased = pool->leased;
	all.idle = pool->slots - pool->leased - all.dialing;
	return all;
}

// All leases are looked at, so that none has to be kept in order while requests come and go.
static bool is_leaked(const struct pool *pool, uint64_t now_ns, const struct lease *lease)
{
	return lease->connection != LIST_NONE && pool->config.leak_ns &&
	       now_ns - lease->acquired_ns >= pool->config.leak_ns;
}

static uint32_t leaked(const struct pool *pool, uint64_t now_ns)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->config.total_max; i++)
		count += is_leaked(pool, now_ns, &pool->leases[i]);
	return count;
}

void pool_report(const struct pool *pool, uint64_t now_ns, struct pool_report *report)
{
	*report = (struct pool_report){
		.slots = report_slots(pool),
		.nodes = pool->nodes_count,
		.leaked = leaked(pool, now_ns),
		.paused = pool->gate & GATE_PAUSED,
		.draining = pool->gate & GATE_DRAINING,
		.health_pass_ns = pool->health_pass_ns,
		.lru_lookups = pool->lru.lookups,
		.lru_hits = pool->lru.hits,
		.acquire_p50_ns = wait_time_at(pool, 500),
		.acquire_p90_ns = wait_time_at(pool, 900),
		.acquire_p99_ns = wait_time_at(pool, 990),
		.acquire_max_ns = pool->wait_max_ns,
		.utilisation = pool->leased * 100 / pool->config.total_max,
		.counts = pool->counts,
	};
	for (uint16_t at = pool->used_nodes.head; at != LIST_NONE;
		at = pool->nodes[at].of_used.next) {
		const struct node *node = &pool->nodes[at];

		report->connections += node_connections(node);
		report->waiters += node->waiters_count;
		counts_add(&report->counts, &node->counts);
	}
}

void report_node(const struct pool *pool, const struct node *node, struct pool_node_report *out)
{
	*out = (struct pool_node_report){
		.node = name_of(node->slot, node->generation),
		.slots = slots_of(node),
		.connections = node_connections(node),
		.waiters = node->waiters_count,
		.ready_goal = node->goal,
		.liveness = node->liveness,
		.health = health_of_node(pool, node),
		.breaker = node->breaker,
		.paused = node->gate & GATE_PAUSED,
		.draining = node->gate & GATE_DRAINING,
		.reserved = node->reserved > 0,
		.failures = node->failures,
		.rtt_ns = node->rtt_ns,
		.baseline_ns = node->baseline_ns,
		.dial_ns = node->dial_ns,
		.retry_ns = node->breaker == POOL_BREAKER_TRIPPED ? node->opened_until_ns
								  : node->backoff_until_ns,
		.health_pass_ns = node->health_pass_ns,
		.utilisation = node->utilisation,
		.counts = node->counts,
	};
	memcpy(out->name, node->name, sizeof(out->name));
}

bool pool_report_node(const struct pool *pool, uint32_t *at, struct pool_node_report *report)
{
	while (*at < pool->config.nodes_max && !pool->nodes[*at].used)
		(*at)++;
	if (*at == pool->config.nodes_max)
		return false;
	report_node(pool, &pool->nodes[(*at)++], report);
	return true;
}

static struct pool_leak leak_of(const struct pool *pool, uint32_t at)
{
	const struct lease *lease = &pool->leases[at];
	const struct connection *c = &pool->connections[lease->connection];

	return (struct pool_leak){
		.node = name_of(c->node, node_of(pool, c)->generation),
		.connection = connection_name(c),
		.lease = name_of(at, lease->generation),
		.acquired_ns = lease->acquired_ns,
		.cookie = lease->cookie,
		.site = lease->site,
	};
}

// Among `count` others by age; where there is no room for all, the youngest has none.
static uint32_t leak_add(
	struct pool_leak *leaks, uint32_t count, uint32_t max, const struct pool_leak *leak)
{
	uint32_t at = count;

	for (; at > 0 && leaks[at - 1].acquired_ns > leak->acquired_ns; at--)
		if (at < max)
			leaks[at] = leaks[at - 1];
	if (at < max)
		leaks[at] = *leak;
	return min_u32(count + 1, max);
}

uint32_t pool_leaks(const struct pool *pool, uint64_t now_ns, struct pool_leak *leaks, uint32_t max)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->config.total_max; i++)
		if (is_leaked(pool, now_ns, &pool->leases[i])) {
			struct pool_leak leak = leak_of(pool, i);

			count = leak_add(leaks, count, max, &leak);
		}
	return count;
}
