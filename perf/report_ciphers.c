// The table of ciphers: who computes them, what is done once a key, what is left of a key, how
// fast.
#include <jansson.h>
#include <stdint.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

enum { ID_SIZE = 96 };

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

// Ours, out of place: rate, time of a packet, and of the bare library.
static void speed_cell(FILE *out, const json_t *run, const char *cipher, const char *backend,
	uint32_t size, const char *task)
{
	char id[ID_SIZE];
	const json_t *row;
	double rate;

	snprintf(id, sizeof(id), "aead/%s/%s/out-of-place/%u/%s", cipher, backend, size, task);
	row = pick_row(run, id);
	rate = row ? pick_number(row, "median", 0) : 0;
	if (rate > 0)
		html_cell(out, "n", "%.2f GB/s, %.0f ns (%.2f)", rate / 1e9, size / rate * 1e9,
			pick_number(row, "ratio/median", 0));
	else
		html_cell(out, "none", "not measured");
}

static void cipher_line(FILE *out, const json_t *run, const char *cipher, size_t backend)
{
	static const uint32_t sizes[] = {1350, 8948};

	fputs("<tr>", out);
	html_cell(out, NULL, "%s", cipher);
	html_cell(out, NULL, "%s", backends[backend].name);
	html_cell(out, NULL, "%s", backends[backend].hardware);
	html_cell(out, NULL, "%s", backends[backend].reuse);
	html_cell(out, NULL, "%s", backends[backend].wiping);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		speed_cell(out, run, cipher, backends[backend].name, sizes[i], "seal");
		speed_cell(out, run, cipher, backends[backend].name, sizes[i], "open");
	}
	fputs("</tr>\n", out);
}

void report_ciphers(FILE *out, const json_t *run)
{
	static const char *const head[] = {"cipher", "backend", "hardware path", "key reuse",
		"wiping", "#seal, 1,350 bytes", "#open", "#seal, 8,948 bytes", "#open", NULL};

	fputs("<h2>Ciphers</h2>\n<p class=\"soft\">Keys lie in memory that is neither dumped nor "
	      "mapped by anybody else. The cipher null copies, and protects nothing. Sealing and "
	      "opening are out of place: they are what gathers a packet and what scatters it. In "
	      "brackets the ratio to the bare library's own call.</p>\n<table>",
		out);
	html_head(out, head);
	for (size_t c = 0; c < sizeof(ciphers) / sizeof(ciphers[0]); c++)
		for (size_t b = 0; b < sizeof(backends) / sizeof(backends[0]); b++)
			cipher_line(out, run, ciphers[c], b);
	fputs("</table>\n", out);
}
