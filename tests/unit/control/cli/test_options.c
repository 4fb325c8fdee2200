// The command line's options against the schema, and the nearest command.
#include "control/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct cli cli;
static json_t *params;
static char **operands;

static const struct command *find(const char *group, const char *word)
{
	const struct command *c = cli_commands;

	while (strcmp(c->group, group) != 0 || (word && strcmp(c->word, word) != 0))
		c++;
	return c;
}

// argv is changed by getopt: a fresh array each time.
#define PARSE(group, word, ...)                                                                \
	(cli = (struct cli){.quiet = true}, json_decref(params),                               \
		options_parse(&cli, find(group, word),                                         \
			(int)(sizeof((char *[]){word ? word : group, __VA_ARGS__}) /           \
				sizeof(char *)),                                               \
			(char *[]){(char *)(word ? word : group), __VA_ARGS__, NULL}, &params, \
			&operands))

static void options_parse__options_and_operands_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(
		PARSE("session", "open", "--codec", "lz4", "b", "--json", "--timeout-ms=500"),
		CLI_OK);
	assert_string_equal(json_string_value(json_object_get(params, "node")), "b");
	assert_string_equal(json_string_value(json_object_get(params, "codec")), "lz4");
	assert_int_equal(json_integer_value(json_object_get(params, "timeout_ms")), 500);
	assert_true(cli.json);
	assert_int_equal(
		PARSE("send", NULL, "a", "--node", "/s", "b", "--level", "3", "c"), CLI_OK);
	assert_string_equal(operands[0], "a");
	assert_string_equal(operands[2], "c");
	assert_null(operands[3]);
	assert_string_equal(cli.node, "/s");
}

static void options_parse__a_double_dash_ends_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("send", NULL, "--codec", "none", "--", "--json", "b"), CLI_OK);
	assert_false(cli.json);
	assert_string_equal(operands[0], "--json");
}

static void options_parse__refusals_are_usage(void **state)
{
	(void)state;
	assert_int_equal(PARSE("status", NULL, "--nope"), CLI_USAGE);
	assert_int_equal(PARSE("status", NULL, "extra"), CLI_USAGE);
	assert_int_equal(PARSE("session", "show", "--json"), CLI_USAGE);            // no id
	assert_int_equal(PARSE("session", "show", "12345"), CLI_USAGE);             // too short
	assert_int_equal(PARSE("session", "show", "123456", "7"), CLI_USAGE);       // too many
	assert_int_equal(PARSE("session", "open", "b", "--level", "x"), CLI_USAGE); // no number
	assert_int_equal(PARSE("session", "open", "b", "--level", "3x"), CLI_USAGE);
	assert_int_equal(PARSE("session", "open", "b", "--level", "256"), CLI_USAGE);
	assert_int_equal(PARSE("session", "open", "b", "--level"), CLI_USAGE); // no value
	assert_int_equal(PARSE("session", "open", "b", "--codec", "zip"), CLI_USAGE);
	assert_int_equal(PARSE("session", "open", "\xff"), CLI_USAGE); // no UTF-8
	assert_int_equal(PARSE("session", "open", ""), CLI_USAGE);
}

static void options_parse__help_needs_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(PARSE("session", "show", "--help"), CLI_OK);
	assert_true(cli.help);
}

static void options_global__stops_at_the_first_word(void **state)
{
	char *argv[] = {"sluice", "--json", "--node", "/x", "session", "--level", NULL};

	(void)state;
	cli = (struct cli){.quiet = true};
	assert_int_equal(options_global(&cli, 6, argv), 4);
	assert_true(cli.json);
	assert_string_equal(cli.node, "/x");
	assert_int_equal(options_global(&cli, 2, (char *[]){"sluice", "--codec", NULL}), -1);
}

static void help_nearest__misspellings(void **state)
{
	(void)state;
	assert_string_equal(help_nearest("staus", NULL), "status");
	assert_string_equal(help_nearest("sned", NULL), "send");
	assert_string_equal(help_nearest("sessions", NULL), "session");
	assert_string_equal(help_nearest("shwo", "session"), "show");
	assert_null(help_nearest("frobnicate", NULL));
	assert_null(help_nearest("a-word-that-is-longer-than-any-command-is", NULL));
}

// What command_main prints with --json, as one object; and its exit code. A new reference.
static json_t *answered(int wanted, int argc, char **argv)
{
	FILE *file = tmpfile();
	int saved = dup(STDOUT_FILENO);
	json_t *answer;

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	cli = (struct cli){.json = true};
	int code = command_main(&cli, argc, argv);

	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	answer = json_loadf(file, 0, NULL);
	fclose(file);
	assert_int_equal(code, wanted);
	assert_non_null(answer);
	return answer;
}

// The message of its JSON error.
static char *said(int wanted, int argc, char **argv)
{
	static char text[512];
	json_t *answer = answered(wanted, argc, argv);

	snprintf(text, sizeof(text), "%s",
		json_string_value(json_object_get(json_object_get(answer, "error"), "message")));
	json_decref(answer);
	return text;
}

#define SAID(wanted, ...)                                                               \
	said(wanted, (int)(sizeof((char *[]){"sluice", __VA_ARGS__}) / sizeof(char *)), \
		(char *[]){"sluice", __VA_ARGS__, NULL})

#define ANSWERED(...)                                                                       \
	answered(CLI_OK, (int)(sizeof((char *[]){"sluice", __VA_ARGS__}) / sizeof(char *)), \
		(char *[]){"sluice", __VA_ARGS__, NULL})

// The row of a list whose `member` is `value`; borrowed.
static const json_t *row_of(
	const json_t *object, const char *list, const char *member, const char *value)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(object, list), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, member)), value) == 0)
			return row;
	}
	return NULL;
}

static void command_main__version(void **state)
{
	json_t *answer = ANSWERED("--version");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(answer, "sluice")), SLUICE_VERSION);
	json_decref(answer);
	answer = ANSWERED("--node", "/nonexistent", "session", "--version");
	assert_string_equal(json_string_value(json_object_get(answer, "sluice")), SLUICE_VERSION);
	json_decref(answer);
}

static void command_main__help_is_json_too(void **state)
{
	json_t *answer = ANSWERED("help", "--json");
	const json_t *row;

	(void)state;
	for (const struct command *c = cli_commands; c->group; c++)
		json_array_remove(json_object_get(answer, "commands"), 0);
	assert_int_equal(json_array_size(json_object_get(answer, "commands")), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answer, "exit_codes"), "3")),
		"unreachable");
	assert_non_null(row_of(answer, "options", "name", "--version"));
	json_decref(answer);

	answer = ANSWERED("help", "session", "open");
	assert_string_equal(json_string_value(json_object_get(answer, "usage")),
		"sluice session open NODE [OPTION]...");
	row = row_of(answer, "options", "name", "--timeout-ms");
	assert_int_equal(json_integer_value(json_object_get(row, "max")), 60000);
	assert_non_null(row_of(answer, "operands", "name", "NODE"));
	json_decref(answer);

	answer = ANSWERED("send", "--help");
	assert_non_null(row_of(answer, "operands", "name", "FILE"));
	assert_non_null(row_of(answer, "options", "name", "--codec"));
	assert_non_null(row_of(answer, "options", "name", "--node"));
	json_decref(answer);

	answer = ANSWERED("link", "--help");
	assert_string_equal(json_string_value(json_object_get(answer, "alone")), "link list");
	assert_int_equal(json_array_size(json_object_get(answer, "commands")), 1);
	json_decref(answer);
}

static void command_main__options_behind_a_group_alone(void **state)
{
	static char *groups[] = {"link", "worker", "session", "keyring"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		// Asking a node that is not there is as far as these get.
		SAID(CLI_UNREACHABLE, groups[i], "--json", "--node", "/nonexistent");
		SAID(CLI_UNREACHABLE, groups[i], "--node=/nonexistent", "list", "--json");
		SAID(CLI_UNREACHABLE, "--node", "/nonexistent", groups[i]);
		SAID(CLI_USAGE, groups[i], "--json", "list", "extra");
	}
}

static void command_main__mistakes_and_what_to_do(void **state)
{
	(void)state;
	assert_string_equal(SAID(CLI_USAGE, "staus"),
		"no command \"staus\", did you mean \"status\"?; sluice help lists them");
	assert_string_equal(SAID(CLI_USAGE, "session", "--json", "shwo"),
		"no command \"session shwo\", did you mean \"session show\"?; "
		"sluice help session lists them");
	assert_string_equal(SAID(CLI_USAGE, "help", "sned"),
		"no command \"sned\", did you mean \"send\"?; sluice help lists them");
	assert_string_equal(SAID(CLI_USAGE, "help", "session", "opne"),
		"no command \"session opne\", did you mean \"session open\"?; "
		"sluice help session lists them");
	assert_string_equal(SAID(CLI_USAGE, "help", "status", "now"),
		"too many arguments: help explains one command, and \"now\" follows it");
	assert_string_equal(SAID(CLI_USAGE, "status", "--json=1"), "option --json takes no value");
	assert_string_equal(
		SAID(CLI_USAGE, "status", "-xh"), "status has no option -x; --help lists them");
	assert_string_equal(SAID(CLI_USAGE, "session", "close", "--no", "123456"),
		"option --no is ambiguous: it could be --node or --now");
	assert_string_equal(SAID(CLI_USAGE, "session", "close", "--nothing", "123456"),
		"session close has no option --nothing; --help lists them");
	assert_string_equal(SAID(CLI_USAGE, "send", "-rf", "b"),
		"send has no option -r; a name that begins with a dash goes behind \"--\"");
	assert_string_equal(SAID(CLI_USAGE, "send", "--codec", "none", "--level", "5", "x", "b"),
		"the codec none has no levels");
	assert_string_equal(SAID(CLI_USAGE, "send", "--codec", "zstd", "--level", "20", "x", "b"),
		"the codec zstd has levels 1 to 19, and 0 for its default");
	assert_string_equal(SAID(CLI_USAGE, "send", "--level", "17", "x", "b"),
		"the codec lz4 has levels 1 to 16, and 0 for its default");
	assert_non_null(
		strstr(SAID(CLI_USAGE, "send", "--codec", "brotli", "--level", "11", "x", "b"),
			"10 and 11 take a worker from its other sessions for too long"));
	assert_string_equal(SAID(CLI_USAGE, "send", "--codec", "snappy", "--level", "1", "x", "b"),
		"the codec snappy has no levels");
	assert_string_equal(SAID(CLI_USAGE, "--dir", "x"),
		"no option --dir stands in front of a command; sluice help lists them");
	assert_string_equal(SAID(CLI_USAGE, "status", "--node"), "option --node needs a value");
	assert_string_equal(SAID(CLI_USAGE, "--json"), "no command; help lists them");
}

static void cli_data_socket__beside_the_control_socket(void **state)
{
	char path[64];

	(void)state;
	cli = (struct cli){.node = "/run/x/control.sock"};
	assert_string_equal(cli_data_socket(&cli, path, sizeof(path)), "/run/x/data.sock");
	cli.node = "control.sock";
	assert_string_equal(cli_data_socket(&cli, path, sizeof(path)), "data.sock");
	cli.node = NULL;
	assert_null(cli_data_socket(&cli, path, sizeof(path)));
}

static void cli_commands__every_method_exists_and_has_a_way_to_show_it(void **state)
{
	(void)state;
	for (const struct command *c = cli_commands; c->group; c++) {
		assert_non_null(command_method(c));
		assert_true((c->print != NULL) != (c->run != NULL));
	}
	for (const struct schema_method *m = schema_methods; m->name; m++) {
		const struct command *c = cli_commands;

		while (c->group && (!c->calls || strcmp(c->calls, m->name) != 0))
			c++;
		// help and version have commands of their own, the other one is members --watch
		assert_true(c->group || strcmp(m->name, "help") == 0 ||
			    strcmp(m->name, "version") == 0 ||
			    strcmp(m->name, "members.watch") == 0);
	}
}

static int teardown(void **state)
{
	(void)state;
	json_decref(params);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse__options_and_operands_in_any_order),
		cmocka_unit_test(options_parse__a_double_dash_ends_options),
		cmocka_unit_test(options_parse__refusals_are_usage),
		cmocka_unit_test(options_parse__help_needs_nothing_else),
		cmocka_unit_test(options_global__stops_at_the_first_word),
		cmocka_unit_test(help_nearest__misspellings),
		cmocka_unit_test(command_main__options_behind_a_group_alone),
		cmocka_unit_test(command_main__version),
		cmocka_unit_test(command_main__help_is_json_too),
		cmocka_unit_test(command_main__mistakes_and_what_to_do),
		cmocka_unit_test(cli_data_socket__beside_the_control_socket),
		cmocka_unit_test(cli_commands__every_method_exists_and_has_a_way_to_show_it),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
