// sluice-perf: figures as ratios against a limit, taken interleaved in one run.
#include <fnmatch.h>
#include <getopt.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "perf/compare.h"
#include "perf/measure.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define STEAL_UNSTABLE 0.02
#define SEED           20261121u

static const char usage[] =
	"usage: sluice-perf list\n"
	"       sluice-perf run [--filter GLOB] [--quick|--full|--smoke] [--json FILE]\n"
	"       sluice-perf compare A.json B.json\n"
	"\n"
	"Each figure is a ratio: our code against a limit (the raw library, the bare loop) in one "
	"run, in\n"
	"pairs of random order. 1 is the limit, larger is better. Before them the limit runs "
	"against\n"
	"itself: the interval of that is the noise floor, and no difference inside it means "
	"anything.\n"
	"\n"
	"  --filter GLOB  ids that match; * crosses slashes (ring/*)\n"
	"  --quick        30 pairs of 2 ms (the default)\n"
	"  --full         101 pairs of 20 ms\n"
	"  --smoke        3 pairs of 1,000 operations: does everything still run; figures mean "
	"nothing\n"
	"  --json FILE    also written there, schema sluice-perf/1; - for standard output\n"
	"\n"
	"exit: 0 done, 1 failed, 2 usage\n";

struct options {
	const char *filter, *json;
	struct measure_plan plan;
	const char *effort;
};

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "sluice-perf: %s%s (sluice-perf --help tells how)\n", what, word);
	return EXIT_USAGE;
}

static int list(void)
{
	const struct bench *b;

	for (size_t i = 0; (b = bench_at(i)) != NULL; i++)
		printf("%-34s %-5s %s\n", b->id, b->unit, b->limit ? b->limit : "(a limit)");
	return 0;
}

static json_t *interval_json(const struct interval *i)
{
	return json_pack("[f, f]", i->low, i->high);
}

static json_t *result_json(const struct bench *b, const struct measure *m)
{
	const char *slash = strchr(b->id, '/');
	char hash[20];

	snprintf(hash, sizeof(hash), "%016lx", m->hash);
	return json_pack("{s:s, s:s%, s:s, s:s, s:s, s:f, s:{s:s, s:f}, s:{s:f, s:o, s:i}, "
			 "s:{s:f, s:n, s:n, s:n}, s:b, s:s}",
		"id", b->id, "domain", b->id, (size_t)(slash - b->id), "params", slash + 1, "unit",
		b->unit, "better", "larger", "median", m->subject_rate, "limit", "id", b->limit,
		"median", m->limit_rate, "ratio", "median", m->ratio, "ci95",
		interval_json(&m->ci95), "pairs", (int)m->pairs, "counters", "cycles_per_byte",
		m->cycles_per_byte, "allocs", "bytes_memcpy", "syscalls", "stable",
		m->steal < STEAL_UNSTABLE, "hash", hash);
}

// The last of the CPUs that we may use: the first ones serve interrupts.
static int pin(void)
{
	cpu_set_t may, one;

	if (sched_getaffinity(0, sizeof(may), &may) < 0)
		return -1;
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &may)) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			return sched_setaffinity(0, sizeof(one), &one) < 0 ? -1 : cpu;
		}
	return -1;
}

static json_t *machine_json(int cpu)
{
	struct utsname name;

	uname(&name);
	return json_pack("{s:s, s:s, s:I, s:i}", "kernel", name.release, "architecture",
		name.machine, "cpus", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "pinned_to", cpu);
}

// Nothing of the limit's own against itself may look like a difference: what does is noise.
static int run_noise(const struct options *o, json_t *root)
{
	const struct bench *limit = NULL, *b;
	struct measure m;

	for (size_t i = 0; (b = bench_at(i)) != NULL && !limit; i++)
		if (b->limit && fnmatch(o->filter, b->id, 0) == 0)
			limit = bench_find(b->limit);
	if (!limit) {
		fprintf(stderr, "sluice-perf: nothing matches '%s' (sluice-perf list)\n",
			o->filter);
		return EXIT_FAILED;
	}
	if (measure_pair(limit, limit, &o->plan, &m) < 0)
		return EXIT_FAILED;
	fprintf(stderr, "noise floor: %.3f to %.3f (%s against itself)\n\n", m.ci95.low,
		m.ci95.high, limit->id);
	json_object_set_new(root, "noise",
		json_pack("{s:s, s:o, s:i}", "id", limit->id, "ci95", interval_json(&m.ci95),
			"pairs", (int)m.pairs));
	return 0;
}

static int run_all(const struct options *o, json_t *results)
{
	const struct bench *b;
	struct measure m;

	fprintf(stderr, "%-34s %7s  %-16s %12s %6s\n", "id", "ratio", "95 %", "median", "cyc/B");
	for (size_t i = 0; (b = bench_at(i)) != NULL; i++) {
		if (!b->limit || fnmatch(o->filter, b->id, 0) != 0)
			continue;
		if (measure_pair(b, bench_find(b->limit), &o->plan, &m) < 0) {
			fprintf(stderr, "sluice-perf: %s: no memory\n", b->id);
			return EXIT_FAILED;
		}
		fprintf(stderr, "%-34s %7.3f  %.3f to %.3f   %9.2f M%s %6.2f%s\n", b->id, m.ratio,
			m.ci95.low, m.ci95.high, m.subject_rate / 1e6, b->unit, m.cycles_per_byte,
			m.steal < STEAL_UNSTABLE ? "" : "  (steal)");
		json_array_append_new(results, result_json(b, &m));
	}
	return 0;
}

static int run(const struct options *o)
{
	int cpu = pin(), result;
	json_t *root = json_pack("{s:s, s:{s:s, s:s, s:i}, s:o, s:[]}", "schema", "sluice-perf/1",
		"run", "version", SLUICE_VERSION, "effort", o->effort, "seed", (int)o->plan.seed,
		"machine", machine_json(cpu), "results");

	result = run_noise(o, root);
	if (result == 0)
		result = run_all(o, json_object_get(root, "results"));
	if (result == 0 && o->json) {
		bool out = strcmp(o->json, "-") == 0;

		if (out ? json_dumpf(root, stdout, JSON_INDENT(1)) < 0
			: json_dump_file(root, o->json, JSON_INDENT(1)) < 0) {
			fprintf(stderr, "sluice-perf: cannot write %s\n", o->json);
			result = EXIT_FAILED;
		}
	}
	json_decref(root);
	return result;
}

static int run_command(int argc, char **argv)
{
	static const struct option words[] = {{"filter", required_argument, NULL, 'f'},
		{"json", required_argument, NULL, 'j'}, {"quick", no_argument, NULL, 'q'},
		{"full", no_argument, NULL, 'F'}, {"smoke", no_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct options o = {.filter = "*", .plan = {30, 2000000, SEED}, .effort = "quick"};

	for (int c; (c = getopt_long(argc, argv, "", words, NULL)) != -1;) {
		switch (c) {
		case 'f':
			o.filter = optarg;
			break;
		case 'j':
			o.json = optarg;
			break;
		case 'q':
			break;
		case 'F':
			o.plan = (struct measure_plan){101, 20000000, SEED}, o.effort = "full";
			break;
		case 's':
			o.plan = (struct measure_plan){3, 0, SEED}, o.effort = "smoke";
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return usage_error("run takes no operand: ", argv[optind]);
	return run(&o);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || strcmp(verb, "-h") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (strcmp(verb, "list") == 0 && argc == 2)
		return list();
	if (strcmp(verb, "run") == 0)
		return run_command(argc - 1, argv + 1);
	if (strcmp(verb, "compare") == 0 && argc == 4)
		return compare_files(argv[2], argv[3]);
	if (!*verb)
		return usage_error("what shall be done: list, run or compare", "");
	return usage_error("no such command, or not so many operands: ", verb);
}
