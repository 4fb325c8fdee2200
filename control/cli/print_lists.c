// Tables of links and sessions: one row per object, one column per member.
#include "control/cli/cli.h"

#include "control/cli/print.h"

#define ID_DIGITS 12 // of a session id in a list: enough to name one

void table_print_rows(const struct cli *cli, const json_t *rows, const struct column *columns)
{
	const char *heads[TABLE_COLUMNS_MAX + 1] = {NULL};
	struct table t;
	size_t i;
	json_t *row;

	for (size_t c = 0; columns[c].head; c++)
		heads[c] = columns[c].head;
	table_init(&t, heads);
	json_array_foreach(rows, i, row)
	{
		table_row(&t);
		for (size_t c = 0; columns[c].head; c++)
			if (columns[c].head[0] ||
				json_is_string(json_object_get(row, columns[c].member)))
				cell_member(&t, row, columns[c].member);
	}
	table_print(&t, stdout, cli->color);
	table_fini(&t);
}

static int print_list(
	const struct cli *cli, const json_t *list, const struct column *columns, const char *none)
{
	if (json_array_size(list) == 0)
		printf("%s\n", none);
	else
		table_print_rows(cli, list, columns);
	return CLI_OK;
}

int print_links(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"name", "name"},
		{"driver", "driver"},
		{"state", "state"},
		{"address", "address"},
		{"mac", "mac"},
		{">mtu", "mtu"},
		{">rx packets", "rx_packets"},
		{">rx", "rx_bytes"},
		{">missed", "rx_missed"},
		{">tx packets", "tx_packets"},
		{">tx", "tx_bytes"},
		{">refused", "tx_refused"},
		{NULL, NULL},
	};

	return print_list(cli, json_object_get(result, "links"), columns,
		"no links: no dataplane is attached; sluice status says why");
}

int print_sessions(const struct cli *cli, const json_t *result)
{
	static const struct column columns[] = {
		{"id", "id"},
		{"cid", "cid"},
		{">worker", "worker"},
		{"peer", "peer"},
		{"service", "service"},
		{"state", "state"},
		{"codec", "codec"},
		{">sent", "raw_sent_bytes"},
		{">received", "raw_received_bytes"},
		{">again", "retransmits"},
		{">rtt", "srtt_ns"},
		{">rate", "rate_bytes_per_s"},
		{NULL, NULL},
	};
	json_t *list = json_deep_copy(json_object_get(result, "sessions")), *row;
	size_t i;
	int code;

	json_array_foreach(list, i, row)
	{
		const char *id = json_string_value(json_object_get(row, "id"));

		if (id)
			json_object_set_new(row, "id", json_sprintf("%.*s", ID_DIGITS, id));
	}
	code = print_list(cli, list, columns, "no sessions");
	json_decref(list);
	return code;
}
