// sluice raft ...: the consensus, for people.
#include <string.h>

#include "control/cli/cli.h"
#include "control/cli/print.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static const char note_off[] = "its configuration has no section consensus";
static const char note_asks[] = "it waits to be added by the leader of a cluster that membership "
				"knows; sluice raft bootstrap begins a new one";

// True when there is a log to show.
static bool state_print(const json_t *result)
{
	const char *state = text_of(result, "state"), *why = text_of(result, "why");
	char plain[1024];

	if (strcmp(state, "member") == 0)
		return true;
	if (strcmp(state, "off") == 0)
		why = note_off;
	else if (strcmp(state, "asks") == 0)
		why = note_asks;
	printf("this node takes no part in the consensus: %s\n",
		format_plain(plain, sizeof(plain), why));
	return false;
}

int print_raft(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"node", "name"},
		{"role", "role"},
		{"progress", "progress"},
		{">match", "match"},
		{"active", "active"},
		{NULL, NULL},
	};
	const json_t *kv = json_object_get(result, "kv");
	char leader[TABLE_CELL_SIZE], term[TABLE_CELL_SIZE], commit[TABLE_CELL_SIZE],
		applied[TABLE_CELL_SIZE], keys[TABLE_CELL_SIZE], plain[1024];

	if (!state_print(result))
		return CLI_OK;
	printf("leader %s, term %s, commit %s, applied %s, keys %s; this node: %s%s\n",
		member_text(leader, result, "leader"), member_text(term, result, "term"),
		member_text(commit, result, "commit"), member_text(applied, result, "applied"),
		member_text(keys, kv, "keys"), text_of(result, "role"),
		json_is_true(json_object_get(result, "quarantined")) ? ", in quarantine" : "");
	table_print_rows(cli, json_object_get(result, "members"), columns);
	if (*text_of(result, "why"))
		printf("its disk, when it started: %s\n",
			format_plain(plain, sizeof(plain), text_of(result, "why")));
	return CLI_OK;
}

int print_raft_begun(const struct cli *cli, const json_t *result)
{
	char cluster[TABLE_CELL_SIZE];

	(void)cli;
	printf("cluster %s has begun; other nodes become members by themselves (sluice raft "
	       "show)\n",
		member_text(cluster, result, "cluster"));
	return CLI_OK;
}

int print_raft_transfer(const struct cli *cli, const json_t *result)
{
	char node[TABLE_CELL_SIZE];

	(void)cli;
	printf("node %s is told to lead as soon as it has caught up\n",
		member_text(node, result, "node"));
	return CLI_OK;
}

int print_raft_changed(const struct cli *cli, const json_t *result)
{
	char node[TABLE_CELL_SIZE], action[TABLE_CELL_SIZE];

	(void)cli;
	printf("done: %s %s\n", member_text(action, result, "action"),
		member_text(node, result, "node"));
	return CLI_OK;
}
