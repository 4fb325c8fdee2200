// sluice join: an address, or whom the configuration names.
#include "control/cli/cli.h"
#include "control/cli/print.h"

const struct schema_method join_method = {
	.name = "join",
	.sentence = "asks nodes for the cluster that they are in; also ends a leave",
};

static const char note_seeds[] =
	"Without an address the seeds and peers of the configuration are asked, and after sluice "
	"leave some of the members that were here. An address after sluice leave is asked first, "
	"and "
	"then those.";

const struct command_text join_text = {
	.operands = "[ADDRESS:PORT]",
	.operand = {{"ADDRESS:PORT", "of the control process of a node"}},
	.notes = {note_seeds},
};

static int print_joined(const json_t *result)
{
	const json_t *addresses = json_object_get(result, "addresses"), *address;
	size_t i, count = json_array_size(addresses);
	char plain[TABLE_CELL_SIZE];

	json_array_foreach(addresses, i, address) printf("%s%s", i ? ", " : "",
		format_plain(plain, sizeof(plain), json_string_value(address)));
	printf(" %s asked until %s; sluice members shows whom %s\n", count == 1 ? "is" : "are",
		count == 1 ? "it answers" : "they answer", count == 1 ? "it knows" : "they know");
	return CLI_OK;
}

int join_run(struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	json_t *ask = operands[0] ? json_pack("{s:s}", "address", operands[0]) : json_object();
	json_t *result = NULL;
	int code = CLI_OK;

	(void)command;
	(void)params;
	if (operands[0] && operands[1])
		code = cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: \"%.64s\" is not expected", operands[1]);
	else if (!ask)
		code = cli_fail(cli, CLI_USAGE, "usage", "the address is not UTF-8");
	else
		result = connect_call(cli, "join", ask, &code);
	if (result)
		code = cli->json ? cli_print_json(json_incref(result)) : print_joined(result);
	json_decref(result);
	json_decref(ask);
	return code;
}
