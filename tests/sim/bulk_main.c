// sim_bulk: long transfers over one link in virtual time, where the law of a controller shows:
// fairness (how evenly flows share a bottleneck, and how soon), reordering (what a path that
// overtakes itself costs), curve (long paths, on which cubic leaves the region of Reno), far (the
// first round trips of a path of 50 to 200 ms, which nobody has measured).
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ipc/controller_names.h"
#include "tests/sim/sim.h"

#define SAMPLE_NS (20 * MS)

enum { RECORDS_MAX = 8192, SAMPLES_MAX = 1024, SHARE_SAMPLES = 5 };

struct bulk {
	const char *program, *scenario;
	enum controller_id controller;
	uint32_t flows;
	uint64_t seed;
	bool trace;
	struct plan plan;
	struct sim sim;
	uint32_t lose; // frames that are lost yet, the first ones
	uint32_t samples;
	uint64_t arrived[SAMPLES_MAX][PAIRS_MAX]; // bytes of each flow up to each sample
};

// ---- the network ------------------------------------------------------------------------------

static void bulk_stream(struct end_plan *end, uint32_t records)
{
	struct stream_plan *stream = &end->streams[end->nstreams++];
	*stream = (struct stream_plan){.stream = 0 << 2 | STREAM_ORDERED,
		.count = records,
		.records = calloc(records, sizeof(struct record_plan))};
	if (!stream->records)
		abort();
	for (uint32_t i = 0; i < records; i++)
		stream->records[i].raw_size = stream->records[i].stored_size = RECORD_RAW_MAX;
}

// Flows from a to b over one bottleneck; the way back only delays.
static void bulk_plan(struct bulk *b, struct link_plan there, uint32_t records)
{
	struct plan *plan = &b->plan;
	*plan = (struct plan){
		.seed = b->seed, .nodes = 2, .workers = 1, .pairs = b->flows, .loop_ns = 5 * US};
	plan->clock_ns[0] = plan->clock_ns[1] = 1 * S;
	plan->links[0][1] = there;
	plan->links[1][0] = (struct link_plan){.delay_ns = there.delay_ns};
	for (uint32_t p = 0; p < b->flows; p++) {
		struct pair_plan *pair = &plan->pair[p];
		pair->segment_size = wire_segment_size(1500);
		pair->controller = b->controller;
		for (uint32_t e = 0; e < 2; e++)
			pair->ends[e] = (struct end_plan){.node = e, .credit_records = 128};
		bulk_stream(&pair->ends[0], records);
		pair->ends[0].closes = true;
	}
}

static void bulk_sample(struct bulk *b)
{
	for (uint32_t p = 0; p < b->flows; p++)
		b->arrived[b->samples][p] = b->sim.ends[p][1].arrived;
	b->samples++;
}

// Until a moment, or (UINT64_MAX) until everything is delivered and closed.
static bool bulk_run(struct bulk *b, uint64_t until_ns)
{
	sim_init(&b->sim, &b->plan, b->trace ? stdout : NULL);
	b->samples = 0;
	if (until_ns == UINT64_MAX)
		return sim_run(&b->sim);
	while (!b->sim.failed && b->sim.now_ns < until_ns) {
		sim_step(&b->sim);
		if (b->sim.now_ns >= b->samples * SAMPLE_NS && b->samples < SAMPLES_MAX)
			bulk_sample(b);
	}
	return !b->sim.failed;
}

static void bulk_fini(struct bulk *b)
{
	sim_fini(&b->sim);
	plan_fini(&b->plan);
}

static struct conn_stats bulk_stats(const struct bulk *b)
{
	struct conn_stats stats;
	conn_stats_get(b->sim.ends[0][0].conn, &stats);
	return stats;
}

// ---- fairness ---------------------------------------------------------------------------------

// 1 when all have the same, 1/n when one has everything.
static double jain(const struct bulk *b, uint32_t from, uint32_t to)
{
	double sum = 0, squares = 0;
	for (uint32_t p = 0; p < b->flows; p++) {
		double share = (double)(b->arrived[to][p] - b->arrived[from][p]);
		sum += share;
		squares += share * share;
	}
	return squares > 0 ? sum * sum / (b->flows * squares) : 0;
}

// Every flow but the last has the link for a second; then the last one comes. It has its share
// (Jain's index of a tenth of a second is 0.9) after this bound: a cut halves (cubic: 0.7) the
// difference between two flows, and there is a cut every half (0.3 of a) share of the path's
// capacity in round trips; some ten of them are enough.
static const struct {
	uint64_t bound_ns;
	double share; // Jain's index of all that arrives after the bound
} fair[CONTROLLER_COUNT] = {
	[CONTROLLER_AIMD] = {500 * MS, 0.98},
	[CONTROLLER_AIMD_SS] = {500 * MS, 0.98},
	[CONTROLLER_CUBIC] = {1 * S, 0.98},
};

static bool fairness(struct bulk *b)
{
	uint64_t alone_ns = 1 * S, bound_ns = fair[b->controller].bound_ns;
	// 12.5 MB/s and 2 ms: 17 packets on the path, 32 in its queue.
	struct link_plan there = {
		.delay_ns = 1 * MS, .rate_Bps = 12500000, .queue = 32, .jitter_ns = 50 * US};
	bulk_plan(b, there, RECORDS_MAX);
	struct rng r = {rng_mix(b->seed)};
	for (uint32_t p = 0; p < b->flows; p++)
		b->plan.pair[p].ends[0].open_ns = b->plan.pair[p].ends[1].open_ns =
			p + 1 < b->flows ? rng_below(&r, 20 * MS) : alone_ns;
	if (!bulk_run(b, alone_ns + bound_ns + 2 * S))
		return false;
	uint32_t begin = (uint32_t)(alone_ns / SAMPLE_NS), last = b->samples - 1, at = begin;
	while (at + SHARE_SAMPLES < last && jain(b, at, at + SHARE_SAMPLES) < 0.9)
		at++;
	uint32_t bound = begin + (uint32_t)(bound_ns / SAMPLE_NS);
	double share = jain(b, bound, last), used = 0;
	for (uint32_t p = 0; p < b->flows; p++)
		used += (double)(b->arrived[last][p] - b->arrived[bound][p]);
	used /= (double)(last - bound) * SAMPLE_NS / 1e9 * 12500000;
	printf("%s, %u flows, seed %llu: fair after %u ms (bound %u), then Jain's index %.4f, "
	       "goodput %.3f of the link\n",
		controller_name(b->controller), b->flows, (unsigned long long)b->seed,
		(at - begin) * 20, (bound - begin) * 20, share, used);
	if (at > bound)
		sim_fail(&b->sim, "the flows share unevenly for too long");
	if (share < fair[b->controller].share)
		sim_fail(&b->sim, "Jain's index is below %.3f", fair[b->controller].share);
	if (used < 0.8)
		sim_fail(&b->sim, "the flows leave the link idle");
	return !b->sim.failed;
}

// ---- reordering -------------------------------------------------------------------------------

// Nothing is lost on this path, some frames are late by up to three round trips, that is three
// windows. Everything arrives once; what is sent again was sent in vain and is counted so. The
// threshold doubles with every mistake, so mistakes are few, however many frames are late.
#define VAIN_MAX 32

static bool reordering(struct bulk *b)
{
	struct rng r = {rng_mix(b->seed)};
	uint64_t delay_ns = rng_between(&r, 50 * US, 5 * MS);
	uint32_t ppm = (uint32_t[]){1000, 10000, 100000, 300000}[rng_below(&r, 4)];
	uint32_t quarters = (uint32_t[]){1, 4, 8, 12}[rng_below(&r, 4)];
	bulk_plan(b,
		(struct link_plan){.delay_ns = delay_ns,
			.reorder_ppm = ppm,
			.reorder_ns = 2 * delay_ns * quarters / 4},
		100);
	b->plan.pair[0].ends[0].linger_ns = 100 * MS; // late ACKs are still counted
	struct conn_stats stats = {0};
	double window = 0;
	sim_init(&b->sim, &b->plan, b->trace ? stdout : NULL);
	while (!b->sim.failed && !b->sim.ends[0][0].close_asked) {
		sim_step(&b->sim);
		if (!b->sim.ends[0][0].conn)
			continue;
		stats = bulk_stats(b);
		window = stats.cwnd_segments > window ? stats.cwnd_segments : window;
	}
	if (b->sim.failed || !sim_run(&b->sim))
		return false;
	uint64_t asked = stats.tail_probes + 2 * stats.timeouts;
	printf("%s, seed %llu: %.2f %% up to %.2f windows late: %llu frames late of %llu, sent "
	       "again %llu, in vain %llu, cuts %llu, tail probes %llu, timeouts %llu\n",
		controller_name(b->controller), (unsigned long long)b->seed, ppm / 1e4,
		quarters / 4.0, (unsigned long long)b->sim.reordered,
		(unsigned long long)b->sim.frames, (unsigned long long)stats.retransmits,
		(unsigned long long)stats.spurious, (unsigned long long)stats.cuts,
		(unsigned long long)stats.tail_probes, (unsigned long long)stats.timeouts);
	if (b->sim.lost)
		sim_fail(&b->sim, "the path lost %llu frames", (unsigned long long)b->sim.lost);
	if (stats.retransmits > b->sim.reordered + asked)
		sim_fail(&b->sim, "more was sent again than was late");
	if (stats.spurious > VAIN_MAX)
		sim_fail(&b->sim, "reordering was taken for loss more than %u times", VAIN_MAX);
	// An ACK reaches 1,024 packet numbers back, and not beyond what FLOOR gave up: what is
	// later than that is never acknowledged.
	bool told = window * quarters / 4 < 64 * ACK_WORDS_MAX;
	uint64_t unseen = b->sim.ends[0][0].law.unseen;
	if (told && stats.spurious + stats.tail_probes + unseen < stats.retransmits)
		sim_fail(&b->sim, "sent again in vain, and not counted so");
	return !b->sim.failed;
}

// ---- curve ------------------------------------------------------------------------------------

// A long path with little loss: windows of hundreds of packets, seconds between cuts, and pauses of
// the application. Every ACK is held against the law, as everywhere in the simulator.
static bool curve(struct bulk *b)
{
	struct rng r = {rng_mix(b->seed)};
	struct link_plan there = {.delay_ns = rng_between(&r, 2 * MS, 40 * MS),
		.rate_Bps = rng_between(&r, 2000000, 8000000),
		.queue = (uint32_t)rng_between(&r, 20, 400),
		.loss_ppm = (uint32_t)(uint32_t[]){0, 100, 1000}[rng_below(&r, 3)]};
	bulk_plan(b, there, RECORDS_MAX);
	if (!bulk_run(b, 12 * S))
		return false;
	struct conn_stats stats = bulk_stats(b);
	const struct law *law = &b->sim.ends[0][0].law;
	printf("%s, seed %llu: %llu ACKs and %llu cuts as the law has them, window %.1f, "
	       "%.1f MB/s of %.1f\n",
		controller_name(b->controller), (unsigned long long)b->seed,
		(unsigned long long)law->acks_checked, (unsigned long long)law->cuts_traced,
		stats.cwnd_segments, (double)b->sim.ends[0][1].arrived / 12e6,
		(double)there.rate_Bps / 1e6);
	if (law->acks_checked < 1000)
		sim_fail(&b->sim, "a bulk transfer has more ACKs");
	return !b->sim.failed;
}

// ---- far --------------------------------------------------------------------------------------

#define FAR_TRIPS 10

static bool lose_first(struct sim *sim, const struct frame *frame)
{
	uint32_t *left = sim->filter_context;
	(void)frame;
	return *left && (*left)--;
}

// HELLO is sent again several times before the reply can be here, and in half of the runs the first
// is lost. Nothing else is, and both sides send at once: then nothing is sent twice and no window
// is cut; slow start doubles the window in each round trip.
static bool far(struct bulk *b)
{
	struct rng r = {rng_mix(b->seed)};
	b->lose = (uint32_t)rng_below(&r, 2);
	struct link_plan there = {.delay_ns = rng_between(&r, 25 * MS, 100 * MS)};
	bulk_plan(b, there, RECORDS_MAX);
	bulk_stream(&b->plan.pair[0].ends[1], RECORDS_MAX);
	sim_init(&b->sim, &b->plan, b->trace ? stdout : NULL);
	b->sim.filter = lose_first;
	b->sim.filter_context = &b->lose;
	while (!b->sim.failed && b->sim.now_ns < FAR_TRIPS * 2 * there.delay_ns)
		sim_step(&b->sim);
	double least = b->controller == CONTROLLER_AIMD ? 4 + FAR_TRIPS / 2 : 4 << FAR_TRIPS / 2;
	for (uint32_t e = 0; e < 2 && !b->sim.failed; e++) {
		struct conn_stats stats;
		conn_stats_get(b->sim.ends[0][e].conn, &stats);
		printf("%s, seed %llu, %c on a path of %.1f ms: window %.1f, cuts %llu, timeouts "
		       "%llu, tail probes %llu, sent again %llu\n",
			controller_name(b->controller), (unsigned long long)b->seed, node_letter(e),
			(double)there.delay_ns / 5e5, stats.cwnd_segments,
			(unsigned long long)stats.cuts, (unsigned long long)stats.timeouts,
			(unsigned long long)stats.tail_probes,
			(unsigned long long)stats.retransmits);
		if (stats.cuts || stats.timeouts || stats.tail_probes || stats.retransmits)
			sim_fail(&b->sim, "a path that loses nothing was taken for one that does");
		if (stats.cwnd_segments < least)
			sim_fail(&b->sim, "the window should be %.0f by now", least);
	}
	return !b->sim.failed;
}

// ---- the command ------------------------------------------------------------------------------

static const struct {
	const char *name;
	bool (*run)(struct bulk *b);
} scenarios[] = {
	{"fairness", fairness}, {"reordering", reordering}, {"curve", curve}, {"far", far}};

static bool run_one(struct bulk *b, bool (*run)(struct bulk *b))
{
	bool ok = run(b);
	if (!ok)
		printf("seed %llu at %.6f ms: %s\nreplay: %s %s --controller %s --flows %u --seed "
		       "%llu\n",
			(unsigned long long)b->seed, (double)b->sim.now_ns / 1e6, b->sim.failure,
			b->program, b->scenario, controller_name(b->controller), b->flows,
			(unsigned long long)b->seed);
	bulk_fini(b);
	return ok;
}

static int usage(const char *program)
{
	fprintf(stderr,
		"usage: %s fairness|reordering|curve|far [--controller NAME] [--flows N] [--seed "
		"N]\n"
		"       [--seeds COUNT] [--trace]\n",
		program);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"controller", required_argument, NULL, 'c'},
		{"flows", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 'n'},
		{"trace", no_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	static struct bulk b = {.flows = 1, .seed = 1};
	uint64_t seeds = 1;
	int controller = CONTROLLER_AIMD;
	b.program = argv[0];
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;
		switch (c) {
		case 'c':
			controller = controller_find(optarg);
			break;
		case 'f':
			b.flows = (uint32_t)value;
			break;
		case 's':
			b.seed = value;
			break;
		case 'n':
			seeds = value;
			break;
		case 't':
			b.trace = true;
			break;
		default:
			return usage(argv[0]);
		}
	}
	if (optind + 1 != argc || controller < 0 || b.flows < 1 || b.flows > PAIRS_MAX || !seeds)
		return usage(argv[0]);
	b.controller = (enum controller_id)controller;
	b.scenario = argv[optind];
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		bool ok = true;
		if (strcmp(scenarios[i].name, b.scenario) != 0)
			continue;
		for (; seeds; seeds--, b.seed++)
			ok &= run_one(&b, scenarios[i].run);
		return !ok;
	}
	return usage(argv[0]);
}
