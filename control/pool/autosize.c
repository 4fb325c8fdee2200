// Auto-size: what a node keeps ready follows how much of it is used, slowly. For a peak nobody
// waits for this: who waits has a connection dialed at once (dial.c).
#include "control/pool/core.h"

void autosize_busy(struct node *node, uint64_t now_ns)
{
	node->busy_slot_ns += node->leased * (now_ns - node->busy_at_ns);
	node->busy_at_ns = now_ns;
}

static uint32_t step_of(const struct pool *pool, const struct node *node)
{
	return max_u32(1, node->ready_count * pool->config.step_percent / 100);
}

static void grow(struct pool *pool, struct node *node)
{
	uint32_t goal = node->ready_count + step_of(pool, node);

	goal = min_u32(goal, pool->config.node_max / pool->config.stream_slots);
	if (goal <= node->goal)
		return;
	node->goal = goal;
	node->counts.grown++;
}

// Connections that are idle, those first that were used the longest time ago.
static void shrink(struct pool *pool, struct node *node)
{
	uint32_t have = node->ready_count, step = step_of(pool, node);
	uint32_t goal = max_u32(pool->config.min_idle, have > step ? have - step : 0);

	node->goal = max_u32(pool->config.min_idle, min_u32(node->goal, goal));
	if (have <= goal)
		return;
	node->counts.shrunk++;
	for (; have > goal && node->idle.tail != LIST_NONE; have--)
		connection_close(pool, &pool->connections[node->idle.tail], POOL_SHRUNK);
}

static void count(uint32_t *ticks, bool again)
{
	*ticks = again ? *ticks + 1 : 0;
}

void autosize_tick(struct pool *pool, uint64_t now_ns, struct node *node)
{
	const struct pool_config *config = &pool->config;
	uint64_t ns = now_ns - node->interval_ns, room = ns / 100 * node->ready_slots;

	autosize_busy(node, now_ns);
	node->utilisation = room ? (uint32_t)(node->busy_slot_ns / room) : 0;
	node->busy_slot_ns = 0;
	node->interval_ns = now_ns;
	if (!config->autosize)
		return;
	count(&node->hot_ticks, node->utilisation > config->grow_percent || node->waiters_count);
	count(&node->cold_ticks,
		node->utilisation < config->shrink_percent && node->hot_ticks == 0);
	if (node->hot_ticks >= config->grow_ticks) {
		node->hot_ticks = 0;
		grow(pool, node);
	} else if (node->cold_ticks >= config->shrink_ticks) {
		node->cold_ticks = 0;
		shrink(pool, node);
	}
}
