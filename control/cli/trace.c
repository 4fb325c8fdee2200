// sluice session trace: every step of a session's congestion control, as a table or as JSON lines.
#include "control/cli/cli.h"

#include <string.h>

#include "control/cli/format.h"
#include "control/cli/signals.h"

#define TRACE_HEAD_EVERY 40 // lines for people

static const char note_end[] =
	"Ends with the session, after --seconds or --count, or with Ctrl-C. With --json every step "
	"is one object on a line. A reader that is too slow loses steps, and is told how many: "
	"{\"event\":\"lost\",\"count\":N}. Nobody waits for it.";
static const char note_limits[] =
	"At most 8 traces run at once on a node. While nobody traces, tracing costs nothing.";

const struct command_text trace_text = {
	.operands = "",
	.notes = {note_end, note_limits},
	.exits = {"the trace ended, or you ended it"},
};

struct trace_print {
	const struct cli *cli;
	uint64_t first_ns; // t_ns of the first line
	unsigned lines;
};

static void print_head(void)
{
	printf("%11s  %-12s  %9s  %10s  %9s  %9s  %9s  %6s  %s\n", "ms", "event", "window", "rate",
		"rtt", "srtt", "in flight", "acked", "limited by");
}

// NULL or a wrong type: "-".
static const char *text_of(const json_t *step, const char *name)
{
	const char *text = json_string_value(json_object_get(step, name));

	return text ? text : "-";
}

static void print_step(struct trace_print *print, const json_t *step)
{
	uint64_t now_ns = (uint64_t)json_integer_value(json_object_get(step, "t_ns"));
	const char *cut = json_string_value(json_object_get(step, "cut_reason"));
	char event[40], rate[FORMAT_SIZE], rtt[FORMAT_SIZE], srtt[FORMAT_SIZE];

	if (strcmp(text_of(step, "event"), "lost") == 0) {
		printf("%11s  %" JSON_INTEGER_FORMAT " steps were lost: this reader was too slow\n",
			"", json_integer_value(json_object_get(step, "count")));
		return;
	}
	print->first_ns = print->first_ns ? print->first_ns : now_ns;
	snprintf(event, sizeof(event), "%.12s%s%.12s", text_of(step, "event"), cut ? ": " : "",
		cut ? cut : "");
	printf("%11.3f  %-12s  %9.3f  %10s  %9s  %9s  %9" JSON_INTEGER_FORMAT
	       "  %6" JSON_INTEGER_FORMAT "  %.16s\n",
		(double)(int64_t)(now_ns - print->first_ns) / 1e6, event,
		json_number_value(json_object_get(step, "cwnd_segments")),
		format_figure(
			rate, sizeof(rate), "rate_bytes_per_s", json_object_get(step, "rate_Bps")),
		format_figure(rtt, sizeof(rtt), "rtt_ns", json_object_get(step, "rtt_ns")),
		format_figure(srtt, sizeof(srtt), "srtt_ns", json_object_get(step, "srtt_ns")),
		json_integer_value(json_object_get(step, "in_flight")),
		json_integer_value(json_object_get(step, "newly_acked")),
		text_of(step, "limited_by"));
}

// `params`: the JSON text of one step. False: nobody reads our output any more.
static bool trace_on_step(void *owner, const char *params, size_t size)
{
	struct trace_print *print = owner;

	if (print->cli->json) {
		fwrite(params, 1, size, stdout);
		return putchar('\n') != EOF;
	}
	if (print->lines++ % TRACE_HEAD_EVERY == 0)
		print_head();
	json_t *step = json_loadb(params, size, 0, NULL);

	print_step(print, step);
	json_decref(step);
	return !ferror(stdout);
}

int trace_run(struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	struct trace_print print = {.cli = cli};
	int code = CLI_OK;
	json_t *result;

	if (operands[1])
		return cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: \"%.64s\" is not expected", operands[1]);
	signals_start();
	result = connect_stream(
		cli, command_method(command)->name, params, trace_on_step, &print, &code);
	if (result && !cli->json)
		printf("%" JSON_INTEGER_FORMAT " lines, %" JSON_INTEGER_FORMAT " steps lost: %s\n",
			json_integer_value(json_object_get(result, "lines")),
			json_integer_value(json_object_get(result, "lost")),
			text_of(result, "ended"));
	json_decref(result);
	return fflush(stdout) == 0 ? code : CLI_REFUSED;
}
