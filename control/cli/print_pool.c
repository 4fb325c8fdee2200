// sluice pool ...: connections to other nodes, for people.
#include "control/cli/cli.h"

#include "control/cli/print.h"

static long long option(const json_t *result, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(result, "options"), key));
}

int print_pool(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"node", "name"},
		{"health", "health"},
		{"breaker", "breaker"},
		{">connections", "connections"},
		{">active", "active"},
		{">waiting", "waiting"},
		{">requests", "requests"},
		{">dials", "dials"},
		{">rtt", "rtt_ns"},
		{"key exchange", "key_exchange"},
		{"", "reason"},
		{NULL, NULL},
	};
	const json_t *nodes = json_object_get(result, "nodes");

	if (json_array_size(nodes) == 0)
		printf("no other node was called yet\n");
	else
		table_print_rows(cli, nodes, columns);
	printf("limits: %lld requests to a node at once, %lld in all, %lld on a connection; "
	       "--json shows every option\n",
		option(result, "node_max"), option(result, "total_max"),
		option(result, "stream_slots"));
	return CLI_OK;
}

int print_pool_done(const struct cli *cli, const json_t *result)
{
	char name[TABLE_CELL_SIZE];

	(void)cli;
	printf("done: %s\n", member_text(name, result, "peer"));
	return CLI_OK;
}

int print_pool_explained(const struct cli *cli, const json_t *result)
{
	const char *text = json_string_value(json_object_get(result, "text"));
	char plain[1024];

	(void)cli;
	printf("%s\n", format_plain(plain, sizeof(plain), text ? text : ""));
	return CLI_OK;
}
