// The table of ciphers: who computes them, what is done once a key, what is left of a key, how
// fast.
#include <jansson.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

static const struct {
	const char *name, *hardware, *reuse, *wiping;
} backends[] = {
	{"imb", "libipsec-mb: AES-NI and PCLMULQDQ, or VAES, or AVX, as the CPU has them",
		"expanded once; a packet takes no memory and no call but its own",
		"in place, explicit_bzero with the session or its next key"},
	{"evp", "OpenSSL: what it finds in the CPU, from AES-NI to none",
		"one context a key and direction; a packet sets only its IV",
		"freed with the session; OpenSSL cleanses what it frees"},
};

static const char *const ciphers[] = {"aes-256-gcm", "aes-128-gcm", "chacha20-poly1305"};

static void speed_cells(FILE *out, const json_t *row)
{
	double rate = row ? pick_number(row, "median", 0) : 0;

	if (rate <= 0) {
		fputs("<td class=\"n none\">?</td><td class=\"n none\">?</td>", out);
		return;
	}
	html_cell(out, "n", "%.2f GB/s, %.0f ns", rate / 1e9, 1350 / rate * 1e9);
	html_cell(out, "n", "%.3f", pick_number(row, "ratio", 0));
}

void report_ciphers(FILE *out, const json_t *run)
{
	static const char *const head[] = {"cipher", "backend", "hardware path", "key reuse",
		"wiping", "#1,350 bytes, out of place", "#of the bare library", NULL};
	char id[96];

	fputs("<h2>Ciphers</h2>\n<p class=\"soft\">Keys lie in memory that is neither dumped nor "
	      "mapped by anybody else. The cipher null copies, and protects nothing.</p>\n<table>",
		out);
	html_head(out, head);
	for (size_t c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++)
		for (size_t b = 0; b < sizeof(backends) / sizeof(backends[0]); b++) {
			fputs("<tr>", out);
			html_cell(out, NULL, "%s", ciphers[c]);
			html_cell(out, NULL, "%s", backends[b].name);
			html_cell(out, NULL, "%s", backends[b].hardware);
			html_cell(out, NULL, "%s", backends[b].reuse);
			html_cell(out, NULL, "%s", backends[b].wiping);
			snprintf(id, sizeof(id), "aead/%s/%s/out-of-place/1350", ciphers[c],
				backends[b].name);
			speed_cells(out, pick_row(run, id));
			fputs("</tr>\n", out);
		}
	fputs("</table>\n", out);
}
