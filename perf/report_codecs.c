// The table of codecs: what each is, and how it did at the largest block size of the run.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/transform/codec.h"
#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

enum { ID_SIZE = 96, FIGURE_SIZE = 32 };

static const char *const sizes[] = {"64K", "16K", "4K", "1350", "512", NULL};

static const json_t *row_of(const json_t *run, const struct codec *codec, const char *size,
	const char *corpus, const char *task)
{
	char id[ID_SIZE];

	snprintf(id, sizeof(id), "codec/%s/%u/%s/%s/%s", codec->name, codec->level_default, size,
		corpus, task);
	return pick_row(run, id);
}

// The largest block size that the run has of any codec; NULL: none.
static const char *size_of(const json_t *run)
{
	for (const char *const *size = sizes; *size; size++)
		for (uint8_t id = CODEC_LZ4; id <= CODEC_SNAPPY; id++)
			if (row_of(run, codec_by_id(id), *size, "text", "encode"))
				return *size;
	return NULL;
}

static void ratio_cell(FILE *out, const json_t *row)
{
	if (row)
		html_cell(out, "n", "%.2f", pick_number(row, "extra/ratio", 0));
	else
		html_cell(out, "none", "not measured");
}

// "620 MB/s (1.01)": ours, and of the library's.
static void speed_cell(FILE *out, const json_t *row)
{
	char figure[FIGURE_SIZE];

	if (!row) {
		html_cell(out, "none", "not measured");
		return;
	}
	figure_print(
		figure, sizeof(figure), pick_number(row, "median", 0), pick_text(row, "unit", ""));
	html_cell(out, "n", "%s (%.2f)", figure, pick_number(row, "ratio/median", 0));
}

static void codec_line(FILE *out, const json_t *run, const struct codec *codec, const char *size)
{
	fputs("<tr>", out);
	html_cell(out, NULL, "%s", codec->name);
	if (codec->level_max) {
		html_cell(out, "n", "%u", codec->level_default);
		html_cell(out, NULL, "%u to %u, a session", codec->level_min, codec->level_max);
	} else {
		html_cell(out, "n", "-");
		html_cell(out, NULL, "no levels");
	}
	html_cell(out, NULL, "record by record");
	html_cell(out, NULL, "%zu KiB a worker, at start", (codec->workspace_size + 1023) / 1024);
	ratio_cell(out, row_of(run, codec, size, "text", "encode"));
	ratio_cell(out, row_of(run, codec, size, "json", "encode"));
	ratio_cell(out, row_of(run, codec, size, "binary", "encode"));
	speed_cell(out, row_of(run, codec, size, "text", "encode"));
	speed_cell(out, row_of(run, codec, size, "text", "decode"));
	fputs("</tr>\n", out);
}

void report_codecs(FILE *out, const json_t *run)
{
	static const char *const head[] = {"codec", "#default level", "configurable", "streaming",
		"pooled", "#ratio, text", "#json", "#binary", "#encode, text", "#decode, text",
		NULL};
	const char *size = size_of(run);

	if (!size)
		return;
	fputs("<h2>Codecs</h2>\n<p class=\"soft\">", out);
	html_printf(out,
		"At their default levels, in blocks of %s. Streaming: no codec needs more of an "
		"object than a record of at most 64 KiB, in either direction. Pooled: the memory "
		"that a codec has for good; it allocates nothing later. In brackets the ratio to "
		"the library's own call.",
		size);
	fputs("</p>\n<table>", out);
	html_head(out, head);
	for (uint8_t id = CODEC_LZ4; id <= CODEC_SNAPPY; id++)
		codec_line(out, run, codec_by_id(id), size);
	fputs("</table>\n", out);
}
