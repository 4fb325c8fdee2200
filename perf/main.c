// sluice-perf: figures as ratios against a limit, taken interleaved in one run.
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "perf/compare.h"
#include "perf/run.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, COMMAND_MAX = 512 };

static const char usage[] =
	"usage: sluice-perf list [--json]\n"
	"       sluice-perf run [--filter GLOB] [--quick|--full|--smoke] [--peers] [--json FILE]\n"
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
	"  --smoke        3 pairs of an instant: does everything still run; figures mean nothing\n"
	"  --peers        foreign programs too, where they are installed\n"
	"  --json FILE    also written there, schema sluice-perf/1; - for standard output\n"
	"\n"
	"exit: 0 done, 1 failed, 2 usage\n";

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
				      "peer", b->peer));
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

static int run_command(int argc, char **argv)
{
	static const struct option words[] = {{"filter", required_argument, NULL, 'f'},
		{"json", required_argument, NULL, 'j'}, {"quick", no_argument, NULL, 'e'},
		{"full", no_argument, NULL, 'e'}, {"smoke", no_argument, NULL, 'e'},
		{"peers", no_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	char command[COMMAND_MAX];
	struct run_options o = {.filter = "*", .command = command};
	const char *json = NULL;
	int word;

	command_line(argc, argv, command, sizeof(command));
	run_effort(&o, "quick");
	for (int c; (c = getopt_long(argc, argv, "", words, &word)) != -1;) {
		switch (c) {
		case 'f':
			o.filter = optarg;
			break;
		case 'j':
			json = optarg;
			break;
		case 'e':
			run_effort(&o, words[word].name);
			break;
		case 'p':
			o.peers = true;
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
	return run(&o, json);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "--help") == 0 || strcmp(verb, "help") == 0 || strcmp(verb, "-h") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (strcmp(verb, "list") == 0 && argc == 2)
		return list(false);
	if (strcmp(verb, "list") == 0 && argc == 3 && strcmp(argv[2], "--json") == 0)
		return list(true);
	if (strcmp(verb, "run") == 0)
		return run_command(argc - 1, argv + 1);
	if (strcmp(verb, "compare") == 0 && argc == 4)
		return compare_files(argv[2], argv[3]);
	if (!*verb)
		return usage_error("what shall be done: list, run or compare", "");
	return usage_error("no such command, or not so many operands: ", verb);
}
