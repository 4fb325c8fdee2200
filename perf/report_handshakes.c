// The table of handshakes: how often a second two nodes agree, and what keys cost.
#include <jansson.h>
#include <string.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

static const struct {
	const char *id, *what, *against;
} lines[] = {
	{"handshake/tls/ed25519/x25519", "mutual TLS 1.3, Ed25519, X25519",
		"the primitives: 2 signatures, 4 verified, one key exchange"},
	{"handshake/tls/ed25519/x25519mlkem768", "mutual TLS 1.3, Ed25519, X25519MLKEM768",
		"the primitives"},
	{"handshake/tls/ml-dsa-65/x25519mlkem768", "mutual TLS 1.3, ML-DSA-65, X25519MLKEM768",
		"the primitives"},
	{"handshake/exchange/x25519", "key exchange X25519, both ends", "P-256"},
	{"handshake/exchange/x25519mlkem768", "key exchange X25519MLKEM768, both ends", "X25519"},
	{"handshake/secrets", "secrets of a session from the exporter, both ends",
		"8 digests and 8 HMACs"},
	{"handshake/keys", "keys of a session's packets, this phase and the next",
		"12 HMACs, 4 keys"},
	{"handshake/rekey", "the next key of one direction, and taking it", "3 HMACs, 1 key"},
};

// Why the run does not have it; NULL: it was not asked for.
static const char *reason_of(const json_t *run, const char *id)
{
	json_t *skipped;
	size_t i;

	json_array_foreach(pick(run, "skipped"), i, skipped)
	{
		if (strcmp(pick_text(skipped, "id", ""), id) == 0)
			return pick_text(skipped, "reason", NULL);
	}
	return NULL;
}

static bool measured(const json_t *run)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (pick_row(run, lines[i].id))
			return true;
	return false;
}

static void handshake_line(FILE *out, const json_t *run, size_t line)
{
	const json_t *row = pick_row(run, lines[line].id);
	const char *reason = row ? NULL : reason_of(run, lines[line].id);
	double rate = row ? pick_number(row, "median", 0) : 0;

	fputs("<tr>", out);
	html_cell(out, NULL, "%s", lines[line].what);
	if (rate > 0) {
		html_cell(out, "n", "%.0f", rate);
		html_cell(out, "n", "%.1f us", 1e6 / rate);
		html_cell(out, "n", "%.2f", pick_number(row, "ratio/median", 0));
	} else {
		html_cell(out, "none", "%s", reason ? reason : "not measured");
		fputs("<td></td><td></td>", out);
	}
	html_cell(out, NULL, "%s", lines[line].against);
	fputs("</tr>\n", out);
}

void report_handshakes(FILE *out, const json_t *run)
{
	static const char *const head[] = {
		"handshake", "#a second", "#each", "#ratio", "against", NULL};

	if (!measured(run))
		return;
	fputs("<h2>Handshakes</h2>\n<p class=\"soft\">Control's own TLS, a socket pair between, "
	      "both ends on one CPU: a node that accepts pays about half. No session is resumed, "
	      "so each connection costs a whole handshake.</p>\n<table>",
		out);
	html_head(out, head);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		handshake_line(out, run, i);
	fputs("</table>\n", out);
}
