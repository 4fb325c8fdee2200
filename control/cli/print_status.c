// sluice status: the node in one look.
#include "control/cli/cli.h"

#include <string.h>

#include "control/cli/print.h"
#include "lib/ipc/cipher_names.h"

enum status_sizes { STATUS_REASON_SIZE = 1024 };

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
		printf("           restarted %s time%s\n", member_text(a, plane, "restarts"),
			json_integer_value(json_object_get(plane, "restarts")) == 1 ? "" : "s");
	if (json_is_string(json_object_get(plane, "error")))
		printf("           last error: %s\n", member_text(a, plane, "error"));
}

// Only those that end soon, or have: with them end all the certificates that they signed.
static void status_authorities(const struct cli *cli, const json_t *authorities)
{
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE];
	const json_t *one;
	size_t i;

	json_array_foreach(authorities, i, one)
	{
		const char *state = json_string_value(json_object_get(one, "state"));

		if (state && strcmp(state, "good") != 0)
			printf("           authority %s, until %s, %s%s%s\n",
				member_text(a, one, "subject"), member_text(b, one, "not_after"),
				paint(cli, false), state, unpaint(cli));
	}
}

// What is in use is not what lies in the files.
static void status_reload_error(const struct cli *cli, const json_t *error)
{
	char plain[STATUS_REASON_SIZE];

	if (json_is_string(error))
		printf("           %snot read again%s: %s\n", paint(cli, false), unpaint(cli),
			format_plain(plain, sizeof(plain), json_string_value(error)));
}

// How control processes trust each other.
static void status_certificate(const struct cli *cli, const json_t *r)
{
	const json_t *own = json_object_get(r, "certificate");
	const char *state = json_string_value(json_object_get(own, "state"));
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE], c[TABLE_CELL_SIZE];
	bool good = state && strcmp(state, "good") == 0;

	if (!state) {
		printf("identity   none: control traffic is plain\n");
		return;
	}
	printf("identity   %s of %s, until %s%s%s%s%s\n", member_text(a, own, "node"),
		member_text(b, own, "issuer"), member_text(c, own, "not_after"), good ? "" : ", ",
		paint(cli, good), good ? "" : state, unpaint(cli));
	status_authorities(cli, json_object_get(own, "authorities"));
	status_reload_error(cli, json_object_get(own, "reload_error"));
}

// "aes-256-gcm (imb)": what seals the packets, and the library that computes it.
static void status_cipher(const struct cli *cli, const json_t *r)
{
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE];
	const char *cipher = member_text(a, r, "cipher");

	if (strcmp(cipher, cipher_name(CIPHER_NULL)) == 0)
		printf("cipher %s: packets go %sin the clear%s", cipher, paint(cli, false),
			unpaint(cli));
	else
		printf("cipher %s (%s)", cipher,
			member_text(b, json_object_get(r, "dataplane"), "cipher_backend"));
}

// Nothing where it is not configured.
static void status_consensus(const struct cli *cli, const json_t *r)
{
	const json_t *own = json_object_get(r, "consensus");
	const char *state = json_string_value(json_object_get(own, "state"));
	char leader[TABLE_CELL_SIZE], role[TABLE_CELL_SIZE], plain[STATUS_REASON_SIZE];

	if (!state || strcmp(state, "off") == 0)
		return;
	if (strcmp(state, "asks") == 0)
		printf("consensus  this node asks to be a member (sluice raft show)\n");
	else if (strcmp(state, "member") == 0)
		printf("consensus  leader %s, this node: %s\n", member_text(leader, own, "leader"),
			member_text(role, own, "member"));
	else
		printf("consensus  %sthis node takes no part%s: %s\n", paint(cli, false),
			unpaint(cli),
			format_plain(plain, sizeof(plain),
				json_string_value(json_object_get(own, "why"))));
}

// "4 alive, 1 dead": the cluster in a line.
static void status_membership(const struct cli *cli, const json_t *r)
{
	const json_t *own = json_object_get(r, "membership"), *count;
	const json_t *error = json_object_get(own, "keys_error");
	const char *comma = "", *state;
	char text[TABLE_CELL_SIZE], plain[STATUS_REASON_SIZE];

	if (!own)
		return;
	printf("cluster    %s: ", member_text(text, own, "cluster"));
	json_object_foreach(json_object_get(own, "members"), state, count)
	{
		bool bad = strcmp(state, "suspect") == 0 || strcmp(state, "dead") == 0;

		if (json_integer_value(count) == 0)
			continue;
		printf("%s%s%" JSON_INTEGER_FORMAT " %s%s", comma, bad ? paint(cli, false) : "",
			json_integer_value(count), state, bad ? unpaint(cli) : "");
		comma = ", ";
	}
	printf("%s%s\n", json_is_true(json_object_get(own, "left")) ? ", this node has left" : "",
		json_is_null(json_object_get(own, "key")) ? ", datagrams in the clear" : "");
	if (json_is_string(error))
		printf("           %skeys not read again%s: %s\n", paint(cli, false), unpaint(cli),
			format_plain(plain, sizeof(plain), json_string_value(error)));
}

static void status_table(const struct cli *cli, const json_t *rows, const struct column *columns)
{
	if (json_array_size(rows) == 0)
		return;
	putchar('\n');
	table_print_rows(cli, rows, columns);
}

static const struct column link_columns[] = {
	{"link", "name"},
	{"driver", "driver"},
	{"state", "state"},
	{"address", "address"},
	{">mtu", "mtu"},
	{">received", "rx_bytes"},
	{">sent", "tx_bytes"},
	{NULL, NULL},
};

static const struct column app_columns[] = {
	{"application", "name"},
	{">pid", "pid"},
	{">sessions", "sessions"},
	{NULL, NULL},
};

int print_status(const struct cli *cli, const json_t *r)
{
	char a[TABLE_CELL_SIZE], b[TABLE_CELL_SIZE], c[TABLE_CELL_SIZE];

	printf("node       %s, version %s, ", member_text(a, r, "node"),
		member_text(b, r, "version"));
	status_cipher(cli, r);
	printf(", sessions %s\n", member_text(c, r, "sessions"));
	status_processes(cli, r);
	status_certificate(cli, r);
	status_membership(cli, r);
	status_consensus(cli, r);
	status_table(cli, json_object_get(r, "links"), link_columns);
	status_table(cli, json_object_get(r, "apps"), app_columns);
	return CLI_OK;
}
