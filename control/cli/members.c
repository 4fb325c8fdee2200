// sluice members: the cluster as a table, or with --watch as lines while it changes.
#include <string.h>
#include <time.h>

#include "control/cli/cli.h"
#include "control/cli/format.h"
#include "control/cli/print.h"
#include "control/cli/signals.h"

enum { WATCH_MS = 500 };

const struct schema_method members_method = {
	.name = "members",
	.sentence = "nodes of the cluster as this one sees them",
	.params =
		{
			{.name = "down",
				.type = SCHEMA_BOOLEAN,
				.sentence = "also those that are dead or have left"},
			{.name = "watch",
				.type = SCHEMA_BOOLEAN,
				.sentence = "one line for every change, until Ctrl-C"},
		},
};

static const char note_watch[] =
	"With --watch the node is asked twice a second: of a member that changes faster only the "
	"last change is told. With --json each is one object on a line: name, from, to, address, "
	"time_s (Unix).";

const struct command_text members_text = {
	.operands = "",
	.notes = {note_watch},
};

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "none";
}

static void change_print(const struct cli *cli, const json_t *row, const char *from, const char *to)
{
	time_t now = time(NULL);
	char clock[16], plain[TABLE_CELL_SIZE];
	struct tm local;

	if (cli->json) {
		(void)cli_print_json(json_pack("{s:s, s:s, s:s, s:s, s:I}", "name",
			text_of(row, "name"), "from", from, "to", to, "address",
			text_of(row, "address"), "time_s", (json_int_t)now));
		return;
	}
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
	printf("%s  %-20s %s -> %s  %s\n", clock,
		format_plain(plain, sizeof(plain), text_of(row, "name")), from, to,
		text_of(row, "address"));
}

// Both lists are sorted by name (strcmp): one walk over both, however many there are.
static void changes_print(const struct cli *cli, const json_t *before, const json_t *now)
{
	size_t was = 0, is = 0;

	while (was < json_array_size(before) || is < json_array_size(now)) {
		const json_t *old = json_array_get(before, was), *new = json_array_get(now, is);
		int order = !old   ? 1
			    : !new ? -1
				   : strcmp(text_of(old, "name"), text_of(new, "name"));
		const char *from = order <= 0 ? text_of(old, "state") : "none";
		const char *to = order >= 0 ? text_of(new, "state") : "none";

		if (strcmp(from, to) != 0)
			change_print(cli, order < 0 ? old : new, from, to);
		was += order <= 0;
		is += order >= 0;
	}
}

// All of them, down or not: a change to dead is one, too. NULL: *code is set.
static json_t *members_ask(const struct cli *cli, int *code)
{
	json_t *params = json_pack("{s:b}", "down", true);
	json_t *result = connect_call(cli, "members", params, code);

	json_decref(params);
	return result;
}

static int members_watch(const struct cli *cli)
{
	const struct timespec pause = {.tv_nsec = WATCH_MS * 1000000L};
	json_t *before = json_pack("{s:[]}", "members"), *now;
	int code = CLI_OK;

	signals_start();
	while (!signals_stop() && !ferror(stdout)) {
		now = members_ask(cli, &code);
		if (!now)
			break;
		changes_print(
			cli, json_object_get(before, "members"), json_object_get(now, "members"));
		fflush(stdout);
		json_decref(before);
		before = now;
		nanosleep(&pause, NULL);
	}
	json_decref(before);
	return code;
}

int members_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	json_t *ask, *result;
	int code = CLI_OK;

	(void)command;
	if (operands[0])
		return cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: \"%.64s\" is not expected", operands[0]);
	if (schema_boolean(params, "watch"))
		return members_watch(cli);
	ask = json_pack("{s:b}", "down", schema_boolean(params, "down"));
	result = connect_call(cli, "members", ask, &code);
	json_decref(ask);
	if (!result)
		return code;
	if (cli->json)
		return cli_print_json(result);
	code = print_members(cli, result);
	json_decref(result);
	return code;
}
