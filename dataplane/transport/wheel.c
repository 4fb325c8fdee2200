// The timing wheel of a worker's connections.
#include "dataplane/transport/wheel.h"

void wheel_init(struct wheel *w, uint64_t now_ns)
{
	w->tick = now_ns >> WHEEL_TICK_SHIFT;
	for (uint32_t l = 0; l < WHEEL_LEVELS; l++) {
		w->used[l] = 0;
		for (uint32_t s = 0; s < WHEEL_SLOTS; s++)
			list_init(&w->slots[l][s]);
	}
}

void wheel_node_init(struct wheel_node *n)
{
	list_init(&n->node);
	n->at_ns = WHEEL_NEVER;
}

void wheel_remove(struct wheel *w, struct wheel_node *n)
{
	if (n->at_ns == WHEEL_NEVER)
		return;
	list_del(&n->node);
	if (list_empty(&w->slots[n->level][n->slot]))
		w->used[n->level] &= ~(1ull << n->slot);
	n->at_ns = WHEEL_NEVER;
}

// A distance of 64^L ticks or more lands at level L, in a slot that
// the level has not reached yet. What is further away than the last
// level reaches stands in its last slot and is set again from there.
static void wheel_insert(struct wheel *w, struct wheel_node *n)
{
	uint64_t tick = n->at_ns >> WHEEL_TICK_SHIFT;
	if (tick < w->tick)
		tick = w->tick;
	uint64_t distance = tick - w->tick;
	uint32_t level = 0;
	while (level < WHEEL_LEVELS - 1 && distance >> (6 * (level + 1)))
		level++;
	if (distance >> (6 * WHEEL_LEVELS))
		tick = w->tick + (1ull << (6 * WHEEL_LEVELS)) - 1;
	n->level = (uint8_t)level;
	n->slot = (uint8_t)(tick >> (6 * level) & (WHEEL_SLOTS - 1));
	list_add_tail(&w->slots[level][n->slot], &n->node);
	w->used[level] |= 1ull << n->slot;
}

void wheel_set(struct wheel *w, struct wheel_node *n, uint64_t at_ns)
{
	wheel_remove(w, n);
	if (at_ns == WHEEL_NEVER)
		return;
	n->at_ns = at_ns;
	wheel_insert(w, n);
}

// Bits of the slots that this level enters between two ticks. Level 0
// looks at its current slot again: what was not due a moment ago may be
// now. Higher levels never hold anything for the slot they stand in.
static uint64_t wheel_entered(uint32_t level, uint64_t from, uint64_t to)
{
	uint64_t a = from >> (6 * level), b = to >> (6 * level);
	if (level)
		a++;
	if (b < a)
		return 0;
	if (b - a >= WHEEL_SLOTS - 1)
		return ~0ull;
	uint64_t run = (1ull << (b - a + 1)) - 1;
	uint32_t shift = (uint32_t)(a & 63);
	return shift ? run << shift | run >> (64 - shift) : run;
}

void wheel_advance(struct wheel *w, uint64_t now_ns, struct list *due)
{
	uint64_t from = w->tick, to = now_ns >> WHEEL_TICK_SHIFT;
	if (to < from)
		to = from;
	w->tick = to;
	for (uint32_t l = WHEEL_LEVELS; l-- > 0;) {
		uint64_t hit = wheel_entered(l, from, to) & w->used[l];
		for (; hit; hit &= hit - 1) {
			uint32_t s = (uint32_t)__builtin_ctzll(hit);
			struct list entered;
			list_move(&entered, &w->slots[l][s]);
			w->used[l] &= ~(1ull << s);
			while (!list_empty(&entered)) {
				struct wheel_node *n =
					list_entry(entered.next, struct wheel_node, node);
				list_del(&n->node);
				if (n->at_ns > now_ns) {
					wheel_insert(w,
						n); // nearer now: a lower level, or the same slot
					continue;
				}
				n->at_ns = WHEEL_NEVER;
				list_add_tail(due, &n->node);
			}
		}
	}
}

uint64_t wheel_next(const struct wheel *w)
{
	uint64_t best = WHEEL_NEVER;
	for (uint32_t l = 0; l < WHEEL_LEVELS; l++) {
		if (w->used[l] == 0)
			continue;
		// In the order in which the level will enter its slots, the first one used.
		uint32_t first = (uint32_t)((w->tick >> (6 * l)) + (l ? 1 : 0)) & 63;
		uint64_t m = first ? w->used[l] >> first | w->used[l] << (64 - first) : w->used[l];
		uint32_t s = (first + (uint32_t)__builtin_ctzll(m)) & 63;
		const struct list *slot = &w->slots[l][s];
		for (const struct list *i = slot->next; i != slot; i = i->next) {
			const struct wheel_node *n =
				(const struct wheel_node *)((const char *)i -
							    offsetof(struct wheel_node, node));
			if (n->at_ns < best)
				best = n->at_ns;
		}
	}
	return best;
}
