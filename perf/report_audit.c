// The audit: what each path allocates and copies, where it waits, and where its time goes.
#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/profile.h"
#include "perf/report.h"

static void counter_cell(FILE *out, const json_t *row, const char *name)
{
	char path[64];
	const json_t *value;

	snprintf(path, sizeof(path), "counters/%s", name);
	value = pick(row, path);
	if (json_is_number(value)) {
		html_cell(out, "n", "%.4g", json_number_value(value));
		return;
	}
	fputs("<td class=\"n none\">?</td>", out);
}

// The reasons of what is not known, each once.
static void reasons(FILE *out, const json_t *run)
{
	json_t *row, *reason, *seen = json_object();
	const char *counter;
	size_t i;

	json_array_foreach(pick(run, "results"), i, row)
	{
		json_object_foreach(pick(row, "counters/why"), counter, reason)
		{
			if (json_is_string(reason))
				json_object_set(seen, json_string_value(reason), reason);
		}
	}
	json_object_foreach(seen, counter, reason)
	{
		fputs("<p class=\"none\">?: ", out);
		html_text(out, counter);
		fputs("</p>\n", out);
	}
	json_decref(seen);
}

static void pools(FILE *out, const json_t *run)
{
	json_t *row, *pool;
	size_t i, n, any = 0;

	fputs("<h3>Pools</h3>\n<ul>\n", out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		json_array_foreach(pick(row, "extra/pools"), n, pool)
		{
			fputs("<li>", out);
			html_printf(out, "%s: %s, at most %.0f of %.0f in use",
				pick_text(row, "id", "?"), pick_text(pool, "name", "?"),
				pick_number(pool, "used_max", 0), pick_number(pool, "size", 0));
			fputs("</li>\n", out);
			any++;
		}
	}
	if (any == 0)
		fputs("<li class=\"none\">no row of this run has pools</li>\n", out);
	fputs("</ul>\n", out);
}

void report_memory(FILE *out, const json_t *run)
{
	static const char *const head[] = {"path", "#cycles / byte", "#allocations / unit",
		"#bytes_memcpy / unit", "#system calls / unit", "unit", NULL};
	json_t *row;
	size_t i;

	fputs("<h2>Audit: memory</h2>\n<p class=\"soft\">Counted, not estimated: calls of the "
	      "malloc family by standing before it, system calls by the kernel's tracepoint, "
	      "copies by the code that makes them. Of B/s rows the unit is a byte: bytes_memcpy "
	      "is then the number of copies.</p>\n<table>",
		out);
	html_head(out, head);
	json_array_foreach(pick(run, "results"), i, row)
	{
		const char *unit = pick_text(row, "unit", "");

		fputs("<tr>", out);
		html_cell(out, NULL, "%s", pick_text(row, "id", "?"));
		counter_cell(out, row, "cycles_per_byte");
		counter_cell(out, row, "allocs");
		counter_cell(out, row, "bytes_memcpy");
		counter_cell(out, row, "syscalls");
		html_cell(out, NULL, "%s",
			strcmp(unit, "B/s") == 0  ? "byte"
			: strcmp(unit, "ns") == 0 ? "exchange"
						  : "operation");
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
	reasons(out, run);
	pools(out, run);
}

void report_waits(FILE *out, const json_t *run)
{
	static const char *const head[] = {"path", "where", "#times", NULL};
	json_t *row, *times;
	const char *where;
	size_t i, any = 0;

	fputs("<h2>Audit: concurrency</h2>\n<p class=\"soft\">Every place where a path waited for "
	      "somebody, or wrote what somebody else reads, by the counters of that place. System "
	      "calls, which may wait too, are in the table above.</p>\n<table>",
		out);
	html_head(out, head);
	json_array_foreach(pick(run, "results"), i, row)
	{
		json_object_foreach(pick(row, "extra/waits"), where, times)
		{
			fputs("<tr>", out);
			html_cell(out, NULL, "%s", pick_text(row, "id", "?"));
			html_cell(out, NULL, "%s", where);
			html_cell(out, "n", "%.6g", json_number_value(times));
			fputs("</tr>\n", out);
			any++;
		}
	}
	if (any == 0)
		fputs("<tr><td class=\"none\" colspan=\"3\">no row of this run has such "
		      "counters</td></tr>\n",
			out);
	fputs("</table>\n", out);
}

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

// The row of that domain that is furthest below its limit.
static bool is_worst(const json_t *run, const json_t *row)
{
	const char *domain = pick_text(row, "domain", "?");
	json_t *other;
	size_t i;

	json_array_foreach(pick(run, "results"), i, other)
	{
		if (strcmp(pick_text(other, "domain", "?"), domain) == 0 &&
			pick_number(other, "ratio/median", 0) < pick_number(row, "ratio/median", 0))
			return false;
	}
	return true;
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
	html_printf(out, "%s%s. ", *profile ? "rows that match " : "the row of each domain",
		*profile ? profile : " that is furthest below its limit");
	fputs("Sampled on this machine when this page was made; the location is that of a "
	      "function's "
	      "first sample.</p>\n",
		out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "");

		if (*profile ? fnmatch(profile, id, 0) == 0 : is_worst(run, row))
			bottleneck(out, row);
	}
}
