// sluice-perf: figures as ratios against a limit, taken interleaved in one run.
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "perf/compare.h"
#include "perf/peers.h"
#include "perf/pick.h"
#include "perf/report.h"
#include "perf/run.h"
#include "perf/spin.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, COMMAND_MAX = 512 };

static const char usage[] =
	"usage: sluice-perf list [--json|--peers]\n"
	"       sluice-perf run [--peers] [RUN OPTIONS] [--json FILE]\n"
	"       sluice-perf compare A.json B.json [--json]\n"
	"       sluice-perf report OUT.html [--json FILE | RUN OPTIONS] [--baseline FILE] "
	"[--trace FILE]\n"
	"                                   [--profile GLOB | --no-profile]\n"
	"       sluice-perf spin ID\n"
	"\n"
	"Each figure is a ratio: our code against a limit (the raw library, the bare loop) in one "
	"run, in\n"
	"pairs of random order. 1 is the limit, larger is better. Before them the limit runs "
	"against\n"
	"itself: the interval of that is the noise floor, and no difference inside it means "
	"anything.\n"
	"\n"
	"run:\n"
	"  --filter GLOB  ids that match; * crosses slashes (ring/*), !(transport/*) is all "
	"others\n"
	"  --quick        30 pairs of 2 ms (the default)\n"
	"  --full         101 pairs of 20 ms\n"
	"  --smoke        3 pairs of an instant: does everything still run; figures mean nothing\n"
	"  --peers        against other transports on the same link instead (run --peers --help)\n"
	"  --json FILE    also written there, schema sluice-perf/1; - for standard output\n"
	"\n"
	"compare: the ratios of two runs, and which changed beyond interval and noise floor.\n"
	"  --json         as an object\n"
	"\n"
	"report: one page that needs nothing else, of a run that it makes or of one in a file.\n"
	"  --json FILE      the run, from sluice-perf run --json\n"
	"  --baseline FILE  an earlier run, to compare with\n"
	"  --trace FILE     a session over time, from sluice session trace ID --json\n"
	"  --profile GLOB   rows whose functions are sampled, with perf (the default: of each "
	"domain the\n"
	"                   row furthest below its limit)\n"
	"  --no-profile     none\n"
	"\n"
	"spin: a benchmark alone for about two seconds, without its limit: for a profiler.\n"
	"\n"
	"exit: 0 done, 1 failed, 2 usage; compare: 3 something is slower beyond interval and "
	"noise\n";

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "sluice-perf: %s%s (sluice-perf --help tells how)\n", what, word);
	return EXIT_USAGE;
}

static json_t *list_json(void)
{
	json_t *list = json_array();
	const struct bench *b;

	for (size_t i = 0; (b = bench_at(i)) != NULL; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s?, s:s}", "id", b->id, "unit", b->unit,
				      "limit", b->limit, "kind", b->latency ? "latency" : "rate"));
	return list;
}

static int list(bool json)
{
	const struct bench *b;

	if (json) {
		json_t *all = list_json();
		int result = json_dumpf(all, stdout, JSON_INDENT(1));

		putchar('\n');
		json_decref(all);
		return result < 0 ? EXIT_FAILED : 0;
	}
	for (size_t i = 0; (b = bench_at(i)) != NULL; i++)
		printf("%-42s %-5s %s\n", b->id, b->unit, b->limit ? b->limit : "(a limit)");
	return 0;
}

static int write_json(json_t *root, const char *path)
{
	int result = strcmp(path, "-") == 0 ? json_dumpf(root, stdout, JSON_INDENT(1))
					    : json_dump_file(root, path, JSON_INDENT(1));

	if (result < 0)
		fprintf(stderr, "sluice-perf: cannot write %s\n", path);
	return result;
}

static int run(const struct run_options *o, const char *path)
{
	size_t failed;
	json_t *root = run_all(o, &failed);
	int result = root && failed == 0 ? 0 : EXIT_FAILED;

	if (root && path && write_json(root, path) < 0)
		result = EXIT_FAILED;
	json_decref(root);
	return result;
}

// The command as one may type it again.
static void command_line(int argc, char **argv, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "sluice-perf");

	for (int i = 0; i < argc && used < size; i++)
		used += (size_t)snprintf(text + used, size - used,
			strpbrk(argv[i], "*?[ ") ? " '%s'" : " %s", argv[i]);
}

struct options {
	struct run_options run;
	const char *json, *baseline, *trace, *profile;
	bool report;      // which command: run has not all of the options
	bool run_options; // any of those was given
	bool help;
};

static const struct option words[] = {{"filter", required_argument, NULL, 'f'},
	{"json", required_argument, NULL, 'j'}, {"quick", no_argument, NULL, 'e'},
	{"full", no_argument, NULL, 'e'}, {"smoke", no_argument, NULL, 'e'},
	{"help", no_argument, NULL, 'h'}, {"baseline", required_argument, NULL, 'b'},
	{"trace", required_argument, NULL, 't'}, {"profile", required_argument, NULL, 'P'},
	{"no-profile", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};

// false: it is not an option of this command.
static bool report_option(struct options *o, int c)
{
	switch (c) {
	case 'b':
		o->baseline = optarg;
		break;
	case 't':
		o->trace = optarg;
		break;
	case 'P':
		o->profile = optarg;
		break;
	case 'n':
		o->profile = NULL;
		break;
	default:
		return false;
	}
	return o->report;
}

static bool one_option(struct options *o, int c, const char *word)
{
	switch (c) {
	case 'f':
		o->run.filter = optarg;
		o->run_options = true;
		break;
	case 'e':
		run_effort(&o->run, word);
		o->run_options = true;
		break;
	case 'j':
		o->json = optarg;
		break;
	case 'h':
		o->help = true;
		break;
	default:
		return report_option(o, c);
	}
	return true;
}

// 0, or the exit code of a wrong option, said on the standard error.
static int options_parse(struct options *o, int argc, char **argv)
{
	int at = 0;

	o->run.filter = "*";
	o->profile = "";
	run_effort(&o->run, "quick");
	for (int c; (c = getopt_long(argc, argv, "", words, &at)) != -1;) {
		if (c == '?')
			return EXIT_USAGE;
		if (!one_option(o, c, words[at].name))
			return usage_error("not an option of this command: --", words[at].name);
	}
	return 0;
}

static int run_command(int argc, char **argv)
{
	char command[COMMAND_MAX];
	struct options o = {.run.command = command};
	int result;

	command_line(argc, argv, command, sizeof(command));
	result = options_parse(&o, argc, argv);
	if (result != 0)
		return result;
	if (o.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (optind < argc)
		return usage_error("run takes no operand: ", argv[optind]);
	return run(&o.run, o.json);
}

static int report(const struct options *o, const char *path, const char *command)
{
	json_t *baseline = o->baseline ? pick_load(o->baseline) : NULL, *root = NULL;
	size_t failed = 0;
	int result = EXIT_FAILED;

	if (!o->baseline || baseline)
		root = o->json ? pick_load(o->json) : run_all(&o->run, &failed);
	if (root) {
		const struct report r = {root, baseline, o->trace, o->profile, command};

		result = report_write(&r, path) < 0 || failed > 0 ? EXIT_FAILED : 0;
	}
	json_decref(root);
	json_decref(baseline);
	return result;
}

static int report_command(int argc, char **argv)
{
	char command[COMMAND_MAX];
	struct options o = {.run.command = command, .report = true};
	int result;

	command_line(argc, argv, command, sizeof(command));
	result = options_parse(&o, argc, argv);
	if (result != 0)
		return result;
	if (o.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (optind + 1 != argc)
		return usage_error("report takes one operand, the file to write", "");
	if (o.json && o.run_options)
		return usage_error("--json is a run that was: it takes no --filter and no "
				   "effort",
			"");
	return report(&o, argv[optind], command);
}

static int compare_command(int argc, char **argv)
{
	static const struct option its[] = {{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	bool json = false;

	for (int c; (c = getopt_long(argc, argv, "", its, NULL)) != -1;) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c != 'j')
			return EXIT_USAGE;
		json = true;
	}
	if (optind + 2 != argc)
		return usage_error("compare takes two operands, the earlier run and the later", "");
	return compare_files(argv[optind], argv[optind + 1], json);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || strcmp(verb, "-h") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (peers_asked(argc, argv))
		return peers_run(argv);
	if (strcmp(verb, "list") == 0 && argc == 2)
		return list(false);
	if (strcmp(verb, "list") == 0 && argc == 3 && strcmp(argv[2], "--json") == 0)
		return list(true);
	if (strcmp(verb, "run") == 0)
		return run_command(argc - 1, argv + 1);
	if (strcmp(verb, "compare") == 0)
		return compare_command(argc - 1, argv + 1);
	if (strcmp(verb, "report") == 0)
		return report_command(argc - 1, argv + 1);
	if (strcmp(verb, "spin") == 0 && argc == 3)
		return spin(argv[2]);
	if (!*verb)
		return usage_error("what shall be done: list, run, compare, report or spin", "");
	return usage_error("no such command, or not so many operands: ", verb);
}
