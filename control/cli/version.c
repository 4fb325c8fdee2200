// sluice version: of this program, and of the node when it answers.
#include "control/cli/cli.h"

#include "control/cli/format.h"

const struct schema_method version_method = {
	.name = "version",
	.sentence = "version of this program, and of the node's when it answers",
};

const struct command_text version_text = {.operands = ""};

int version_print(const struct cli *cli)
{
	if (cli->json)
		return cli_print_json(json_pack("{s:s}", "sluice", SLUICE_VERSION));
	printf("sluice %s\n", SLUICE_VERSION);
	return CLI_OK;
}

static void print_one(const char *what, const json_t *version)
{
	char plain[64];

	printf("%-17s %s\n", what,
		json_is_string(version)
			? format_plain(plain, sizeof(plain), json_string_value(version))
			: "-");
}

int version_run(
	struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	struct cli quiet = *cli;
	json_t *node;
	int code = CLI_OK;

	(void)command;
	if (operands[0])
		return cli_fail(cli, CLI_USAGE, "usage", "version takes no arguments");
	// A node that does not answer is no error here.
	quiet.quiet = true;
	node = connect_call(&quiet, "version", params, &code);
	if (cli->json) {
		json_t *all = json_pack(
			"{s:s, s:o}", "sluice", SLUICE_VERSION, "node", node ? node : json_null());

		return cli_print_json(all);
	}
	printf("%-17s %s\n", "sluice", SLUICE_VERSION);
	if (node) {
		print_one("sluice-control", json_object_get(node, "control"));
		print_one("sluice-dataplane", json_object_get(node, "dataplane"));
	}
	json_decref(node);
	return CLI_OK;
}
