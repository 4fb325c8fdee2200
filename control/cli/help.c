// Help of every command, from the same tables that read its options.
#include "control/cli/cli.h"

#include <ctype.h>
#include <string.h>

#include "control/cli/transfer_proto.h"

const struct schema_method help_method = {
	.name = "help",
	.sentence = "lists the commands, or explains one of them",
};

static const char help_common[] =
	"  --json             one JSON object on standard output, errors too\n"
	"  --node SOCKET      control socket of the node; or $SLUICE_NODE; "
	"default " CLI_SOCKET_DEFAULT "\n"
	"  --help             this text\n";

static const char *command_sentence(const struct command *c)
{
	return c->sentence ? c->sentence : command_method(c)->sentence;
}

static void print_words(const struct command *c)
{
	char words[40];

	snprintf(words, sizeof(words), "%s%s%s", c->group, c->word ? " " : "",
		c->word ? c->word : "");
	printf("  %-18s %s\n", words, command_sentence(c));
}

int help_overview(const struct cli *cli)
{
	(void)cli;
	printf("usage: sluice [--json] [--node SOCKET] COMMAND ...\n\nMoves data between nodes and "
	       "shows what they do.\n\n");
	for (const struct command *c = cli_commands; c->group; c++)
		print_words(c);
	printf("\nFor every command:\n%s\nexit: 0 done, 1 refused, 2 wrong usage, 3 unreachable\n",
		help_common);
	return CLI_OK;
}

int help_group(const struct cli *cli, const char *group)
{
	(void)cli;
	printf("usage: sluice %s COMMAND ...\n\n", group);
	for (const struct command *c = cli_commands; c->group; c++)
		if (strcmp(c->group, group) == 0)
			print_words(c);
	return CLI_OK;
}

static void print_upper(const char *name)
{
	for (; *name; name++)
		putchar(*name == '_' ? '-' : toupper(*name));
}

static void print_usage(const struct command *c)
{
	const struct schema_method *m = command_method(c);
	bool options = false;

	printf("usage: sluice %s%s%s", c->group, c->word ? " " : "", c->word ? c->word : "");
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++) {
		options |= !p->required;
		if (p->required) {
			putchar(' ');
			print_upper(p->name);
		}
	}
	if (c->operands && *c->operands)
		printf(" %s", c->operands);
	printf("%s\n", options ? " [OPTION]..." : "");
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
	size_t i = 0;

	for (; p->name[i] && i + 1 < sizeof(name); i++)
		name[i] = p->name[i] == '_' ? '-'
			  : p->required     ? (char)toupper(p->name[i])
					    : p->name[i];
	name[i] = '\0';
	if (p->required)
		snprintf(head, sizeof(head), "%s", name);
	else
		snprintf(head, sizeof(head), "--%s%s", name,
			p->type == SCHEMA_BOOLEAN   ? ""
			: p->type == SCHEMA_INTEGER ? " N"
						    : " X");
	printf("  %-18s %s", head, p->sentence);
	print_allowed(p);
	putchar('\n');
}

int help_command(const struct cli *cli, const struct command *c)
{
	const struct schema_method *m = command_method(c);

	(void)cli;
	print_usage(c);
	printf("\n%c%s.\n\n", toupper(command_sentence(c)[0]), command_sentence(c) + 1);
	for (const struct schema_param *p = m->params; p < m->params + SCHEMA_PARAMS_MAX && p->name;
		p++)
		print_param(p);
	printf("%s", help_common);
	if (c->calls && m->change)
		printf("\nNeeds level %s on the control socket.\n", schema_level_name(m->level));
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
