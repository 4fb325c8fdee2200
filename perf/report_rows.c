// Ratios as bars, every row as a line of a table, and the comparison with a baseline.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "perf/compare.h"
#include "perf/goals.h"
#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"
#include "perf/svg.h"

enum { FIGURE_MAX = 32 };

static void domain_bars(FILE *out, const json_t *run, const char *domain)
{
	const json_t *rows = pick(run, "results");
	struct svg_bar *bars = calloc(json_array_size(rows) + 1, sizeof(*bars));
	struct interval noise = {1, 1};
	size_t count = 0, i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (!bars || strcmp(pick_text(row, "domain", ""), domain) != 0)
			continue;
		bars[count++] = (struct svg_bar){
			.label = pick_text(row, "params", "?"),
			.value = pick_number(row, "ratio/median", 0),
			.ci95 = {pick_number(row, "ratio/ci95/0", 0),
				pick_number(row, "ratio/ci95/1", 0)},
			.goal = goal_ratio(pick_text(row, "id", "")),
			.stable = !json_is_false(pick(row, "stable")),
		};
		noise.low = pick_number(row, "noise/0", 1);
		noise.high = pick_number(row, "noise/1", 1);
	}
	fputs("<h3>", out);
	html_text(out, domain);
	fputs("</h3>\n<figure>\n", out);
	svg_bars(out, bars, count, &noise);
	fputs("</figure>\n", out);
	free(bars);
}

void report_ratios(FILE *out, const json_t *run)
{
	const json_t *rows = pick(run, "results");
	json_t *row, *earlier;
	size_t i, n;

	fputs("<h2>Ratio to the limit</h2>\n<p class=\"soft\">Bar: median of the pairs; line in "
	      "it: its 95 % interval; grey line: the limit; grey band: the noise floor; red "
	      "line: the goal; ?: the hypervisor took time away meanwhile.</p>\n",
		out);
	json_array_foreach(rows, i, row)
	{
		const char *domain = pick_text(row, "domain", "?");
		bool seen = false;

		json_array_foreach(rows, n, earlier)
		{
			seen |= n < i && strcmp(pick_text(earlier, "domain", "?"), domain) == 0;
		}
		if (!seen)
			domain_bars(out, run, domain);
	}
}

// "jain 0.998, raw_mode copy": the row's own figures, and what they were taken with.
static void extra_cell(FILE *out, const json_t *row)
{
	const char *key, *comma = "";
	json_t *value;

	fputs("<td>", out);
	json_object_foreach(pick(row, "extra"), key, value)
	{
		if (strcmp(key, "waits_ns") == 0)
			continue;
		if (json_is_number(value))
			html_printf(out, "%s%s %.6g", comma, key, json_number_value(value));
		else if (json_is_string(value))
			html_printf(out, "%s%s %s", comma, key, json_string_value(value));
		else if (json_is_boolean(value))
			html_printf(out, "%s%s %s", comma, key, json_is_true(value) ? "yes" : "no");
		else
			continue;
		comma = ", ";
	}
	fputs("</td>", out);
}

static void table_line(FILE *out, const json_t *row)
{
	const char *unit = pick_text(row, "unit", "");
	char ours[FIGURE_MAX], limit[FIGURE_MAX];

	figure_print(ours, sizeof(ours), pick_number(row, "median", 0), unit);
	figure_print(limit, sizeof(limit), pick_number(row, "limit/median", 0), unit);
	fputs("<tr>", out);
	html_cell(out, NULL, "%s", pick_text(row, "id", "?"));
	html_cell(out, "n", "%.3f%s", pick_number(row, "ratio/median", 0),
		json_is_false(pick(row, "stable")) ? " ?" : "");
	html_cell(out, "n", "%.3f to %.3f", pick_number(row, "ratio/ci95/0", 0),
		pick_number(row, "ratio/ci95/1", 0));
	html_cell(out, "n", "%s", ours);
	html_cell(out, "n", "%s", limit);
	html_cell(out, NULL, "%s", pick_text(row, "limit/id", "?"));
	extra_cell(out, row);
	fputs("</tr>\n", out);
}

static void reasons(FILE *out, const json_t *run, const char *list)
{
	json_t *one;
	size_t i;

	if (json_array_size(pick(run, list)) == 0)
		return;
	fprintf(out, "<h3>%s</h3>\n<ul>\n", list);
	json_array_foreach(pick(run, list), i, one)
	{
		fputs("<li>", out);
		html_printf(
			out, "%s: %s", pick_text(one, "id", "?"), pick_text(one, "reason", "?"));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

void report_table(FILE *out, const json_t *run)
{
	static const char *const head[] = {
		"row", "#ratio", "#95 %", "#ours", "#limit", "limit's id", "also", NULL};
	json_t *row;
	size_t i;

	fputs("<h2>Every row</h2>\n<p class=\"soft\">?: the hypervisor took time away "
	      "meanwhile.</p>\n<table>",
		out);
	html_head(out, head);
	json_array_foreach(pick(run, "results"), i, row)
	{
		table_line(out, row);
	}
	fputs("</table>\n", out);
	reasons(out, run, "skipped");
	reasons(out, run, "failed");
}

static void baseline_line(FILE *out, const char *id, const json_t *before, const json_t *after)
{
	static const char *const classes[] = {"none", "good", "bad", "none", "none"};
	struct compare c = compare_rows(before, after);

	fputs("<tr>", out);
	html_cell(out, NULL, "%s", id);
	html_cell(out, "n", "%.3f", c.before);
	html_cell(out, "n", "%.3f", c.after);
	html_cell(out, "n", "%.3f", c.noise);
	html_cell(out, classes[c.verdict], "%s%s", compare_verdict_name(c.verdict),
		c.stable ? "" : " (unstable)");
	fputs("</tr>\n", out);
}

void report_baseline(FILE *out, const json_t *run, const json_t *baseline)
{
	static const char *const head[] = {"row", "#baseline", "#now", "#noise", "verdict", NULL};
	json_t *row;
	size_t i;

	fputs("<h2>Against the baseline</h2>\n<p>", out);
	html_printf(out, "Baseline: Sluice %s, started %s, \"%s\", %s. ",
		pick_text(baseline, "run/version", "?"), pick_text(baseline, "run/started", "?"),
		pick_text(baseline, "run/effort", "?"),
		pick_text(baseline, "machine/processor", "?"));
	fputs("A change counts where the intervals do not overlap and it exceeds the "
	      "noise.</p>\n<table>",
		out);
	html_head(out, head);
	json_array_foreach(pick(run, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "?");

		baseline_line(out, id, pick_row(baseline, id), row);
	}
	json_array_foreach(pick(baseline, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "?");

		if (!pick_row(run, id))
			baseline_line(out, id, row, NULL);
	}
	fputs("</table>\n", out);
}
