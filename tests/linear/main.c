// linear-check: whether a history that clients wrote down is linearizable.
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/linear/history.h"
#include "tests/linear/print.h"

enum { EXIT_LINEAR = 0, EXIT_NOT = 1, EXIT_USAGE = 2, EXIT_UNDECIDED = 3 };

static const char help[] =
	"usage: linear-check [--seconds N] [--steps N] [--json] FILE\n"
	"\n"
	"Whether a history of gets, puts, deletes and swaps is linearizable, key by key.\n"
	"FILE (-: standard input) has one operation a line:\n"
	"\n"
	"  {\"client\": 1, \"op\": \"put\", \"key\": \"a\", \"value\": \"x\",\n"
	"   \"call_ns\": 100, \"return_ns\": 250, \"outcome\": \"ok\"}\n"
	"\n"
	"  op       get, put, delete, swap (put value if expect is there)\n"
	"  value    put, swap: what; get: what it saw, null when nothing was there\n"
	"  expect   swap: what must be there; null: nothing\n"
	"  held     swap: whether it was there; delete, if it is known: whether anything was\n"
	"  outcome  ok; failed: for sure nothing was done; unknown: no return_ns then\n"
	"\n"
	"  --seconds N  give up after so long (60)\n"
	"  --steps N    give up after so many steps of the search of one key (1000000000)\n"
	"  --json       the verdict as JSON\n"
	"\n"
	"Exit status: 0 linearizable, 1 not, 2 the file or the arguments are wrong, 3 undecided.\n";

static bool late(void *owner)
{
	const struct timespec *end = owner;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > end->tv_sec ||
	       (now.tv_sec == end->tv_sec && now.tv_nsec >= end->tv_nsec);
}

static void json_write(const struct history *history, const struct linear_report *report)
{
	static const char *const verdicts[] = {"linearizable", "not linearizable", "undecided"};
	json_t *out = json_pack("{s:s, s:i, s:i, s:I}", "verdict", verdicts[report->verdict],
		"operations", (int)history->count, "keys", (int)report->keys, "steps",
		(json_int_t)report->steps);
	json_t *window = json_array();

	if (report->verdict != LINEAR_YES)
		json_object_set_new(out, "key", json_string(history_name(history, report->key)));
	for (uint32_t i = 0; i < report->window_ops && i < LINEAR_WINDOW_MAX; i++)
		json_array_append_new(window, json_integer(report->window[i] + 1));
	if (report->verdict == LINEAR_NO) {
		json_object_set(out, "lines", window);
		json_object_set_new(out, "last_line", json_integer(report->last + 1));
	}
	json_decref(window);
	json_dumpf(out, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(out);
}

static int check(const struct history *history, struct linear_limits *limits, bool json)
{
	static const int codes[] = {EXIT_LINEAR, EXIT_NOT, EXIT_UNDECIDED};
	const struct linear_names names = {history_name, history_name, history};
	struct linear_report report;

	linear_check(history->ops, history->count, limits, &report);
	if (json)
		json_write(history, &report);
	else
		linear_print(stdout, history->ops, &report, &names);
	return codes[report.verdict];
}

static int wrong(const char *what)
{
	fprintf(stderr, "linear-check: %s; see linear-check --help\n", what);
	return EXIT_USAGE;
}

static bool number_read(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0 && *number > 0;
}

static int run(const char *path, struct linear_limits *limits, bool json)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct history history;
	int code = EXIT_USAGE;

	if (!in) {
		fprintf(stderr, "linear-check: %s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	if (history_read(&history, in))
		code = check(&history, limits, json);
	else
		fprintf(stderr, "linear-check: %s: %s\n", path, history.error);
	history_fini(&history);
	if (in != stdin)
		fclose(in);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'},
		{"steps", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	uint64_t seconds = 60;
	struct timespec end;
	struct linear_limits limits = {.steps = 1000000000, .late = late, .owner = &end};
	bool json = false;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h') {
			fputs(help, stdout);
			return EXIT_LINEAR;
		}
		if (c == 's' && (!number_read(optarg, &seconds) || seconds > 1000000))
			return wrong("--seconds is a number, 1 to 1000000");
		if (c == 'n' && !number_read(optarg, &limits.steps))
			return wrong("--steps is a number, 1 or more");
		if (c == 'j')
			json = true;
		if (c == '?')
			return wrong("there is no such option");
	}
	if (optind + 1 != argc)
		return wrong("one file is needed");
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)seconds;
	return run(argv[optind], &limits, json);
}
