// sluice members: the cluster as a table, once or (members_watch.c) as it changes.
#include "control/cli/cli.h"
#include "control/cli/terminal.h"

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
				.sentence = "go on until Ctrl-C, and show every change"},
			{.name = "lines",
				.type = SCHEMA_BOOLEAN,
				.sentence = "with --watch: a line for each change on a terminal, "
					    "too"},
		},
};

static const char note_table[] =
	"On a terminal --watch is a table that is kept up to date. Who dies or leaves meanwhile "
	"stays in it. When sluice-control goes away, the table says so and comes back with it.";
static const char note_lines[] =
	"Elsewhere it is a line for each change, the first ones being who is there; out at once, "
	"and with --json an object: name, from, to, address, event, generation, time_s (Unix), and "
	"what else is known of the member. A reader that is too slow is told how many changes it "
	"lost ({\"event\":\"resync\",\"lost\":N}), then what has changed by that. It ends with "
	"exit "
	"code 3 when sluice-control goes away.";

const struct command_text members_text = {
	.operands = "",
	.notes = {note_table, note_lines},
};

int members_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	bool lines = schema_boolean(params, "lines"), down = schema_boolean(params, "down");
	json_t *ask, *result;
	int code = CLI_OK;

	(void)command;
	if (operands[0])
		return cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: \"%.64s\" is not expected", operands[0]);
	if (schema_boolean(params, "watch"))
		return members_watch(cli, !lines && !cli->json && terminal_usable(), down);
	if (lines)
		return cli_fail(
			cli, CLI_USAGE, "usage", "--lines says how --watch is shown: give both");
	ask = json_pack("{s:b}", "down", down);
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
