// The audit: what each path allocates, copies and holds, and where it waits.
#include <jansson.h>
#include <string.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

enum { POOLS_MAX = 16 };

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

// The names of all pools of the run, each once, in the order in which they appear.
static size_t pools_names(const json_t *run, const char **names)
{
	size_t count = 0, i, n;
	json_t *row, *pool;

	json_array_foreach(pick(run, "results"), i, row)
	{
		json_array_foreach(pick(row, "extra/pools"), n, pool)
		{
			const char *name = pick_text(pool, "name", "?");
			size_t at = 0;

			while (at < count && strcmp(names[at], name) != 0)
				at++;
			if (at == count && count < POOLS_MAX)
				names[count++] = name;
		}
	}
	return count;
}

static void pool_cell(FILE *out, const json_t *pools, const char *name)
{
	json_t *pool;
	size_t i;

	json_array_foreach(pools, i, pool)
	{
		if (strcmp(pick_text(pool, "name", "?"), name) != 0)
			continue;
		html_cell(out, "n", "%.0f of %.0f", pick_number(pool, "used_max", 0),
			pick_number(pool, "size", 0));
		return;
	}
	fputs("<td></td>", out);
}

static void pools(FILE *out, const json_t *run)
{
	const char *names[POOLS_MAX];
	size_t count = pools_names(run, names), i;
	json_t *row;

	fputs("<h3>Pools</h3>\n", out);
	if (count == 0) {
		fputs("<p class=\"none\">no row of this run has pools</p>\n", out);
		return;
	}
	fputs("<p class=\"soft\">The most that was in use at once in any sample of the row, of how "
	      "many there are. Packet buffers are looked at each 2 ms, those in the link's rings "
	      "among them; the others after each turn of the loop. a sends, b receives.</p>\n"
	      "<table><tr><th>path</th>",
		out);
	for (i = 0; i < count; i++) {
		fputs("<th class=\"n\">", out);
		html_text(out, names[i]);
		fputs("</th>", out);
	}
	fputs("</tr>\n", out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		const json_t *its = pick(row, "extra/pools");

		if (json_array_size(its) == 0)
			continue;
		fputs("<tr>", out);
		html_cell(out, NULL, "%s", pick_text(row, "id", "?"));
		for (size_t n = 0; n < count; n++)
			pool_cell(out, its, names[n]);
		fputs("</tr>\n", out);
	}
	fputs("</table>\n", out);
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

static void waits(FILE *out, const json_t *row)
{
	static const char *const head[] = {"where", "#times", "#a second", NULL};
	double seconds = pick_number(row, "extra/waits_ns", 0) / 1e9;
	const char *where;
	json_t *times;

	fputs("<details><summary>", out);
	html_text(out, pick_text(row, "id", "?"));
	fputs("</summary>\n<table>", out);
	html_head(out, head);
	json_object_foreach(pick(row, "extra/waits"), where, times)
	{
		double number = json_number_value(times);

		fputs("<tr>", out);
		html_cell(out, NULL, "%s", where);
		html_cell(out, "n", "%.0f", number);
		if (seconds > 0)
			html_cell(out, "n", "%.4g", number / seconds);
		else
			html_cell(out, "n", "?");
		fputs("</tr>\n", out);
	}
	fputs("</table></details>\n", out);
}

void report_waits(FILE *out, const json_t *run)
{
	json_t *row;
	size_t i, any = 0;

	fputs("<h2>Audit: concurrency</h2>\n<p class=\"soft\">Every place where a path waited for "
	      "somebody (waits), or wrote what somebody else reads (shares), by the counters of "
	      "that place, over all that was measured of the row; a is the sender's node, b "
	      "the receiver's. What is not listed did not "
	      "happen. System calls, which may wait too, are in the table above.</p>\n",
		out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		if (json_object_size(pick(row, "extra/waits")) == 0)
			continue;
		waits(out, row);
		any++;
	}
	if (any == 0)
		fputs("<p class=\"none\">no row of this run has such counters</p>\n", out);
}
