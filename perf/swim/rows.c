// What membership costs a quiet cluster: CPU and bytes of a member in a second, in virtual time,
// held against copying and hashing the same datagrams and nothing else.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "perf/bench.h"
#include "perf/clock.h"
#include "perf/count.h"
#include "perf/swim/world.h"

enum { INSTANT_NODES = 32, COPY_NODES = 100, RUN_MS = 500 };

// param: nodes.
static void *swim_open(const struct bench *bench)
{
	return world_new(bench_instant ? INSTANT_NODES : bench->param);
}

static void swim_close(void *state)
{
	world_free(state);
}

static json_t *extra(const struct world_totals *before, const struct world_totals *after,
	double member_s, double cpu_ns)
{
	return json_pack("{s:s, s:f, s:f, s:f, s:f, s:I}", "time", "virtual", "bytes_member_s",
		(double)(after->bytes - before->bytes) / member_s, "datagrams_member_s",
		(double)(after->datagrams - before->datagrams) / member_s, "sync_bytes_member_s",
		(double)(after->frame_bytes - before->frame_bytes) / member_s, "cpu_us_member_s",
		cpu_ns / 1000 / member_s, "false_alarms",
		(json_int_t)(after->false_alarms - before->false_alarms));
}

// Each datagram is made, carried and heard, with all that the timers do meanwhile.
static int swim_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct world *world = state;
	uint64_t start_ns = clock_ns(), virtual_ns = world_now_ns(world);
	struct world_totals before, after;
	struct count count;
	double member_s;

	world_totals(world, &before);
	count_start(&count);
	do
		world_run(world, RUN_MS * 1000000ull);
	while (clock_ns() - start_ns < duration_ns);
	out->ns = clock_ns() - start_ns;
	count_stop(&count);
	world_totals(world, &after);
	member_s = (double)(world_now_ns(world) - virtual_ns) / 1e9 * world_count(world);
	out->units = after.datagrams - before.datagrams;
	out->hash = after.false_alarms == 0;
	out->counters.allocs = (double)count.allocs;
	out->counters.syscalls = (double)count.syscalls;
	out->extra = extra(&before, &after, member_s, (double)out->ns);
	return 0;
}

static uint64_t hash_of(const uint8_t *bytes, size_t size)
{
	uint64_t hash = 14695981039346656037ull;

	while (size--)
		hash = (hash ^ *bytes++) * 1099511628211ull;
	return hash;
}

// The least that anybody does with a datagram: it is written, and read once.
static int copy_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	static volatile uint64_t sink;
	struct world *world = state;
	uint8_t bytes[SWIM_DATAGRAM_MAX];
	uint64_t start_ns = clock_ns(), done = 0;

	do {
		for (uint32_t i = 0; i < WORLD_KEPT; i++) {
			const struct swim_send *send = world_kept(world, i);

			memcpy(bytes, send->bytes, send->size);
			sink = hash_of(bytes, send->size);
		}
		done += WORLD_KEPT;
	} while (clock_ns() - start_ns < duration_ns);
	(void)sink;
	out->units = done;
	out->ns = clock_ns() - start_ns;
	out->hash = 1;
	return 0;
}

#define CPU(NODES)                                                                   \
	{                                                                            \
		.id = "swim/cpu/" #NODES, .unit = "1/s", .limit = "swim/limit/copy", \
		.param = (NODES), .sample_ms = 50, .pairs_max = 15,                  \
		.location = "control/cluster/swim/on_datagram.c", .open = swim_open, \
		.sample = swim_sample, .close = swim_close                           \
	}

const struct bench swim_benches[] = {
	{.id = "swim/limit/copy",
		.unit = "1/s",
		.param = COPY_NODES,
		.sample_ms = 50,
		.pairs_max = 15,
		.open = swim_open,
		.sample = copy_sample,
		.close = swim_close},
	CPU(100),
	CPU(1000),
};
const size_t swim_benches_count = sizeof(swim_benches) / sizeof(swim_benches[0]);
