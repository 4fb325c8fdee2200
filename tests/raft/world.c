// Virtual time: the next thing that happens anywhere; and what a seed makes of a world.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/raft/codec.h"
#include "tests/raft/raft_sim.h"

const char *fault_name(enum fault fault)
{
	static const char *const names[FAULT_COUNT] = {
		[FAULT_LOST] = "lost",
		[FAULT_TWICE] = "twice",
		[FAULT_LATE] = "late",
		[FAULT_CUT] = "cut",
		[FAULT_CUT_ONE_WAY] = "cut one way",
		[FAULT_STOPPED] = "stopped",
		[FAULT_CRASH] = "crashes",
		[FAULT_EXIT] = "kills",
		[FAULT_STALL] = "disk stalls",
		[FAULT_EIO] = "disk errors",
		[FAULT_NO_ROOM] = "disk full",
		[FAULT_ROT] = "rot",
		[FAULT_MISDIRECT] = "misdirected",
		[FAULT_QUARANTINE] = "quarantines",
		[FAULT_UNNOTICED] = "unnoticed rot",
		[FAULT_ADD] = "added",
		[FAULT_REMOVE] = "removed",
		[FAULT_READD] = "added again",
		[FAULT_JOINT] = "joint changes",
		[FAULT_TRANSFER] = "transfers",
		[FAULT_SNAPSHOT] = "snapshots",
		[FAULT_INSTALL] = "installs",
	};

	return names[fault];
}

void world_fault(struct world *w, enum fault fault)
{
	w->faults[fault]++;
}

void world_init(struct world *w, const struct options *options)
{
	memset(w, 0, sizeof(*w));
	w->options = *options;
	w->rng.state = rng_mix(options->seed + 0x4af7);
	w->scratch = malloc(sizeof(*w->scratch));
	if (!w->scratch)
		abort();
	for (uint32_t i = 0; i < NODES_MAX; i++) {
		w->node[i].world = w;
		w->node[i].index = i;
		w->node[i].wake_ns = UINT64_MAX;
	}
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		w->client[i].op = HISTORY_MAX;
}

static void node_fini(struct node *node)
{
	if (node->disk)
		disk_sim_exit(node->disk);
	replica_free(node->replica);
	disk_sim_free(node->disk);
	for (uint32_t i = 0; i < node->inbox_count; i++)
		free(node->inbox[i]);
	free(node->terms);
	free(node->votes);
}

void world_fini(struct world *w)
{
	for (uint32_t i = 0; i < w->nodes; i++)
		node_fini(&w->node[i]);
	while (w->heap.count) {
		struct event event = heap_take(&w->heap);

		if (event.type == EVENT_PACKET)
			free(event.packet);
	}
	heap_fini(&w->heap);
	truth_fini(&w->truth);
	free(w->scratch);
}

void world_call(struct world *w, uint64_t at_ns, uint32_t argument,
	void (*call)(struct world *world, uint32_t argument))
{
	heap_put(&w->heap,
		(struct event){.at_ns = at_ns, .type = EVENT_CALL, .node = argument, .call = call});
}

static void step(struct world *w)
{
	struct event event = heap_take(&w->heap);

	w->now_ns = event.at_ns;
	w->events++;
	switch (event.type) {
	case EVENT_TICK:
		node_wake(w, &w->node[event.node]);
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
		step(w);
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
	fputc(10, w->options.trace);
	fflush(w->options.trace);
}

void world_hash(struct world *w, uint64_t value)
{
	w->hash = rng_mix(w->hash ^ value ^ w->now_ns);
}
