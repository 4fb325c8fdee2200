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
	"  --full         101 pairs of 20 ms; also rows of which there are thousands (codecs at "
	"other\n"
	"                 levels than their default), which else run by name: codec/zstd/19/*\n"
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
	"  --profile GLOB   rows whose functions are sampled, with perf (the default: those that "
	"count\n"
	"                   cycles a byte and miss their goal, and of each domain the row "
	"furthest below\n"
	"                   its limit)\n"
	"  --no-profile     none\n"
	"\n"
	"spin: a benchmark alone for about three seconds, without its limit: for a profiler.\n"
	"\n"
	"exit: 0 done, 1 failed, 2 usage; compare: 3 something is slower beyond interval and "
	"noise\n";

// What a command was told, and what stands where nothing was.
struct options {
	struct run_options run;
	bool run_options; // any of those was given
	const char *file; // a run, to write or to read
	bool json;        // answers as an object
	const char *baseline, *trace, *profile;
	bool help;
	char **operand;
	char command[COMMAND_MAX]; // as it was typed
};

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
			list, json_pack("{s:s, s:s, s:s?, s:s, s:b}", "id", b->id, "unit", b->unit,
				      "limit", b->limit, "kind", b->latency ? "latency" : "rate",
				      "rare", b->rare));
	return list;
}

static int list(const struct options *o)
{
	const struct bench *b;

	if (o->json) {
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

static int run(const struct options *o)
{
	size_t failed;
	json_t *root = run_all(&o->run, &failed);
	int result = root && failed == 0 ? 0 : EXIT_FAILED;

	if (root && o->file && write_json(root, o->file) < 0)
		result = EXIT_FAILED;
	json_decref(root);
	return result;
}

static int report(const struct options *o)
{
	json_t *baseline = o->baseline ? pick_load(o->baseline) : NULL, *root = NULL;
	size_t failed = 0;
	int result = EXIT_FAILED;

	if (o->file && o->run_options)
		return usage_error(
			"--json is a run that was: it takes no --filter and no effort", "");
	if (!o->baseline || baseline)
		root = o->file ? pick_load(o->file) : run_all(&o->run, &failed);
	if (root) {
		const struct report r = {root, baseline, o->trace, o->profile, o->command};

		result = report_write(&r, o->operand[0]) < 0 || failed > 0 ? EXIT_FAILED : 0;
	}
	json_decref(root);
	json_decref(baseline);
	return result;
}

static int compare(const struct options *o)
{
	return compare_files(o->operand[0], o->operand[1], o->json);
}

static int spin_one(const struct options *o)
{
	return spin(o->operand[0]);
}

// ---- the command line

#define WORD_HELP                              \
	{                                      \
		"help", no_argument, NULL, 'h' \
	}
#define WORDS_END                \
	{                        \
		NULL, 0, NULL, 0 \
	}
// What makes a run, and where it is written or read.
#define WORDS_RUN                                                                    \
	{"filter", required_argument, NULL, 'f'}, {"quick", no_argument, NULL, 'e'}, \
		{"full", no_argument, NULL, 'e'}, {"smoke", no_argument, NULL, 'e'}, \
	{                                                                            \
		"json", required_argument, NULL, 'j'                                 \
	}

static const struct option plain_words[] = {WORD_HELP, WORDS_END},
			   told_words[] = {{"json", no_argument, NULL, 'J'}, WORD_HELP, WORDS_END},
			   run_words[] = {WORDS_RUN, WORD_HELP, WORDS_END},
			   report_words[] = {WORDS_RUN, {"baseline", required_argument, NULL, 'b'},
				   {"trace", required_argument, NULL, 't'},
				   {"profile", required_argument, NULL, 'P'},
				   {"no-profile", no_argument, NULL, 'n'}, WORD_HELP, WORDS_END};

static const struct command {
	const char *name;
	const struct option *words;          // that it takes
	int operands;                        // exactly so many ...
	const char *wants;                   // ... or this is said
	int (*act)(const struct options *o); // the exit code
} commands[] = {
	{"list", told_words, 0, "list takes no operand", list},
	{"run", run_words, 0, "run takes no operand: one row is --filter ID", run},
	{"compare", told_words, 2, "compare takes two operands, the earlier run and the later",
		compare},
	{"report", report_words, 1, "report takes one operand, the file to write", report},
	{"spin", plain_words, 1, "spin takes one operand, an id of sluice-perf list", spin_one},
};

// The command as one may type it again.
static void command_line(int argc, char **argv, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "sluice-perf");

	for (int i = 0; i < argc && used < size; i++)
		used += (size_t)snprintf(text + used, size - used,
			strpbrk(argv[i], "*?[ ") ? " '%s'" : " %s", argv[i]);
}

static void one_option(struct options *o, int c, const char *word)
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
		o->file = optarg;
		break;
	case 'J':
		o->json = true;
		break;
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
		o->help = true;
	}
}

static int command_run(const struct command *command, int argc, char **argv)
{
	struct options o = {.run.filter = "*", .profile = ""};
	int at = 0;

	run_effort(&o.run, "quick");
	command_line(argc, argv, o.command, sizeof(o.command));
	o.run.command = o.command;
	for (int c; (c = getopt_long(argc, argv, "", command->words, &at)) != -1;) {
		if (c == '?')
			return usage_error("that is no option of ", command->name);
		one_option(&o, c, command->words[at].name);
	}
	if (o.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc - optind != command->operands)
		return usage_error(command->wants, "");
	o.operand = argv + optind;
	return command->act(&o);
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
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(verb, commands[i].name) == 0)
			return command_run(&commands[i], argc - 1, argv + 1);
	if (!*verb)
		return usage_error("what shall be done: list, run, compare, report or spin", "");
	return usage_error("no such command: ", verb);
}
