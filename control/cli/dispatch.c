// From the words of the command line to the command they name.
#include "control/cli/cli.h"

#include <string.h>

static bool group_exists(const char *group)
{
	for (const struct command *c = cli_commands; c->group; c++)
		if (strcmp(c->group, group) == 0)
			return true;
	return false;
}

static const struct command *command_find(const char *group, const char *word)
{
	for (const struct command *c = cli_commands; c->group; c++)
		if (strcmp(c->group, group) == 0 &&
			(!c->word || (word && strcmp(c->word, word) == 0)))
			return c;
	return NULL;
}

int command_unknown(const struct cli *cli, const char *group, const char *word)
{
	const char *near = help_nearest(word, group);
	char hint[80] = "";

	if (near)
		snprintf(hint, sizeof(hint), ", did you mean \"%s%s%s\"?", group ? group : "",
			group ? " " : "", near);
	return cli_fail(cli, CLI_USAGE, "usage",
		"no command \"%s%s%.64s\"%s; sluice help%s%s lists them", group ? group : "",
		group ? " " : "", word, hint, group ? " " : "", group ? group : "");
}

static int command_start(struct cli *cli, const struct command *command, int argc, char **argv)
{
	const struct schema_method *method = command_method(command);
	json_t *params = NULL, *result;
	char **operands;
	int code = options_parse(cli, command, argc, argv, &params, &operands);

	if (code == CLI_OK && cli->help)
		code = help_command(cli, command);
	else if (code == CLI_OK && command->run)
		code = command->run(cli, command, params, operands);
	else if (code == CLI_OK) {
		result = connect_call(cli, method->name, params, &code);
		if (result)
			code = cli->json ? cli_print_json(json_incref(result))
					 : command->print(cli, result);
		json_decref(result);
	}
	json_decref(params);
	return code;
}

// argv[0] is the group. Options may stand between the two words.
static int group_start(struct cli *cli, int argc, char **argv)
{
	const char *group = argv[0];
	const struct command *command = command_find(group, NULL);
	int at;

	if (command)
		return command_start(cli, command, argc, argv);
	at = options_global(cli, argc, argv);
	if (at < 0)
		return CLI_USAGE;
	if (cli->version)
		return version_print(cli);
	if (at < argc) {
		command = command_find(group, argv[at]);
		return command ? command_start(cli, command, argc - at, argv + at)
			       : command_unknown(cli, group, argv[at]);
	}
	if (cli->help || !help_default(group))
		return help_group(cli, group);
	// All options are read: what is left is the end of argv, and no operand.
	return command_start(cli, help_default(group), 1, argv + argc - 1);
}

int command_main(struct cli *cli, int argc, char **argv)
{
	int at = options_global(cli, argc, argv);

	if (at < 0)
		return CLI_USAGE;
	if (cli->version)
		return version_print(cli);
	if (at == argc) {
		if (cli->help)
			return help_overview(cli);
		if (cli->json)
			return cli_fail(cli, CLI_USAGE, "usage", "no command; help lists them");
		help_overview(cli);
		return CLI_USAGE;
	}
	if (!group_exists(argv[at]))
		return command_unknown(cli, NULL, argv[at]);
	return group_start(cli, argc - at, argv + at);
}
