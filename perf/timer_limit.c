// What a timing wheel is held against: an array of deadlines that is looked through, and a binary
// heap (Williams, 1964) that knows where each of its entries stands.
#include <stdlib.h>
#include <string.h>

#include "perf/timer.h"

struct array {
	struct timer_load load;
	uint64_t at_ns[TIMER_MAX];
};

struct heap {
	struct timer_load load;
	uint32_t place[TIMER_MAX]; // of a connection in `entry`
	struct {
		uint64_t at_ns;
		uint32_t connection;
	} entry[TIMER_MAX];
};

void *timer_array_open(const struct bench *bench)
{
	struct array *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->load = (struct timer_load){.seed = 1, .count = bench->param};
	for (uint32_t i = 0; i < a->load.count; i++)
		a->at_ns[i] = timer_draw(&a->load, i);
	return a;
}

uint64_t timer_array_turns(void *state, uint64_t operations)
{
	struct array *a = state;
	uint64_t hash = 0;

	for (uint64_t o = 0; o < operations; o++) {
		a->load.now_ns += TIMER_TURN_NS;
		for (uint32_t i = 0; i < a->load.count; i++)
			if (a->at_ns[i] <= a->load.now_ns) {
				hash = timer_hash(hash, a->at_ns[i], i);
				a->at_ns[i] = timer_draw(&a->load, i);
			}
	}
	return hash;
}

uint64_t timer_array_next(void *state, uint64_t operations)
{
	struct array *a = state;
	uint64_t hash = 0;

	for (uint64_t o = 0; o < operations; o++) {
		uint64_t next = UINT64_MAX;

		a->at_ns[o % a->load.count] += 1;
		for (uint32_t i = 0; i < a->load.count; i++)
			next = a->at_ns[i] < next ? a->at_ns[i] : next;
		hash += next;
	}
	return hash;
}

static void heap_put(struct heap *h, uint32_t place, uint64_t at_ns, uint32_t connection)
{
	h->entry[place].at_ns = at_ns;
	h->entry[place].connection = connection;
	h->place[connection] = place;
}

static void heap_up(struct heap *h, uint32_t place, uint64_t at_ns, uint32_t connection)
{
	while (place > 0 && h->entry[(place - 1) / 2].at_ns > at_ns) {
		uint32_t parent = (place - 1) / 2;

		heap_put(h, place, h->entry[parent].at_ns, h->entry[parent].connection);
		place = parent;
	}
	heap_put(h, place, at_ns, connection);
}

static void heap_down(struct heap *h, uint32_t place, uint64_t at_ns, uint32_t connection)
{
	for (uint32_t child; (child = 2 * place + 1) < h->load.count; place = child) {
		if (child + 1 < h->load.count && h->entry[child + 1].at_ns < h->entry[child].at_ns)
			child++;
		if (h->entry[child].at_ns >= at_ns)
			break;
		heap_put(h, place, h->entry[child].at_ns, h->entry[child].connection);
	}
	heap_put(h, place, at_ns, connection);
}

static void heap_move(struct heap *h, uint32_t connection, uint64_t at_ns)
{
	uint32_t place = h->place[connection];

	if (at_ns < h->entry[place].at_ns)
		heap_up(h, place, at_ns, connection);
	else
		heap_down(h, place, at_ns, connection);
}

void *timer_heap_open(const struct bench *bench)
{
	struct heap *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->load = (struct timer_load){.seed = 1, .count = bench->param};
	for (uint32_t i = 0; i < h->load.count; i++)
		heap_up(h, i, timer_draw(&h->load, i), i);
	return h;
}

uint64_t timer_heap_turns(void *state, uint64_t operations)
{
	struct heap *h = state;
	uint64_t hash = 0;

	for (uint64_t o = 0; o < operations; o++) {
		h->load.now_ns += TIMER_TURN_NS;
		while (h->entry[0].at_ns <= h->load.now_ns) {
			uint32_t connection = h->entry[0].connection;

			hash = timer_hash(hash, h->entry[0].at_ns, connection);
			heap_move(h, connection, timer_draw(&h->load, connection));
		}
	}
	return hash;
}

uint64_t timer_heap_rearms(void *state, uint64_t operations)
{
	struct heap *h = state;
	uint64_t hash = 0;

	for (uint64_t o = 0; o < operations; o++) {
		uint32_t connection = (uint32_t)(o % h->load.count);
		uint64_t at_ns;

		h->load.seed++;
		at_ns = timer_draw(&h->load, connection);
		heap_move(h, connection, at_ns);
		hash = timer_hash(hash, at_ns, connection);
	}
	return hash;
}
