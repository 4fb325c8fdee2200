// Help of every command, from the same tables that read its options.
#include "control/cli/cli.h"

#include <ctype.h>
#include <string.h>

#include "control/cli/transfer_proto.h"

#define HELP_COLUMNS 100

const struct schema_method help_method = {
	.name = "help",
	.sentence = "lists the commands, or explains one of them",
};

const struct command_text help_text = {.operands = "[COMMAND]"};

const struct help_option help_options[] = {
	{"--json", NULL, "one JSON object on standard output, errors too"},
	{"--node", "SOCKET",
		"control socket of the node; or $SLUICE_NODE; default " CLI_SOCKET_DEFAULT},
	{"--help", NULL, "this text"},
	{0},
};

const struct help_option help_option_version = {"--version", NULL, "version of this program"};

// ---- words of the text and of the JSON ---------------------------------------------------------

const char *help_sentence(const struct command *c)
{
	return c->sentence ? c->sentence : command_method(c)->sentence;
}

const char *help_exit(const struct command *c, enum cli_exit code)
{
	static const char *const exits[CLI_EXIT_CODES] = {
		"done", "refused", "wrong usage", "unreachable"};

	return c && c->text && c->text->exits[code] ? c->text->exits[code] : exits[code];
}

const struct command *help_default(const char *group)
{
	for (const struct command *c = cli_commands; c->group; c++)
		if (strcmp(c->group, group) == 0 && c->word && strcmp(c->word, "list") == 0)
			return c;
	return NULL;
}

const char *help_param_name(const struct schema_param *p, char *text, size_t size)
{
	snprintf(text, size, "%s%s", p->required ? "" : "--", p->name);
	for (char *c = text; *c; c++)
		*c = *c == '_' ? '-' : p->required ? (char)toupper(*c) : *c;
	return text;
}

const char *help_usage(const struct command *c, char *text, size_t size)
{
	const struct schema_method *m = command_method(c);
	bool options = false;
	size_t used;

	used = (size_t)snprintf(
		text, size, "sluice %s%s%s", c->group, c->word ? " " : "", c->word ? c->word : "");
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++) {
		char name[32];

		options |= !p->required;
		if (p->required && used < size)
			used += (size_t)snprintf(text + used, size - used, " %s",
				help_param_name(p, name, sizeof(name)));
	}
	if (used < size)
		snprintf(text + used, size - used, "%s%s%s",
			c->text && *c->text->operands ? " " : "", c->text ? c->text->operands : "",
			options ? " [OPTION]..." : "");
	return text;
}

// ---- as text -----------------------------------------------------------------------------------

static void print_words(const struct command *c)
{
	char words[40];

	snprintf(words, sizeof(words), "%s%s%s", c->group, c->word ? " " : "",
		c->word ? c->word : "");
	printf("  %-18s %s\n", words, help_sentence(c));
}

static void print_option(const struct help_option *o)
{
	char head[48];

	snprintf(head, sizeof(head), "%s%s%s", o->name, o->value ? " " : "",
		o->value ? o->value : "");
	printf("  %-18s %s\n", head, o->sentence);
}

static void print_options(void)
{
	for (const struct help_option *o = help_options; o->name; o++)
		print_option(o);
}

static void print_paragraph(const char *text)
{
	size_t column = 0;

	putchar('\n');
	while (*text) {
		size_t size = strcspn(text, " ");

		if (column && column + 1 + size > HELP_COLUMNS) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column ? " " : "", (int)size, text);
		text += size + (text[size] == ' ');
	}
	putchar('\n');
}

// One line, or one for each code where a command has more to say.
static void print_exits(const struct command *c)
{
	bool own = c && c->text && c->text->exits[0];

	printf("\nexit:");
	for (int code = 0; code < CLI_EXIT_CODES; code++)
		printf("%s%d %s%s", own ? "\n  " : " ", code, help_exit(c, (enum cli_exit)code),
			own || code + 1 == CLI_EXIT_CODES ? "" : ",");
	putchar('\n');
}

int help_overview(const struct cli *cli)
{
	if (cli->json)
		return help_json_overview();
	printf("usage: sluice [--json] [--node SOCKET] COMMAND ...\n\nMoves data between nodes and "
	       "shows what they do.\n\n");
	for (const struct command *c = cli_commands; c->group; c++)
		print_words(c);
	printf("\nFor every command:\n");
	print_options();
	print_option(&help_option_version);
	print_exits(NULL);
	return CLI_OK;
}

int help_group(const struct cli *cli, const char *group)
{
	if (cli->json)
		return help_json_group(group);
	printf("usage: sluice %s COMMAND ...\n\n", group);
	for (const struct command *c = cli_commands; c->group; c++)
		if (strcmp(c->group, group) == 0)
			print_words(c);
	if (help_default(group))
		printf("\nsluice %s alone means sluice %s list, and takes its options.\n", group,
			group);
	return CLI_OK;
}

static void print_allowed(const struct schema_param *p)
{
	if (p->type == SCHEMA_CHOICE)
		for (const char *const *c = p->choices; *c; c++)
			printf("%s%s", c == p->choices ? " (" : ", ", *c);
	else if (p->type == SCHEMA_INTEGER)
		printf(" (%lld to %lld", (long long)p->min, (long long)p->max);
	else if (p->standard)
		printf(" (");
	if (p->standard)
		printf("%sdefault %s)", p->type == SCHEMA_STRING ? "" : "; ", p->standard);
	else if (p->type == SCHEMA_CHOICE || p->type == SCHEMA_INTEGER)
		putchar(')');
}

static void print_param(const struct schema_param *p)
{
	char head[48], name[32];

	snprintf(head, sizeof(head), "%s%s", help_param_name(p, name, sizeof(name)),
		p->required || p->type == SCHEMA_BOOLEAN ? ""
		: p->type == SCHEMA_INTEGER              ? " N"
							 : " X");
	printf("  %-18s %s", head, p->sentence);
	print_allowed(p);
	putchar('\n');
}

int help_command(const struct cli *cli, const struct command *c)
{
	const struct schema_method *m = command_method(c);
	char usage[128];

	if (cli->json)
		return help_json_command(c);
	printf("usage: %s\n\n%c%s.\n\n", help_usage(c, usage, sizeof(usage)),
		toupper(help_sentence(c)[0]), help_sentence(c) + 1);
	for (int i = 0; c->text && i < HELP_NOTES_MAX && c->text->operand[i].name; i++)
		printf("  %-18s %s\n", c->text->operand[i].name, c->text->operand[i].sentence);
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++)
		print_param(p);
	print_options();
	for (int i = 0; c->text && i < HELP_NOTES_MAX && c->text->notes[i]; i++)
		print_paragraph(c->text->notes[i]);
	if (c->calls && m->change)
		printf("\nNeeds level %s on the control socket.\n", schema_level_name(m->level));
	print_exits(c);
	return CLI_OK;
}

static int help_operands(const struct cli *cli, const struct command *c, char **more)
{
	if (*more)
		return cli_fail(cli, CLI_USAGE, "usage",
			"too many arguments: help explains one command, and \"%.64s\" follows it",
			*more);
	return help_command(cli, c);
}

int help_run(struct cli *cli, const struct command *command, const json_t *params, char **operands)
{
	(void)command;
	(void)params;
	const char *group = NULL;

	if (!operands[0])
		return help_overview(cli);
	for (const struct command *c = cli_commands; c->group; c++) {
		if (strcmp(c->group, operands[0]) != 0)
			continue;
		group = c->group;
		if (c->word && !operands[1])
			return help_group(cli, group);
		if (!c->word || strcmp(c->word, operands[1]) == 0)
			return help_operands(cli, c, operands + (c->word ? 2 : 1));
	}
	return command_unknown(cli, group, operands[group ? 1 : 0]);
}

// ---- the nearest word --------------------------------------------------------------------------

#define WORD_MAX 24

// Edits between two words: insert, delete, replace, or swap two neighbours.
static int word_distance(const char *a, const char *b)
{
	int rows[WORD_MAX + 1][WORD_MAX + 1], n = (int)strlen(a), m = (int)strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return WORD_MAX;
	for (int i = 0; i <= n; i++) {
		for (int j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				rows[i][j] = i + j;
				continue;
			}
			int best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = rows[i - 1][j] + 1 < best ? rows[i - 1][j] + 1 : best;
			best = rows[i][j - 1] + 1 < best ? rows[i][j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = rows[i - 2][j - 2] + 1 < best ? rows[i - 2][j - 2] + 1
								     : best;
			rows[i][j] = best;
		}
	}
	return rows[n][m];
}

const char *help_nearest(const char *word, const char *group)
{
	const char *nearest = NULL;
	int best = 3; // further away is no misspelling

	for (const struct command *c = cli_commands; c->group; c++) {
		const char *candidate = group ? c->word : c->group;

		if ((group && strcmp(c->group, group) != 0) || !candidate ||
			word_distance(word, candidate) >= best)
			continue;
		best = word_distance(word, candidate);
		nearest = candidate;
	}
	return nearest;
}
