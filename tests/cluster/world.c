// Virtual time: the next thing that happens anywhere.
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/cluster.h"

enum { CLOCK_START_DAYS = 30 };

// Aligned to a cache line, as the cores want it.
static void *memory_new(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	if (!memory)
		abort();
	return memory;
}

static void node_init(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];
	uint32_t drift = w->options.drift_ppm;

	node->index = index;
	node->tick_ns = UINT64_MAX;
	node->clock_ns = SECOND + rng_below(&w->rng, CLOCK_START_DAYS * 86400 * SECOND);
	node->drift_ppm = (int64_t)rng_below(&w->rng, 2 * drift + 1) - drift;
	node->seen = calloc(w->options.members, sizeof(*node->seen));
	node->subjects = calloc(w->config.members_max, sizeof(*node->subjects));
	if (!node->seen || !node->subjects)
		abort();
}

void world_init(struct world *w, const struct options *options)
{
	// Of each member one entry, a few while its address or metadata changes.
	uint32_t identities = 4 * options->members + 1024;

	memset(w, 0, sizeof(*w));
	w->options = *options;
	w->network = options->network;
	w->seeds = SEED_NODES;
	w->rng.state = rng_mix(options->seed + 0x5717);
	swim_config_init(&w->config, SWIM_LAN);
	w->config.members_max = options->members + 16;
	if (w->config.updates_max > w->config.members_max)
		w->config.updates_max = w->config.members_max;
	w->config.lifeguard = !options->plain;
	snprintf(w->config.cluster, sizeof(w->config.cluster), "simulated");
	w->identities_memory = memory_new(identities_size(identities));
	w->identities = identities_init(w->identities_memory, identities);
	w->out = memory_new(sizeof(*w->out));
	w->nodes = calloc(options->members, sizeof(*w->nodes));
	if (!w->nodes)
		abort();
	if (options->members <= SCAN_MAX)
		w->latest_ns = calloc(options->members * options->members, sizeof(*w->latest_ns));
	for (uint32_t i = 0; i < options->members; i++)
		node_init(w, i);
}

void world_fini(struct world *w)
{
	for (uint32_t i = 0; i < w->options.members; i++) {
		if (w->nodes[i].swim)
			node_crash(w, &w->nodes[i]);
		free(w->nodes[i].inbox);
		free(w->nodes[i].seen);
		free(w->nodes[i].subjects);
	}
	while (w->heap.count) {
		struct event event = heap_take(&w->heap);

		if (event.type == EVENT_PACKET)
			free(event.packet);
	}
	heap_fini(&w->heap);
	// Every node has given back what it held of the shared table.
	assert(identities_used(w->identities) == 0);
	free(w->nodes);
	free(w->latest_ns);
	free(w->out);
	free(w->identities_memory);
}

void world_call(struct world *w, uint64_t at_ns, uint32_t node,
	void (*call)(struct world *world, uint32_t node))
{
	heap_put(&w->heap,
		(struct event){.at_ns = at_ns, .type = EVENT_CALL, .node = node, .call = call});
}

static void world_step(struct world *w)
{
	struct event event = heap_take(&w->heap);

	w->now_ns = event.at_ns;
	w->events++;
	switch (event.type) {
	case EVENT_TICK:
		node_tick(w, &w->nodes[event.node], event.at_ns);
		break;
	case EVENT_PACKET:
		node_receive(w, event.packet);
		break;
	case EVENT_CALL:
		event.call(w, event.node);
		break;
	}
}

bool world_run(struct world *w, uint64_t until_ns)
{
	while (!w->failure[0] && w->heap.count && w->heap.events[0].at_ns <= until_ns)
		world_step(w);
	if (!w->failure[0])
		w->now_ns = until_ns;
	return !w->failure[0];
}

bool world_run_to(struct world *w, uint64_t at_most_ns, bool (*done)(const struct world *world))
{
	uint64_t end_ns = w->now_ns + at_most_ns;

	while (!done(w))
		if (w->now_ns >= end_ns || !world_run(w, w->now_ns + 10 * MS))
			return false;
	return true;
}

void world_fail(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->failure[0])
		return;
	va_start(args, format);
	vsnprintf(w->failure, sizeof(w->failure), format, args);
	va_end(args);
	world_trace(w, "FAILED: %s", w->failure);
}

void world_trace(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->options.trace)
		return;
	fprintf(w->options.trace, "%12.6f  ", (double)w->now_ns / 1e9);
	va_start(args, format);
	vfprintf(w->options.trace, format, args);
	va_end(args);
	fputc('\n', w->options.trace);
}

void world_hash(struct world *w, uint64_t value)
{
	w->hash = rng_mix(w->hash ^ value ^ w->now_ns);
}
