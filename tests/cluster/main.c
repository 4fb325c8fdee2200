// cluster-sim: runs seeds of a scenario, prints how to replay the one that fails.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/cluster/scenario.h"
#include "tests/support/crash.h"

enum {
	SEEDS_MAX = 100000,
	MEMBERS_DRAWN_MAX = 24, // where the seed chooses
	EVERY_FAULT_SEEDS = 50, // a rare fault happens in so many
};

static const struct scenario *const scenarios[] = {&scenario_chaos, &scenario_spread,
	&scenario_lockstep, &scenario_detect, &scenario_detour, &scenario_heal, &scenario_rejoin,
	&scenario_slow, &scenario_load};

enum { SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0]) };

static struct {
	const char *program;
	const struct scenario *scenario;
	uint32_t members; // 0: as the scenario has it
	uint64_t seed;    // running now
	bool trace, plain, twice;
	struct figure figures[FIGURES_MAX];
	double *values[FIGURES_MAX]; // of each seed
	uint64_t faults[FAULT_COUNT];
} run;

// This program, but for the seeds.
static const char *command(void)
{
	static char line[384];
	char members[32] = "";

	if (run.members)
		snprintf(members, sizeof(members), " --members %u", run.members);
	snprintf(line, sizeof(line), "%s %s%s%s%s", run.program, run.scenario->name, members,
		run.plain ? " --plain" : "", run.twice ? " --twice" : "");
	return line;
}

// An assert of the core, or a sanitizer: the seed must not be lost with the process.
static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s --seed %llu --trace\n", command(),
		(unsigned long long)run.seed);

	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

void outcome_add(struct outcome *outcome, const char *name, const char *unit, double value)
{
	outcome->figures[outcome->count++] =
		(struct figure){.name = name, .unit = unit, .value = value};
}

static uint32_t members_of(uint64_t seed)
{
	if (run.members)
		return run.members;
	return run.scenario->members ? run.scenario->members
				     : 2 + (uint32_t)(rng_mix(seed) % (MEMBERS_DRAWN_MAX - 1));
}

static void run_seed(uint64_t seed, struct outcome *outcome)
{
	struct options options = {.seed = seed,
		.members = members_of(seed),
		.drift_ppm = 200,
		.plain = run.plain,
		.trace = run.trace ? stdout : NULL,
		.network = {.delay_ns = MS / 5, .jitter_ns = MS / 2}};
	struct world world;

	run.seed = seed;
	*outcome = (struct outcome){0};
	world_init(&world, &options);
	run.scenario->run(&world, outcome);
	outcome->events = world.events;
	outcome->hash = world.hash;
	memcpy(outcome->faults, world.faults, sizeof(outcome->faults));
	memcpy(outcome->failure, world.failure, sizeof(outcome->failure));
	if (world.failure[0]) {
		printf("seed %llu, %u members, at %.6f s: %s\n", (unsigned long long)seed,
			options.members, (double)world.now_ns / 1e9, world.failure);
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

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool judge(uint64_t seeds)
{
	double medians[FIGURES_MAX] = {0};
	const char *verdict;

	for (uint32_t i = 0; i < FIGURES_MAX && run.figures[i].name; i++) {
		double *values = run.values[i];

		qsort(values, seeds, sizeof(*values), compare);
		medians[i] = (values[(seeds - 1) / 2] + values[seeds / 2]) / 2;
		printf("%-8s %6u members  %-26s median %10.3f %s, %.3f to %.3f of %llu\n",
			run.scenario->name, members_of(run.seed), run.figures[i].name, medians[i],
			run.figures[i].unit, values[0], values[seeds - 1],
			(unsigned long long)seeds);
	}
	verdict = run.scenario->judge ? run.scenario->judge(members_of(run.seed), medians) : NULL;
	if (verdict)
		printf("%s: %s\n", run.scenario->name, verdict);
	return !verdict;
}

// Of a scenario that wants every fault.
static bool faults_judge(uint64_t seeds)
{
	bool all = true;

	if (!run.scenario->every_fault)
		return true;
	printf("%s: done to them:", run.scenario->name);
	for (uint32_t i = 0; i < FAULT_COUNT; i++) {
		all &= run.faults[i] > 0;
		printf("%s %llu %s", i ? "," : "", (unsigned long long)run.faults[i],
			fault_name((enum fault)i));
	}
	putchar('\n');
	if (all || seeds < EVERY_FAULT_SEEDS)
		return true;
	printf("%s: a fault never happened, so nothing is proven about it\n", run.scenario->name);
	return false;
}

static bool run_seeds(uint64_t first, uint64_t count)
{
	uint64_t failed = 0, events = 0, hash = 0;
	struct outcome outcome;

	for (uint32_t i = 0; i < FIGURES_MAX; i++)
		run.values[i] = calloc(count, sizeof(double));
	for (uint64_t i = 0; i < count; i++) {
		run_seed(first + i, &outcome);
		events += outcome.events;
		hash = rng_mix(hash ^ outcome.hash);
		for (uint32_t f = 0; f < FAULT_COUNT; f++)
			run.faults[f] += outcome.faults[f];
		for (uint32_t f = 0; f < outcome.count && run.values[f]; f++) {
			run.figures[f] = outcome.figures[f];
			run.values[f][i] = outcome.figures[f].value;
		}
		failed += outcome.failure[0] || (run.twice && !repeats(first + i, &outcome));
	}
	if (!failed && !(judge(count) & faults_judge(count))) {
		printf("again: %s --first %llu --seeds %llu\n", command(),
			(unsigned long long)first, (unsigned long long)count);
		failed++;
	}
	printf("%s: %s, seeds %llu to %llu, %llu events, trace %016llx, %.1f s of CPU\n",
		failed ? "FAILED" : "passed", run.scenario->name, (unsigned long long)first,
		(unsigned long long)(first + count - 1), (unsigned long long)events,
		(unsigned long long)hash, (double)clock() / CLOCKS_PER_SEC);
	for (uint32_t i = 0; i < FIGURES_MAX; i++)
		free(run.values[i]);
	return !failed;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: %s SCENARIO [--members N] [--seed N | --first N --seeds COUNT] [--plain] "
		"[--twice] [--trace]\n\nRuns a cluster of production membership cores in virtual "
		"time.\n\n",
		run.program);
	for (uint32_t i = 0; i < SCENARIOS; i++)
		fprintf(to, "  %-8s %s\n", scenarios[i]->name, scenarios[i]->says);
	fputs("\n  --members N      2 to 16384; each scenario has its own default\n"
	      "  --seed N         this one\n"
	      "  --first, --seeds so many from this one on (default 1 and 1)\n"
	      "  --plain          SWIM without Lifeguard\n"
	      "  --twice          each seed again: it must repeat to the bit\n"
	      "  --trace          what happens, line by line\n"
	      "\nexit: 0 passed, 1 a seed failed or a median is not as it should be, 2 usage\n",
		to);
}

static const struct scenario *scenario_named(const char *name)
{
	for (uint32_t i = 0; name && i < SCENARIOS; i++)
		if (strcmp(scenarios[i]->name, name) == 0)
			return scenarios[i];
	return NULL;
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
		{"members", required_argument, NULL, 'm'},
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"seeds", required_argument, NULL, 'n'},
		{"plain", no_argument, NULL, 'p'},
		{"twice", no_argument, NULL, '2'},
		{"trace", no_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	uint64_t first = 1, count = 1, members = 2;
	bool ok = true;

	run.program = argv[0];
	for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (c) {
		case 'm':
			ok &= number(optarg, NODES_MAX, &members) && members >= 2;
			run.members = (uint32_t)members;
			break;
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
		case 'p':
			run.plain = true;
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
	run.scenario = scenario_named(optind + 1 == argc ? argv[optind] : NULL);
	if (!ok || !run.scenario) {
		usage(stderr);
		return 2;
	}
	crash_catch(print_replay);
	return !run_seeds(first, count);
}
