// The audit's last part: the functions in which the time of a row goes.
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>

#include "perf/goals.h"
#include "perf/html.h"
#include "perf/pick.h"
#include "perf/profile.h"
#include "perf/report.h"

// Cycles a byte where the row knows them, otherwise the time of one unit.
static void cost_cell(FILE *out, const json_t *row, double share)
{
	double cycles = pick_number(row, "counters/cycles_per_byte", -1);
	double rate = pick_number(row, "median", 0);

	if (cycles >= 0)
		html_cell(out, "n", "%.3g cycles/byte", share * cycles);
	else if (strcmp(pick_text(row, "unit", ""), "ns") != 0 && rate > 0)
		html_cell(out, "n", "%.3g ns/unit", share * 1e9 / rate);
	else
		html_cell(out, "n", "%.3g ns", share * rate);
}

static void bottleneck(FILE *out, const json_t *row)
{
	static const char *const head[] = {"#share", "#cost", "function", "where", NULL};
	const char *id = pick_text(row, "id", "?");
	struct profile p;

	fputs("<h3>", out);
	html_text(out, id);
	fputs("</h3>\n", out);
	if (profile_take(id, &p) < 0) {
		fputs("<p class=\"none\">Not sampled: ", out);
		html_printf(out, "%s.", p.error);
		fputs("</p>\n", out);
		return;
	}
	fputs("<table>", out);
	html_head(out, head);
	for (size_t i = 0; i < p.lines; i++) {
		fputs("<tr>", out);
		html_cell(out, "n", "%.1f %%", p.line[i].share * 100);
		cost_cell(out, row, p.line[i].share);
		html_cell(out, NULL, "%s", p.line[i].function);
		html_cell(out, NULL, "%s", p.line[i].where);
		fputs("</tr>\n", out);
	}
	fprintf(out, "</table>\n<p class=\"soft\">%lu samples of the CPU clock. ", p.samples);
	html_printf(out, "Read on: %s", pick_text(row, "location", "its benchmark in perf/"));
	fputs("</p>\n", out);
}

static bool counts_cycles(const json_t *row)
{
	return pick_number(row, "counters/cycles_per_byte", -1) >= 0;
}

// The row of that domain that is furthest below its limit, of those that count cycles a byte when
// there are such.
static bool is_worst(const json_t *run, const json_t *row)
{
	const char *domain = pick_text(row, "domain", "?");
	json_t *other;
	size_t i;

	json_array_foreach(pick(run, "results"), i, other)
	{
		if (strcmp(pick_text(other, "domain", "?"), domain) != 0)
			continue;
		if (counts_cycles(other) != counts_cycles(row)) {
			if (counts_cycles(other))
				return false;
			continue;
		}
		if (pick_number(other, "ratio/median", 0) < pick_number(row, "ratio/median", 0))
			return false;
	}
	return true;
}

// What a reader asks about first: what misses its goal, and what is worst of all.
static bool is_asked(const json_t *run, const json_t *row)
{
	double ratio = pick_number(row, "ratio/median", 0);

	return is_worst(run, row) ||
	       (counts_cycles(row) && ratio < goal_ratio(pick_text(row, "id", "")));
}

void report_bottlenecks(FILE *out, const json_t *run, const char *profile)
{
	json_t *row;
	size_t i;

	fputs("<h2>Audit: where the time goes</h2>\n", out);
	if (!profile) {
		fputs("<p class=\"none\">Not sampled: --no-profile.</p>\n", out);
		return;
	}
	fputs("<p class=\"soft\">The ten most expensive functions of ", out);
	if (*profile)
		html_printf(out, "rows that match %s. ", profile);
	else
		fputs("the rows that count cycles a byte and miss their goal, and of each domain "
		      "the row furthest below its limit. ",
			out);
	fputs("Sampled on this machine when this page was made; the location is where most of a "
	      "function's samples are. What waits by polling is among them.</p>\n",
		out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "");

		if (*profile ? fnmatch(profile, id, 0) == 0 : is_asked(run, row))
			bottleneck(out, row);
	}
}
