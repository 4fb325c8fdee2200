// Members of the cluster and keys of its datagrams, for people.
#include "control/cli/cli.h"
#include "control/cli/print.h"

static const struct column member_columns[] = {
	{"name", "name"},
	{"state", "state"},
	{"address", "address"},
	{">for", "state_age_s"},
	{">rtt", "rtt_ns"},
	{"dataplane", "boot_id"},
	{"version", "version"},
	{NULL, NULL},
};

int print_members(const struct cli *cli, const json_t *result)
{
	const json_t *health = json_object_get(result, "health");

	table_print_rows(cli, json_object_get(result, "members"), member_columns);
	if (json_is_true(json_object_get(result, "left")))
		printf("\nThis node has left the cluster; sluice join brings it back.\n");
	if (json_integer_value(health) > 0)
		printf("\nThis node is not well (%" JSON_INTEGER_FORMAT
		       " of 8), and slow to judge others.\n",
			json_integer_value(health));
	return CLI_OK;
}

int print_left(const struct cli *cli, const json_t *result)
{
	json_int_t count = json_integer_value(json_object_get(result, "members"));

	(void)cli;
	printf("good-bye to %" JSON_INTEGER_FORMAT " member%s\n", count, count == 1 ? "" : "s");
	return CLI_OK;
}

int print_pong(const struct cli *cli, const json_t *result)
{
	char rtt[TABLE_CELL_SIZE];

	(void)cli;
	printf("answered in %s\n", member_text(rtt, result, "rtt_ns"));
	return CLI_OK;
}

int print_keys(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"id", "id"},
		{"seals", "seals"},
		{">opened", "opened"},
		{">last", "opened_age_s"},
		{NULL, NULL},
	};
	const json_t *error = json_object_get(result, "reload_error");
	char text[TABLE_CELL_SIZE];

	if (json_array_size(json_object_get(result, "keys")) == 0) {
		printf("no keys: membership's datagrams go in the clear\n");
		return CLI_OK;
	}
	table_print_rows(cli, json_object_get(result, "keys"), columns);
	if (json_is_string(error))
		printf("\nThe file as it is now was not taken: %s\n",
			member_text(text, result, "reload_error"));
	return CLI_OK;
}

int print_keys_installed(const struct cli *cli, const json_t *result)
{
	const json_t *ids = json_object_get(result, "installed"), *id;
	size_t i;

	(void)cli;
	if (json_array_size(ids) == 0)
		printf("nothing new: this node has them all\n");
	json_array_foreach(ids, i, id)
		printf("key %s opens from now on; every node must have it before one uses it\n",
			json_string_value(id));
	return CLI_OK;
}

int print_key_used(const struct cli *cli, const json_t *result)
{
	char id[TABLE_CELL_SIZE];

	(void)cli;
	printf("this node seals with key %s\n", member_text(id, result, "id"));
	return CLI_OK;
}

int print_key_removed(const struct cli *cli, const json_t *result)
{
	char id[TABLE_CELL_SIZE];

	(void)cli;
	printf("key %s is removed\n", member_text(id, result, "id"));
	return CLI_OK;
}
