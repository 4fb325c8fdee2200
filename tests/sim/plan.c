// A seed becomes a plan: nodes, links and their impairments, connections, streams, records, timed
// faults. Nothing else of a run is random but what the links do to single frames.
#include <stdlib.h>

#include "lib/ipc/controller_names.h"
#include "tests/sim/sim.h"

static const char *const fault_names[FAULT_TYPE_COUNT] = {
	[FAULT_APP_STALL] = "application keeps its buffers",
	[FAULT_PORT_REFUSE] = "port refuses",
	[FAULT_POOL_EMPTY] = "pool is empty",
	[FAULT_PAUSE] = "node pauses",
	[FAULT_CLOCK_JUMP] = "clock jumps",
	[FAULT_LINK_DOWN] = "links are down",
	[FAULT_PATH_NARROW] = "path carries less",
	[FAULT_RESTART] = "node restarts",
	[FAULT_ABORT] = "end aborts",
	[FAULT_CLOSE] = "end closes early",
};

const char *fault_name(enum fault_type type)
{
	return fault_names[type];
}

// Bytes of UDP payload that pass a switch of some MTU between the smallest and the largest.
static uint32_t plan_carries(struct rng *r)
{
	return (uint32_t)rng_between(r, MTU_MIN, MTU_MAX) - 28;
}

// Uniform in the exponent: a microsecond and a tenth of a second are as likely as each other.
static uint64_t log_between(struct rng *r, uint64_t low, uint64_t high)
{
	uint64_t doublings = 0;
	while (low << (doublings + 1) <= high)
		doublings++;
	uint64_t from = low << rng_below(r, doublings + 1);
	return rng_between(r, from, 2 * from - 1 < high ? 2 * from - 1 : high);
}

static struct link_plan plan_link(struct rng *r)
{
	struct link_plan link = {
		.delay_ns = log_between(r, 2 * US, 20 * MS),
		.queue = (uint32_t)rng_between(r, 16, 1024),
	};
	if (rng_percent(r, 40))
		link.jitter_ns = rng_below(r, link.delay_ns);
	if (rng_percent(r, 40))
		link.rate_Bps = log_between(r, 1000000, 1250000000);
	if (rng_percent(r, 40))
		link.loss_ppm = (uint32_t)log_between(r, 100, 200000);
	if (rng_percent(r, 20)) {
		link.burst_ppm = (uint32_t)log_between(r, 100, 10000);
		link.burst_ns_max = log_between(r, 10 * US, 50 * MS);
	}
	if (rng_percent(r, 25))
		link.duplicate_ppm = (uint32_t)log_between(r, 100, 200000);
	if (rng_percent(r, 30))
		link.reorder_ppm = (uint32_t)log_between(r, 100, 300000);
	if (rng_percent(r, 25))
		link.corrupt_ppm = (uint32_t)log_between(r, 100, 100000);
	return link;
}

static uint32_t plan_record_size(struct rng *r, uint32_t segment, uint32_t budget)
{
	uint32_t size;
	switch (rng_below(r, 8)) {
	case 0:
		return 0;
	case 1:
		size = (uint32_t)rng_between(r, 1, 64);
		break;
	case 2: // around the end of a segment: the first one carries the 16-byte block header
		size = (uint32_t)(segment * rng_between(r, 1, 4) + rng_below(r, 4)) - 18u;
		break;
	case 3:
		size = RECORD_RAW_MAX - (uint32_t)rng_below(r, 3);
		break;
	default:
		size = (uint32_t)log_between(r, 16, RECORD_RAW_MAX);
	}
	size = size > RECORD_RAW_MAX ? RECORD_RAW_MAX : size;
	return size > budget ? budget : size;
}

// Fills up to `budget` bytes of records; returns what is left of it.
static uint32_t plan_stream(
	struct rng *r, struct stream_plan *stream, uint32_t segment, uint32_t budget)
{
	bool many = rng_percent(r, 10); // more small records than the record window holds
	uint32_t count =
		many ? (uint32_t)rng_between(r, 130, 400) : (uint32_t)rng_between(r, 1, 12);
	stream->count = count;
	stream->records = calloc(count, sizeof(*stream->records));
	if (!stream->records)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		struct record_plan *record = &stream->records[i];
		uint32_t left = many && budget > 700 ? 700 : budget;
		uint32_t size = plan_record_size(r, segment, left);
		budget -= size;
		record->stored_size = size;
		record->raw_size = size;
		record->message_end = rng_percent(r, 50);
		record->compressed = size > 0 && rng_percent(r, 25);
		if (record->compressed)
			record->raw_size = (uint32_t)rng_between(r, size, RECORD_RAW_MAX);
	}
	return budget;
}

static void plan_end(struct rng *r, struct end_plan *end, uint32_t segment, uint64_t open_ns)
{
	end->credit_records = (uint32_t)log_between(r, 1, 128);
	end->hold_ns = rng_percent(r, 50) ? 0 : log_between(r, 1 * US, 5 * MS);
	end->open_ns = open_ns + rng_below(r, rng_percent(r, 20) ? 50 * MS : 100 * US);
	end->port_rate = rng_percent(r, 50) ? 0 : log_between(r, 10000000, 12500000000);
	end->submit_early = rng_percent(r, 30);
	end->closes = rng_percent(r, 50);
	end->linger_ns = rng_percent(r, 5) ? 15 * S : 0; // longer than the idle timeout
	if (rng_percent(r, 20))
		return; // this end only listens
	uint32_t budget = (uint32_t)log_between(r, 1000, 400000);
	uint32_t streams = (uint32_t)log_between(r, 1, STREAMS_MAX);
	uint32_t first = (uint32_t)rng_below(r, STREAMS_MAX);
	end->nstreams = streams;
	for (uint32_t i = 0; i < streams; i++) {
		uint32_t number = (first + i) % STREAMS_MAX;
		enum stream_kind kind = rng_percent(r, 50) ? STREAM_ORDERED : STREAM_UNORDERED;
		// Not from `r` either.
		uint32_t urgent = rng_mix(first + end->open_ns + i) % 4 == 0 ? STREAM_URGENT : 0;
		end->streams[i].stream = stream_id(number, kind) | urgent;
		budget = plan_stream(r, &end->streams[i], segment, budget);
	}
}

static struct pair_plan *plan_pair(struct plan *plan, struct rng *r, uint64_t open_ns)
{
	static const uint32_t segments[] = {1408, 1408, 1408, 8896, 4096, 1408};
	struct pair_plan *pair = &plan->pair[plan->pairs++];
	pair->segment_size = segments[rng_below(r, 6)];
	// Not from `r`: seeds keep the networks that they always had.
	pair->controller = rng_mix(plan->seed ^ (uint64_t)plan->pairs << 56) % CONTROLLER_COUNT;
	pair->boot_ids_known = rng_percent(r, 50);
	pair->ends[0].node = (uint32_t)rng_below(r, plan->nodes);
	pair->ends[1].node =
		(pair->ends[0].node + 1 + (uint32_t)rng_below(r, plan->nodes - 1)) % plan->nodes;
	plan_end(r, &pair->ends[0], pair->segment_size, open_ns);
	plan_end(r, &pair->ends[1], pair->segment_size, open_ns);
	if (!pair->ends[0].closes && !pair->ends[1].closes)
		pair->ends[0].closes = true;
	return pair;
}

static struct fault *plan_fault(struct plan *plan, struct rng *r, enum fault_type type)
{
	struct fault *fault = &plan->faults[plan->nfaults++];
	*fault = (struct fault){
		.type = type,
		.at_ns = log_between(r, 1 * US, 200 * MS),
		.duration_ns = log_between(r, 10 * US, 100 * MS),
		.node = (uint32_t)rng_below(r, plan->nodes),
	};
	return fault;
}

static void plan_faults(struct plan *plan, struct rng *r)
{
	static const enum fault_type passing[] = {FAULT_APP_STALL, FAULT_PORT_REFUSE,
		FAULT_POOL_EMPTY, FAULT_PAUSE, FAULT_CLOCK_JUMP, FAULT_LINK_DOWN};
	for (uint32_t i = 0; i < 6; i++) {
		if (!rng_percent(r, 25))
			continue;
		for (uint64_t n = rng_between(r, 1, 3); n; n--) {
			struct fault *fault = plan_fault(plan, r, passing[i]);
			fault->argument = rng_percent(r, 50) ? 0 : (uint32_t)rng_between(r, 1, 8);
		}
	}
	uint32_t pairs = plan->pairs; // those of the first life
	// One worker does not start again without the others of its host.
	if (plan->workers == 1 && rng_percent(r, 12)) {
		struct fault *fault = plan_fault(plan, r, FAULT_RESTART);
		uint64_t back_ns = fault->at_ns + fault->duration_ns;
		if (rng_percent(r, 50)) {
			uint32_t of = (uint32_t)rng_below(r, pairs);
			struct pair_plan *stale = plan_pair(plan, r, back_ns + 1 * MS);
			stale->stale = true;
			stale->of = of;
			struct end_plan *ends = plan->pair[of].ends;
			stale->segment_size = plan->pair[of].segment_size;
			stale->ends[0].node = fault->node;
			stale->ends[1].node =
				ends[0].node == fault->node ? ends[1].node : ends[0].node;
			stale->ends[0].closes = true;
		}
		plan_pair(plan, r, back_ns + 2 * MS);
	}
	if (rng_percent(r, 12)) {
		struct fault *fault = plan_fault(plan, r, FAULT_PATH_NARROW);
		fault->argument = plan_carries(r);
		if (rng_percent(r, 50))
			fault->duration_ns = 100000 * S; // for good
	}
	if (rng_percent(r, 12))
		plan_fault(plan, r, FAULT_ABORT)->argument = (uint32_t)rng_below(r, pairs);
	if (rng_percent(r, 12))
		plan_fault(plan, r, FAULT_CLOSE)->argument = (uint32_t)rng_below(r, pairs);
	for (uint32_t i = 0; i < plan->nfaults; i++)
		if (plan->faults[i].type == FAULT_ABORT || plan->faults[i].type == FAULT_CLOSE)
			plan->faults[i].node &= 1;
}

// In some seeds a connection is about to use up its packet numbers.
static void plan_last_pns(struct plan *plan)
{
	struct rng r = {rng_mix(plan->seed + 0x48)};
	for (uint32_t p = 0; p < plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			if (rng_percent(&r, 3))
				plan->pair[p].ends[e].first_pn = PN_SPENT - rng_below(&r, 300);
}

static int fault_order(const void *a, const void *b)
{
	const struct fault *one = a, *two = b;
	return (one->at_ns > two->at_ns) - (one->at_ns < two->at_ns);
}

// Every worker of the first host has a connection to one of the second, some of which have several.
// All workers of a host are behind the same link.
static void plan_hosts(struct plan *plan, struct rng *r)
{
	uint32_t workers = plan->workers;
	plan->steer_slots = (uint32_t)log_between(r, 1, STEER_SLOTS);
	for (uint32_t a = 0; a < plan->nodes; a++)
		for (uint32_t b = 0; b < plan->nodes; b++)
			plan->links[a][b] =
				plan->links[a / workers * workers][b / workers * workers];
	for (uint32_t w = 0; w < workers; w++) {
		struct pair_plan *pair =
			plan_pair(plan, r, rng_percent(r, 70) ? 0 : rng_below(r, 20 * MS));
		pair->ends[0].node = w;
		pair->ends[1].node = workers + (uint32_t)rng_below(r, workers);
	}
}

void plan_init(struct plan *plan, uint64_t seed, uint32_t workers)
{
	struct rng r = {rng_mix(seed + 0x51u)};
	*plan = (struct plan){.seed = seed, .workers = workers};
	plan->nodes = workers > 1 ? 2 * workers : rng_percent(&r, 20) ? 3 : 2;
	plan->undetected = rng_percent(&r, 10);
	plan->loop_ns = log_between(&r, 500, 20 * US);
	plan->sleep_ns = rng_percent(&r, 30) ? 250 * US : 0;
	bool clean = rng_percent(&r, 10);
	bool narrow = rng_percent(&r, 30);
	for (uint32_t a = 0; a < plan->nodes; a++) {
		plan->clock_ns[a] = log_between(&r, 1 * MS, 1000000 * S);
		for (uint32_t b = 0; b < plan->nodes; b++) {
			plan->links[a][b] = plan_link(&r);
			if (clean)
				plan->links[a][b] = (struct link_plan){
					.delay_ns = plan->links[a][b].delay_ns, .queue = 1024};
			if (narrow)
				plan->links[a][b].carries = plan_carries(&r);
			if (plan->undetected && !plan->links[a][b].corrupt_ppm)
				plan->links[a][b].corrupt_ppm = 20000;
		}
	}
	if (workers > 1)
		plan_hosts(plan, &r);
	else
		for (uint64_t n = rng_percent(&r, 60) ? 1 : rng_between(&r, 2, 4); n; n--)
			plan_pair(plan, &r, rng_percent(&r, 70) ? 0 : rng_below(&r, 20 * MS));
	if (!clean)
		plan_faults(plan, &r);
	plan_last_pns(plan);
	qsort(plan->faults, plan->nfaults, sizeof(plan->faults[0]), fault_order);
}

void plan_seal(struct plan *plan)
{
	struct rng r = {rng_mix(plan->seed + 0x5ea1)};
	uint32_t faults = 0;
	plan->sealed = true;
	plan->undetected = false;
	plan->attack_ppm = (uint32_t)log_between(&r, 1000, 500000);
	for (uint32_t p = 0; p < plan->pairs; p++)
		plan->pair[p].rekey_packets = log_between(&r, 4, 1000);
	for (uint32_t i = 0; i < plan->nfaults; i++)
		if (plan->faults[i].type != FAULT_RESTART)
			plan->faults[faults++] = plan->faults[i];
	plan->nfaults = faults;
}

static void stream_fini(struct stream_plan *stream)
{
	for (uint32_t i = 0; i < stream->count; i++)
		free(stream->records[i].sent_pn);
	free(stream->records);
}

void plan_fini(struct plan *plan)
{
	for (uint32_t p = 0; p < plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++)
			for (uint32_t i = 0; i < STREAMS_MAX; i++)
				stream_fini(&plan->pair[p].ends[e].streams[i]);
}

static void link_say(const struct link_plan *l, FILE *out)
{
	fprintf(out, "delay %.3f ms", (double)l->delay_ns / 1e6);
	if (l->jitter_ns)
		fprintf(out, ", jitter %.3f ms", (double)l->jitter_ns / 1e6);
	if (l->carries)
		fprintf(out, ", carries %u bytes", l->carries);
	if (l->rate_Bps)
		fprintf(out, ", %.1f MB/s with %u packets of queue", (double)l->rate_Bps / 1e6,
			l->queue);
	const struct {
		uint32_t ppm;
		const char *name;
	} odds[] = {{l->loss_ppm, "lost"}, {l->burst_ppm, "bursts of loss"},
		{l->duplicate_ppm, "doubled"}, {l->reorder_ppm, "late"},
		{l->corrupt_ppm, "corrupted"}};
	for (uint32_t i = 0; i < 5; i++)
		if (odds[i].ppm)
			fprintf(out, ", %.2f %% %s", odds[i].ppm / 1e4, odds[i].name);
	fprintf(out, "\n");
}

void plan_say(const struct plan *plan, FILE *out)
{
	fprintf(out, "seed %llu: %u nodes of %u workers, %u connections%s\n",
		(unsigned long long)plan->seed, plan->nodes / plan->workers, plan->workers,
		plan->pairs,
		plan->undetected ? ", corruption passes the checksum"
		: plan->sealed   ? ", encrypted, and attacked"
				 : "");
	for (uint32_t a = 0; a < plan->nodes; a += plan->workers)
		for (uint32_t b = 0; b < plan->nodes; b += plan->workers)
			if (a != b) {
				fprintf(out, "  link %c -> %c: ", node_letter(a), node_letter(b));
				link_say(&plan->links[a][b], out);
			}
	for (uint32_t p = 0; p < plan->pairs; p++) {
		const struct pair_plan *pair = &plan->pair[p];
		fprintf(out, "  connection %u: %s, segment %u%s\n", p,
			controller_name(pair->controller), pair->segment_size,
			pair->stale ? ", towards a connection of the node's former life" : "");
		for (uint32_t e = 0; e < 2; e++) {
			const struct end_plan *end = &pair->ends[e];
			fprintf(out,
				"    %c: opens at %.3f ms, first packet %llu, credit %u records%s",
				node_letter(end->node), (double)end->open_ns / 1e6,
				(unsigned long long)(end->first_pn ? end->first_pn : 1),
				end->credit_records, end->closes ? ", closes when done" : "");
			for (uint32_t i = 0; i < end->nstreams; i++)
				fprintf(out, ", stream %u %s %u records",
					stream_number(end->streams[i].stream),
					stream_ordered(end->streams[i].stream) ? "ordered"
									       : "unordered",
					end->streams[i].count);
			fprintf(out, "\n");
		}
	}
	for (uint32_t i = 0; i < plan->nfaults; i++) {
		const struct fault *f = &plan->faults[i];
		fprintf(out, "  fault at %.3f ms for %.3f ms: %s (%u, %u)\n",
			(double)f->at_ns / 1e6, (double)f->duration_ns / 1e6, fault_names[f->type],
			f->node, f->argument);
	}
}
