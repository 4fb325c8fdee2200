// Help as one JSON object, from the same tables as the text.
#include <string.h>

#include "control/cli/cli.h"

static json_t *json_sentence(const char *name, const char *sentence)
{
	return json_pack("{s:s, s:s}", "name", name, "sentence", sentence);
}

static json_t *json_exits(const struct command *c)
{
	json_t *codes = json_object();

	for (int code = 0; code < CLI_EXIT_CODES; code++)
		json_object_set_new(codes, (char[]){(char)('0' + code), '\0'},
			json_string(help_exit(c, (enum cli_exit)code)));
	return codes;
}

// `group` NULL: all of them.
static json_t *json_commands(const char *group)
{
	json_t *list = json_array();

	for (const struct command *c = cli_commands; c->group; c++) {
		char usage[128];

		if (group && strcmp(c->group, group) != 0)
			continue;
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:s}", "command",
				      json_sprintf("%s%s%s", c->group, c->word ? " " : "",
					      c->word ? c->word : ""),
				      "usage", help_usage(c, usage, sizeof(usage)), "sentence",
				      help_sentence(c)));
	}
	return list;
}

static void json_add_common(json_t *options)
{
	for (const struct help_option *o = help_options; o->name; o++)
		json_array_append_new(options, json_sentence(o->name, o->sentence));
}

int help_json_overview(void)
{
	json_t *options = json_array();

	json_add_common(options);
	json_array_append_new(
		options, json_sentence(help_option_version.name, help_option_version.sentence));
	return cli_print_json(json_pack("{s:s, s:o, s:o, s:o}", "usage",
		"sluice [--json] [--node SOCKET] COMMAND ...", "commands", json_commands(NULL),
		"options", options, "exit_codes", json_exits(NULL)));
}

int help_json_group(const char *group)
{
	const struct command *alone = help_default(group);

	return cli_print_json(json_pack("{s:o, s:o, s:o}", "usage",
		json_sprintf("sluice %s COMMAND ...", group), "alone",
		alone ? json_sprintf("%s %s", alone->group, alone->word) : json_null(), "commands",
		json_commands(group)));
}

int help_json_command(const struct command *c)
{
	const struct schema_method *m = command_method(c);
	json_t *operands = json_array(), *options = json_array(), *notes = json_array();
	char usage[128], name[32];

	for (int i = 0; c->text && i < HELP_NOTES_MAX && c->text->operand[i].name; i++)
		json_array_append_new(operands,
			json_sentence(c->text->operand[i].name, c->text->operand[i].sentence));
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++) {
		json_t *row = schema_param_json(p);

		json_object_set_new(
			row, "name", json_string(help_param_name(p, name, sizeof(name))));
		json_array_append_new(p->required ? operands : options, row);
	}
	json_add_common(options);
	for (int i = 0; c->text && i < HELP_NOTES_MAX && c->text->notes[i]; i++)
		json_array_append_new(notes, json_string(c->text->notes[i]));
	return cli_print_json(json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "usage",
		help_usage(c, usage, sizeof(usage)), "sentence", help_sentence(c), "operands",
		operands, "options", options, "notes", notes, "exit_codes", json_exits(c)));
}
