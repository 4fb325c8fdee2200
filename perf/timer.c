// The timing wheel of a worker with 1, 16 and 256 connections. `turn`: the loop comes round every
// 2 us, what is due is set again. `rearm`: a deadline moves. `next`: how long may the worker sleep.
#include "perf/timer.h"

#include <stdlib.h>

#include "dataplane/transport/wheel.h"

struct ours {
	struct timer_load load;
	struct wheel wheel;
	struct wheel_node node[TIMER_MAX];
	uint64_t at_ns[TIMER_MAX]; // the wheel forgets what is due
};

static void ours_set(struct ours *o, uint32_t connection, uint64_t at_ns)
{
	o->at_ns[connection] = at_ns;
	wheel_set(&o->wheel, &o->node[connection], at_ns);
}

static void *ours_open(const struct bench *bench)
{
	struct ours *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->load = (struct timer_load){.seed = 1, .count = bench->param};
	wheel_init(&o->wheel, 0);
	for (uint32_t i = 0; i < o->load.count; i++) {
		wheel_node_init(&o->node[i]);
		ours_set(o, i, timer_draw(&o->load, i));
	}
	return o;
}

static uint64_t ours_turns(void *state, uint64_t operations)
{
	struct ours *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		struct list due;

		list_init(&due);
		o->load.now_ns += TIMER_TURN_NS;
		wheel_advance(&o->wheel, o->load.now_ns, &due);
		while (!list_empty(&due)) {
			struct wheel_node *n = list_entry(due.next, struct wheel_node, node);
			uint32_t connection = (uint32_t)(n - o->node);

			list_del(&n->node);
			hash = timer_hash(hash, o->at_ns[connection], connection);
			ours_set(o, connection, timer_draw(&o->load, connection));
		}
	}
	return hash;
}

static uint64_t ours_rearms(void *state, uint64_t operations)
{
	struct ours *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint32_t connection = (uint32_t)(i % o->load.count);
		uint64_t at_ns;

		o->load.seed++;
		at_ns = timer_draw(&o->load, connection);
		wheel_set(&o->wheel, &o->node[connection], at_ns);
		hash = timer_hash(hash, at_ns, connection);
	}
	return hash;
}

static uint64_t ours_next(void *state, uint64_t operations)
{
	struct ours *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint32_t connection = (uint32_t)(i % o->load.count);

		ours_set(o, connection, o->at_ns[connection] + 1);
		hash += wheel_next(&o->wheel);
	}
	return hash;
}

#define PAIR(what, n, ours, than, its_open, its, where)                                            \
	{.id = "timer/" what "/" than "/" #n,                                                      \
		.unit = "1/s",                                                                     \
		.limit = "timer/limit/" than "/" what "/" #n,                                      \
		.amount = 1,                                                                       \
		.param = n,                                                                        \
		.location = "dataplane/transport/wheel.c:" where,                                  \
		.open = ours_open,                                                                 \
		.body = ours,                                                                      \
		.close = free},                                                                    \
	{                                                                                          \
		.id = "timer/limit/" than "/" what "/" #n, .unit = "1/s", .amount = 1, .param = n, \
		.open = its_open, .body = its, .close = free                                       \
	}
#define PAIRS(n)                                                                          \
	PAIR("turn", n, ours_turns, "array", timer_array_open, timer_array_turns,         \
		"wheel_advance"),                                                         \
		PAIR("turn", n, ours_turns, "heap", timer_heap_open, timer_heap_turns,    \
			"wheel_advance"),                                                 \
		PAIR("rearm", n, ours_rearms, "heap", timer_heap_open, timer_heap_rearms, \
			"wheel_set"),                                                     \
		PAIR("next", n, ours_next, "array", timer_array_open, timer_array_next,   \
			"wheel_next")

const struct bench timer_benches[] = {PAIRS(1), PAIRS(16), PAIRS(256)};
const size_t timer_benches_count = sizeof(timer_benches) / sizeof(timer_benches[0]);
