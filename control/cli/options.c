// Options by the schema: each optional parameter is --name, each required one an operand.
#include "control/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_NODE, OPTION_HELP, OPTION_VERSION, OPTION_PARAM };

#define OPTIONS_GLOBAL 3
#define OPTIONS_MAX    (OPTIONS_GLOBAL + SCHEMA_PARAMS_MAX + 1)
#define OPTION_SIZE    32

// The last one stands in front of a command only.
static const struct option options_common[OPTIONS_GLOBAL + 2] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"node", required_argument, NULL, OPTION_NODE},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

static void take_global(struct cli *cli, int option)
{
	if (option == OPTION_JSON)
		cli->json = true;
	else if (option == OPTION_NODE)
		cli->node = optarg;
	else if (option == OPTION_HELP || option == 'h')
		cli->help = true;
	else if (option == OPTION_VERSION)
		cli->version = true;
}

// The names that begin with what was written: " could be --node or --now". Returns how many.
static int options_like(
	const struct option *options, const char *written, char text[SCHEMA_TEXT_SIZE])
{
	size_t size = strcspn(written, "="), used = 0;
	int count = 0;

	for (const struct option *o = options; o->name; o++) {
		if (strncmp(o->name, written, size) != 0)
			continue;
		used += (size_t)snprintf(text + used, SCHEMA_TEXT_SIZE - used, "%s --%s",
			count++ ? " or" : " could be", o->name);
	}
	return count;
}

// What begins with a dash may have been meant as a name.
static int fail_unknown(const struct cli *cli, const struct command *command, const char *option)
{
	const char *word = command && command->word ? command->word : "";

	if (command && command->text && *command->text->operands)
		return cli_fail(cli, CLI_USAGE, "usage",
			"%s has no option %.64s; a name that begins with a dash goes behind \"--\"",
			command->group, option);
	if (command)
		return cli_fail(cli, CLI_USAGE, "usage",
			"%s%s%s has no option %.64s; --help lists them", command->group,
			*word ? " " : "", word, option);
	return cli_fail(cli, CLI_USAGE, "usage",
		"no option %.64s stands in front of a command; sluice help lists them", option);
}

// `argument` is where getopt stands; of several letters behind one dash optopt is the wrong one.
static int fail_option(const struct cli *cli, const struct command *command,
	const struct option *options, int option, const char *argument)
{
	char letter[3] = {'-', (char)optopt, '\0'}, text[SCHEMA_TEXT_SIZE];

	if (option == ':')
		return cli_fail(cli, CLI_USAGE, "usage", "option %s needs a value", argument);
	if (optopt >= OPTION_JSON)
		return cli_fail(cli, CLI_USAGE, "usage", "option %.*s takes no value",
			(int)strcspn(argument, "="), argument);
	if (!optopt && options_like(options, argument + 2, text) > 1)
		return cli_fail(
			cli, CLI_USAGE, "usage", "option %.64s is ambiguous: it%s", argument, text);
	return fail_unknown(cli, command, optopt ? letter : argument);
}

int options_global(struct cli *cli, int argc, char **argv)
{
	int option;

	opterr = 0;
	optind = 0; // start again: glibc's way
	while ((option = getopt_long(argc, argv, "+:h", options_common, NULL)) != -1) {
		if (option == '?' || option == ':') {
			(void)fail_option(cli, NULL, options_common, option, argv[optind - 1]);
			return -1;
		}
		take_global(cli, option);
	}
	return optind;
}

// timeout_ms -> timeout-ms
static void option_name(char name[OPTION_SIZE], const struct schema_param *p)
{
	snprintf(name, OPTION_SIZE, "%s", p->name);
	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
}

struct option_table {
	struct option options[OPTIONS_MAX];
	char names[SCHEMA_PARAMS_MAX][OPTION_SIZE];
};

static void table_fill(struct option_table *table, const struct schema_method *method)
{
	struct option *at = table->options;

	for (int i = 0; i < OPTIONS_GLOBAL; i++)
		*at++ = options_common[i];
	for (int i = 0; i < SCHEMA_PARAMS_MAX && method->params[i].name; i++) {
		const struct schema_param *p = &method->params[i];

		if (p->required)
			continue;
		option_name(table->names[i], p);
		*at++ = (struct option){table->names[i],
			p->type == SCHEMA_BOOLEAN ? no_argument : required_argument, NULL,
			OPTION_PARAM + i};
	}
	*at = (struct option){0};
}

// NULL: not of that type; the sentence then comes from the schema, which is given the text itself.
static json_t *option_value(const struct schema_param *p, const char *text)
{
	char *end;
	long long number;

	if (p->type == SCHEMA_BOOLEAN)
		return json_true();
	if (p->type != SCHEMA_INTEGER)
		return json_string(text);
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno || end == text || *end ? json_string(text) : json_integer(number);
}

static int take_param(
	const struct cli *cli, json_t *params, const struct schema_param *p, const char *text)
{
	json_t *value = option_value(p, text);

	if (!value)
		return cli_fail(cli, CLI_USAGE, "usage", "%s must be UTF-8", p->name);
	json_object_set_new(params, p->name, value);
	return CLI_OK;
}

// Required parameters in their order from the operands.
static int take_required(
	const struct cli *cli, const struct command *command, json_t *params, char **operands)
{
	const struct schema_method *method = command_method(command);

	for (int i = 0; i < SCHEMA_PARAMS_MAX && method->params[i].name; i++) {
		const struct schema_param *p = &method->params[i];

		if (!p->required)
			continue;
		if (!*operands)
			return cli_fail(
				cli, CLI_USAGE, "usage", "%s is missing: %s", p->name, p->sentence);
		if (take_param(cli, params, p, *operands++) != CLI_OK)
			return CLI_USAGE;
	}
	if (*operands && !command->text)
		return cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: \"%.64s\" is not expected", *operands);
	return CLI_OK;
}

int options_parse(struct cli *cli, const struct command *command, int argc, char **argv,
	json_t **params, char ***operands)
{
	const struct schema_method *method = command_method(command);
	struct option_table table;
	char text[SCHEMA_TEXT_SIZE];
	int option, code = CLI_OK;

	*params = json_object();
	table_fill(&table, method);
	opterr = 0;
	optind = 0;
	while (code == CLI_OK &&
		(option = getopt_long(argc, argv, ":h", table.options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return fail_option(cli, command, table.options, option, argv[optind - 1]);
		if (option >= OPTION_PARAM)
			code = take_param(
				cli, *params, &method->params[option - OPTION_PARAM], optarg);
		else
			take_global(cli, option);
	}
	*operands = argv + optind;
	if (code != CLI_OK || cli->help)
		return code;
	code = take_required(cli, command, *params, *operands);
	if (code == CLI_OK && schema_check(method, *params, text) != 0)
		code = cli_fail(cli, CLI_USAGE, "usage", "%s", text);
	return code;
}
