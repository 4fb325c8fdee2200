// Lines of a scenario: taken apart, and passed to who does what they say.
#include "tests/scenario/raft/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct verb VERBS[] = {
	{"add-nodes", "N [CONFIG]: a cluster of voters 1 to N", do_add_nodes},
	{"start", "ID [CONFIG]: a node with an empty disk, member of nothing", do_start},
	{"crash", "ID: what is not durable is lost", do_crash},
	{"restart", "ID [rot=INDEX|wipe]: entries from there on are damaged; all is gone",
		do_restart},
	{"pause", "ID: it does nothing and gets nothing; its clock goes on", do_pause},
	{"resume", "ID", do_resume},
	{"clock", "ID rate=PERMILLE: how fast its clock is from now on", do_clock},
	{"campaign", "ID: time passes until it stands for election; others do not notice",
		do_campaign},
	{"elect",
		"ID [loud|brief]: it stands and gets the votes that it can get; nothing else moves",
		do_elect},
	{"propose", "ID TEXT|size=BYTES [times=N]", do_propose},
	{"change", "ID [voter=ID] [learner=ID] [make-voter=ID] [make-learner=ID] [remove=ID]...",
		do_change},
	{"read", "ID", do_read},
	{"transfer", "ID to=ID", do_transfer},
	{"compact", "ID: saves its state as a snapshot", do_compact},
	{"disk", "ID works|stalls|fails", do_disk},
	{"write-done", "ID [count=N]: what its disk has to do is done", do_write_done},
	{"tick", "MS [node=ID]: time passes, and only that", do_tick},
	{"wait", "MS: time passes, and nobody looks at a clock", do_wait},
	{"run", "MS [hold=NAME]: time passes in a cluster that works; such messages wait", do_run},
	{"stabilize", "[ID...] [hold=NAME]: all messages and writes, until there are none",
		do_stabilize},
	{"deliver", "[from=ID] [to=ID] [type=NAME] [count=N] [skip=N] [keep]", do_deliver},
	{"drop", "[from=ID] [to=ID] [type=NAME] [count=N]", do_drop},
	{"cut", "ID ID: nothing passes from the first to the second", do_cut},
	{"isolate", "ID: nothing passes from or to it", do_isolate},
	{"heal", "everything passes", do_heal},
	{"net", "what is under way", do_net},
	{"status", "[ID]", do_status},
	{"log", "ID", do_log},
	{"peers", "ID: as the leader sees them", do_peers},
	{"members", "ID", do_members},
	{"state", "what each state machine has applied", do_state},
};
const uint32_t VERBS_COUNT = sizeof(VERBS) / sizeof(VERBS[0]);

void wrong(const struct command *command, const char *format, ...)
{
	va_list list;

	fprintf(stderr, "%s: %s: ", command->where, command->verb);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, "\n");
	exit(2);
}

static void arg_read(struct command *command, const char *word)
{
	struct arg *arg = &command->arg[command->args];
	const char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : word;

	if (command->args++ == ARGS_MAX)
		wrong(command, "too many words");
	if (equals && (size_t)(equals - word) >= sizeof(arg->key))
		wrong(command, "%s: too long a name", word);
	snprintf(arg->key, sizeof(arg->key), "%.*s", (int)(equals ? equals - word : 0), word);
	if ((size_t)snprintf(arg->value, sizeof(arg->value), "%s", value) >= sizeof(arg->value))
		wrong(command, "too long a word");
}

void command_read(struct command *command, const char *where, const char *line)
{
	char copy[1024], *rest = copy, *word;

	*command = (struct command){.where = where};
	snprintf(copy, sizeof(copy), "%s", line);
	word = strsep(&rest, " ");
	snprintf(command->verb, sizeof(command->verb), "%s", word);
	while ((word = strsep(&rest, " ")))
		if (*word)
			arg_read(command, word);
}

const char *text_of(const struct command *command, const char *key)
{
	for (uint32_t i = 0; i < command->args; i++)
		if (strcmp(command->arg[i].key, key) == 0)
			return command->arg[i].value;
	return NULL;
}

bool has(const struct command *command, const char *word)
{
	for (uint32_t i = 0; i < command->args; i++)
		if (!command->arg[i].key[0] && strcmp(command->arg[i].value, word) == 0)
			return true;
	return false;
}

static uint64_t number(const struct command *command, const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (!*text || *end)
		wrong(command, "%s is no number", text);
	return n;
}

uint64_t number_of(const struct command *command, const char *key, uint64_t otherwise)
{
	const char *text = text_of(command, key);

	return text ? number(command, text) : otherwise;
}

const char *word_at(const struct command *command, uint32_t at)
{
	for (uint32_t i = 0; i < command->args; i++)
		if (!command->arg[i].key[0] && at-- == 0)
			return command->arg[i].value;
	wrong(command, "a word is missing");
}

uint64_t number_at(const struct command *command, uint32_t at)
{
	return number(command, word_at(command, at));
}

struct node *node_of(struct world *world, const struct command *command)
{
	uint64_t id = number_at(command, 0);

	if (id == 0 || id > NODES_MAX || !world->node[id].exists)
		wrong(command, "there is no node %u", (unsigned)id);
	return &world->node[id];
}

struct node *node_up(struct world *world, const struct command *command)
{
	struct node *node = node_of(world, command);

	if (!node->up)
		wrong(command, "node %u is down", (unsigned)node->id);
	return node;
}

void command_run(struct world *world, const struct command *command)
{
	for (uint32_t i = 0; i < VERBS_COUNT; i++) {
		if (strcmp(VERBS[i].name, command->verb) != 0)
			continue;
		world->quiet = has(command, "quiet");
		world->brief = has(command, "brief");
		world->hold = text_of(command, "hold") ? message_type(text_of(command, "hold")) : 0;
		VERBS[i].run(world, command);
		world->quiet = world->brief = false;
		return;
	}
	wrong(command, "there is no such command; see --help");
}
