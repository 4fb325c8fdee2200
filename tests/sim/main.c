// sim_transport: runs seeds, prints how to replay the one that fails.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ipc/controller_names.h"
#include "tests/sim/sim.h"
#include "tests/support/crash.h"

static struct {
	const char *program;
	uint64_t seed; // running now
	uint32_t workers;
	bool trace, sealed;
	uint64_t attacks, phases;
	uint64_t steered, steer_full;
	uint64_t spent; // connections that used up their packet numbers
	uint64_t acks[CONTROLLER_COUNT], cuts[CONTROLLER_COUNT]; // held against the law
} run;

// An assert of the transport, or a sanitizer: the seed must not be lost with the process.
static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s --workers %u%s --seed %llu --trace\n",
		run.program, run.workers, run.sealed ? " --sealed" : "",
		(unsigned long long)run.seed);
	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

static void count_steps(const struct sim *sim)
{
	for (uint32_t p = 0; p < sim->plan->pairs; p++)
		for (uint32_t e = 0; e < 2; e++) {
			const struct law *law = &sim->ends[p][e].law;
			run.acks[law->model.controller] += law->acks_checked;
			run.spent += sim->ends[p][e].reason == CLOSE_PN_SPENT;
			run.cuts[law->model.controller] += law->cuts_traced;
		}
}

static bool run_seed(uint64_t seed)
{
	static struct plan plan;
	static struct sim sim;
	run.seed = seed;
	plan_init(&plan, seed, run.workers);
	if (run.sealed)
		plan_seal(&plan);
	if (run.trace)
		plan_say(&plan, stdout);
	sim_init(&sim, &plan, run.trace ? stdout : NULL);
	bool ok = sim_run(&sim);
	if (!ok) {
		printf("seed %llu at %.6f ms: %s\n", (unsigned long long)seed,
			(double)sim.now_ns / 1e6, sim.failure);
		fflush(stdout);
		print_replay();
	}
	count_steps(&sim);
	run.steered += sim.steered;
	run.steer_full += sim.steer_full;
	sim_fini(&sim);
	run.attacks += sim.attacks;
	run.phases += sim.phases;
	plan_fini(&plan);
	return ok;
}

static uint64_t run_seeds(uint64_t first, uint64_t count, uint64_t step)
{
	uint64_t failed = 0;
	for (uint64_t i = 0; i < count; i += step)
		failed += !run_seed(first + i);
	return failed;
}

// Seeds that never come to what is to be tested prove nothing about it.
static bool seeds_tell(void)
{
	bool ok = true;
	for (uint32_t id = 0; id < CONTROLLER_COUNT; id++) {
		printf("%s: %llu ACKs and %llu cuts are as the law has them\n", controller_name(id),
			(unsigned long long)run.acks[id], (unsigned long long)run.cuts[id]);
		ok &= run.acks[id] && run.cuts[id];
	}
	printf("%llu connections used up their packet numbers\n", (unsigned long long)run.spent);
	ok &= run.spent > 0;
	if (run.sealed) {
		printf("%llu packets forged or replayed, %llu changes of keys\n",
			(unsigned long long)run.attacks, (unsigned long long)run.phases);
		ok &= run.attacks > 0 && run.phases > 0;
	}
	if (run.workers == 1)
		return ok;
	printf("%llu packets passed from worker to worker, %llu found no room\n",
		(unsigned long long)run.steered, (unsigned long long)run.steer_full);
	return ok && run.steered && run.steer_full;
}

// Every job takes every jobs-th seed. The exit status says only whether any failed.
static bool run_jobs(uint64_t first, uint64_t count, uint64_t jobs)
{
	fflush(stdout);
	for (uint64_t job = 0; job < jobs; job++) {
		pid_t child = fork();
		if (child < 0)
			return false;
		if (child == 0) {
			uint64_t failed =
				run_seeds(first + job, count > job ? count - job : 0, jobs);
			fflush(stdout);
			_exit(failed != 0);
		}
	}
	bool ok = true;
	for (uint64_t job = 0; job < jobs; job++) {
		int status;
		ok &= wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	return ok;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: %s [--seed N] [--first N] [--seeds COUNT] [--jobs N] [--workers 1..16] "
		"[--sealed] [--trace]\n",
		run.program);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 'n'},
		{"first", required_argument, NULL, 'f'},
		{"jobs", required_argument, NULL, 'j'},
		{"workers", required_argument, NULL, 'w'},
		{"sealed", no_argument, NULL, 'e'},
		{"trace", no_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	uint64_t first = 1, count = 100, jobs = 1;
	run.program = argv[0];
	run.workers = 1;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;
		switch (c) {
		case 's':
			first = value;
			count = 1;
			break;
		case 'n':
			count = value;
			break;
		case 'f':
			first = value;
			break;
		case 'j':
			jobs = value;
			break;
		case 'w':
			run.workers = value <= WORKERS_MAX ? (uint32_t)value : 0;
			break;
		case 'e':
			run.sealed = true;
			break;
		case 't':
			run.trace = true;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc || jobs == 0 || jobs > 64 || count == 0 || run.workers == 0)
		return usage();
	crash_catch(print_replay);
	bool ok = jobs == 1 ? run_seeds(first, count, 1) == 0 : run_jobs(first, count, jobs);
	if (ok && jobs == 1 && count >= (run.workers == 1 ? 250 : 25))
		ok = seeds_tell();
	printf("%s: seeds %llu to %llu\n", ok ? "all passed" : "FAILED", (unsigned long long)first,
		(unsigned long long)(first + count - 1));
	return !ok;
}
