// raft-sim: runs seeds of the simulated cluster, prints how to replay the one that fails.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/raft/raft_sim.h"
#include "tests/support/crash.h"

enum {
	SEEDS_MAX = 100000000,
	EVERY_FAULT_SEEDS = 300, // each fault happens in so many
};

struct outcome {
	uint64_t events, hash, ops, writes;
	bool failed;
};

static struct {
	const char *program;
	uint64_t seed; // running now
	bool trace, twice;
	uint64_t faults[FAULT_COUNT];
} run;

// An assert, or a sanitizer: the seed must not be lost with the process.
static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s --seed %llu --trace\n", run.program,
		(unsigned long long)run.seed);

	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

static void run_seed(uint64_t seed, struct outcome *outcome)
{
	static struct world world;
	const struct options options = {.seed = seed, .trace = run.trace ? stdout : NULL};

	run.seed = seed;
	world_init(&world, &options);
	chaos_run(&world);
	*outcome = (struct outcome){
		world.events, world.hash, world.ops, world.done_writes, world.failure[0] != 0};
	for (uint32_t f = 0; f < FAULT_COUNT; f++)
		run.faults[f] += world.faults[f];
	if (world.failure[0]) {
		printf("seed %llu, %u nodes, at %.6f s: %s\n", (unsigned long long)seed,
			world.members, (double)world.now_ns / 1e9, world.failure);
		fflush(stdout);
		print_replay();
	}
	world_fini(&world);
}

// The same seed gives the same run, to the bit.
static bool repeats(uint64_t seed, const struct outcome *first)
{
	struct outcome second;

	run_seed(seed, &second);
	if (first->hash == second.hash && first->events == second.events)
		return true;
	printf("seed %llu does not repeat: trace %016llx, then %016llx\n", (unsigned long long)seed,
		(unsigned long long)first->hash, (unsigned long long)second.hash);
	print_replay();
	return false;
}

static bool faults_judge(uint64_t seeds)
{
	bool all = true;

	printf("done to them:");
	for (uint32_t i = 0; i < FAULT_COUNT; i++) {
		all &= run.faults[i] > 0 || i == FAULT_UNNOTICED;
		printf("%s %llu %s", i ? "," : "", (unsigned long long)run.faults[i],
			fault_name((enum fault)i));
	}
	putchar('\n');
	if (all || seeds < EVERY_FAULT_SEEDS)
		return true;
	printf("a fault never happened, so nothing is proven about it\n");
	return false;
}

static bool run_seeds(uint64_t first, uint64_t count)
{
	uint64_t failed = 0, events = 0, hash = 0, ops = 0, writes = 0;
	struct outcome outcome;

	for (uint64_t i = 0; i < count; i++) {
		run_seed(first + i, &outcome);
		events += outcome.events;
		ops += outcome.ops;
		writes += outcome.writes;
		hash = rng_mix(hash ^ outcome.hash);
		failed += outcome.failed || (run.twice && !repeats(first + i, &outcome));
	}
	failed += !failed && !faults_judge(count);
	printf("%s: seeds %llu to %llu, %llu events, %llu operations, %llu writes answered, trace "
	       "%016llx, %.1f s of CPU\n",
		failed ? "FAILED" : "passed", (unsigned long long)first,
		(unsigned long long)(first + count - 1), (unsigned long long)events,
		(unsigned long long)ops, (unsigned long long)writes, (unsigned long long)hash,
		(double)clock() / CLOCKS_PER_SEC);
	return !failed;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: %s [--seed N | --first N --seeds COUNT] [--twice] [--trace]\n\n"
		"Runs clusters of production replicas on simulated disks and networks, in virtual "
		"time.\n\n"
		"  --seed N         this one\n"
		"  --first, --seeds so many from this one on (default 1 and 1)\n"
		"  --twice          each seed again: it must repeat to the bit\n"
		"  --trace          what happens, line by line\n"
		"\nexit: 0 passed, 1 a seed failed, 2 usage\n",
		run.program);
}

static bool number(const char *text, uint64_t most, uint64_t *value)
{
	char *end;

	*value = strtoull(text, &end, 10);
	return end != text && *end == 0 && *text != '-' && *value <= most;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"seeds", required_argument, NULL, 'n'},
		{"twice", no_argument, NULL, '2'},
		{"trace", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	uint64_t first = 1, count = 1;
	bool ok = true;

	run.program = argv[0];
	for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (c) {
		case 's':
			ok &= number(optarg, UINT64_MAX, &first);
			count = 1;
			break;
		case 'f':
			ok &= number(optarg, UINT64_MAX, &first);
			break;
		case 'n':
			ok &= number(optarg, SEEDS_MAX, &count) && count > 0;
			break;
		case '2':
			run.twice = true;
			break;
		case 't':
			run.trace = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			ok = false;
		}
	}
	if (!ok || optind != argc) {
		usage(stderr);
		return 2;
	}
	crash_catch(print_replay);
	return !run_seeds(first, count);
}
