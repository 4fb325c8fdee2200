// sluice status: the node in one look.
#include "control/cli/cli.h"

#include <string.h>

#include "control/cli/print.h"

static const char *paint(const struct cli *cli, bool good)
{
	if (!cli->color)
		return "";
	return good ? "\x1b[32m" : "\x1b[31m";
}

static const char *unpaint(const struct cli *cli)
{
	return cli->color ? "\x1b[0m" : "";
}

static void status_processes(const struct cli *cli, const json_t *r)
{
	const json_t *control = json_object_get(r, "control"),
		     *plane = json_object_get(r, "dataplane");
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE], c[TABLE_CELL_SIZE], d[TABLE_CELL_SIZE];
	const char *state = member_text(d, plane, "state");

	printf("control    pid %lld, up %s\n", json_integer_value(json_object_get(control, "pid")),
		member_text(a, control, "uptime_s"));
	if (json_is_null(json_object_get(plane, "boot_id"))) {
		printf("dataplane  %s%s%s\n", paint(cli, false), state, unpaint(cli));
	} else {
		printf("dataplane  pid %lld, %s%s%s, up %s, workers %s, hugepages %s\n",
			json_integer_value(json_object_get(plane, "pid")), paint(cli, true), state,
			unpaint(cli), member_text(a, plane, "uptime_s"),
			member_text(b, plane, "workers"), member_text(c, plane, "hugepages"));
	}
	if (json_integer_value(json_object_get(plane, "restarts")))
		printf("           restarted %s times\n", member_text(a, plane, "restarts"));
	if (json_is_string(json_object_get(plane, "error")))
		printf("           last error: %s\n", member_text(a, plane, "error"));
}

static void status_links(const struct cli *cli, const json_t *links)
{
	static const char *const heads[] = {
		"link", "driver", "state", "address", ">mtu", ">received", ">sent", NULL};
	struct table t;
	size_t i;
	json_t *row;

	table_init(&t, heads);
	json_array_foreach(links, i, row)
	{
		table_row(&t);
		cell_member(&t, row, "name");
		cell_member(&t, row, "driver");
		cell_member(&t, row, "state");
		cell_member(&t, row, "address");
		cell_member(&t, row, "mtu");
		cell_member(&t, row, "rx_bytes");
		cell_member(&t, row, "tx_bytes");
	}
	putchar('\n');
	table_print(&t, stdout, cli->color);
	table_fini(&t);
}

static void status_peers(const struct cli *cli, const json_t *peers)
{
	static const char *const heads[] = {"peer", "control", "dataplane", "reachable", "", NULL};
	struct table t;
	size_t i;
	json_t *row;

	table_init(&t, heads);
	json_array_foreach(peers, i, row)
	{
		table_row(&t);
		cell_member(&t, row, "name");
		cell_member(&t, row, "control");
		cell_member(&t, row, "address");
		cell_member(&t, row, "reachable");
		if (json_is_string(json_object_get(row, "reason")))
			cell_member(&t, row, "reason");
	}
	putchar('\n');
	table_print(&t, stdout, cli->color);
	table_fini(&t);
}

static void status_apps(const struct cli *cli, const json_t *apps)
{
	static const char *const heads[] = {"application", ">pid", ">sessions", NULL};
	struct table t;
	size_t i;
	json_t *row;

	table_init(&t, heads);
	json_array_foreach(apps, i, row)
	{
		table_row(&t);
		cell_member(&t, row, "name");
		table_cell(&t, "%lld", json_integer_value(json_object_get(row, "pid")));
		cell_member(&t, row, "sessions");
	}
	putchar('\n');
	table_print(&t, stdout, cli->color);
	table_fini(&t);
}

int print_status(const struct cli *cli, const json_t *r)
{
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE], c[TABLE_CELL_SIZE], d[TABLE_CELL_SIZE];

	printf("node       %s, version %s, cipher %s, sessions %s\n", member_text(a, r, "node"),
		member_text(b, r, "version"), member_text(c, r, "cipher"),
		member_text(d, r, "sessions"));
	status_processes(cli, r);
	if (json_array_size(json_object_get(r, "links")))
		status_links(cli, json_object_get(r, "links"));
	if (json_array_size(json_object_get(r, "peers")))
		status_peers(cli, json_object_get(r, "peers"));
	if (json_array_size(json_object_get(r, "apps")))
		status_apps(cli, json_object_get(r, "apps"));
	return CLI_OK;
}
