// Latency curves, and traces of sessions: window, rate and round trip over time.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"
#include "perf/svg.h"

enum { POINTS_MAX = 1500, CURVE_MAX = 64, LINE_SIZE = 4096 };

// Percentiles stand as "nines": 90 % at 1, 99 % at 2. The last one (100 %) is the maximum.
static double nines(double percent)
{
	return percent >= 100 ? 6 : -log10(1 - percent / 100);
}

static size_t curve(const json_t *points, struct svg_point *out)
{
	size_t count = 0, i;
	json_t *point;

	json_array_foreach(points, i, point)
	{
		double percent = pick_number(point, "0", -1);

		if (count < CURVE_MAX && percent >= 0 && percent <= 100)
			out[count++] =
				(struct svg_point){nines(percent), pick_number(point, "1", 0)};
	}
	return count;
}

static void latency_line(FILE *out, const char *who, const json_t *its)
{
	static const char *const keys[] = {"p50", "p99", "p99.9", "max"};

	fputs("<tr>", out);
	html_cell(out, NULL, "%s", who);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char text[32];

		figure_print(text, sizeof(text), pick_number(its, keys[i], 0), "ns");
		html_cell(out, "n", "%s", text);
	}
	html_cell(out, "n", "%.0f", pick_number(its, "count", 0));
	fputs("</tr>\n", out);
}

static void latency(FILE *out, const json_t *row)
{
	static const struct svg_tick ticks[] = {{0, "0"}, {0.30103, "50 %"}, {1, "90 %"},
		{2, "99 %"}, {3, "99.9 %"}, {4, "99.99 %"}, {5, "99.999 %"}, {6, "max"}};
	static const char *const head[] = {"", "#p50", "#p99", "#p99.9", "#max", "#samples", NULL};
	struct svg_point ours[CURVE_MAX], limit[CURVE_MAX];
	const struct svg_series both[] = {
		{"limit", "b", limit, curve(pick(row, "latency/limit/curve"), limit), false},
		{"ours", "a", ours, curve(pick(row, "latency/subject/curve"), ours), false}};
	const struct svg_plot plot = {.title = pick_text(row, "id", "?"),
		.x_label = "share of all that took no longer",
		.y_unit = "ns",
		.series = both,
		.series_count = 2,
		.x_ticks = ticks,
		.x_ticks_count = sizeof(ticks) / sizeof(ticks[0]),
		.log_y = true};

	fputs("<figure>\n", out);
	svg_lines(out, &plot);
	fputs("<table>", out);
	html_head(out, head);
	latency_line(out, "ours", pick(row, "latency/subject"));
	latency_line(out, "limit", pick(row, "latency/limit"));
	fputs("</table>\n</figure>\n", out);
}

void report_latencies(FILE *out, const json_t *run)
{
	bool any = false;
	json_t *row;
	size_t i;

	fputs("<h2>Latencies</h2>\n", out);
	json_array_foreach(pick(run, "results"), i, row)
	{
		if (!json_is_object(pick(row, "latency")))
			continue;
		latency(out, row);
		any = true;
	}
	if (!any)
		fputs("<p class=\"none\">No row of this run measures a latency.</p>\n", out);
}

// Each `stride`th event that has the field.
static size_t trace_points(
	const json_t *events, const char *field, double start, struct svg_point *out)
{
	size_t stride = json_array_size(events) / POINTS_MAX + 1, count = 0, i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		double value = pick_number(event, field, -1);

		if (i % stride == 0 && value >= 0 && count < POINTS_MAX)
			out[count++] = (struct svg_point){
				(pick_number(event, "t_ns", 0) - start) / 1e9, value};
	}
	return count;
}

static size_t trace_cuts(const json_t *events, double start, double *out)
{
	size_t count = 0, i;
	json_t *event;

	json_array_foreach(events, i, event)
	{
		const char *reason = pick_text(event, "cut_reason", "none");

		if (strcmp(reason, "none") != 0 && *reason && count < POINTS_MAX)
			out[count++] = (pick_number(event, "t_ns", 0) - start) / 1e9;
	}
	return count;
}

static void trace(FILE *out, const char *name, const json_t *events)
{
	static const struct {
		const char *field, *title, *unit;
	} panels[] = {{"cwnd_segments", "congestion window, segments", ""},
		{"rate_Bps", "pacing rate", "B/s"}, {"srtt_ns", "smoothed round trip time", "ns"}};
	static struct svg_point points[POINTS_MAX];
	static double cuts[POINTS_MAX];
	double start = pick_number(events, "0/t_ns", 0);
	size_t cuts_count = trace_cuts(events, start, cuts);

	fputs("<h3>", out);
	html_text(out, name);
	fputs("</h3>\n<figure>\n", out);
	for (size_t i = 0; i < sizeof(panels) / sizeof(panels[0]); i++) {
		const struct svg_series one = {panels[i].title, "a", points,
			trace_points(events, panels[i].field, start, points), true};
		const struct svg_plot plot = {.title = panels[i].title,
			.x_label = "seconds",
			.y_unit = panels[i].unit,
			.series = &one,
			.series_count = 1,
			.marks = cuts,
			.marks_count = cuts_count};

		svg_lines(out, &plot);
	}
	fprintf(out,
		"<figcaption>%zu events, %zu cuts of the window (red lines).</figcaption>\n"
		"</figure>\n",
		json_array_size(events), cuts_count);
}

// One object a line. What is no object is counted and left out. NULL: it cannot be read.
static json_t *trace_load(const char *file, size_t *wrong)
{
	FILE *f = fopen(file, "re");
	json_t *events = json_array();
	char line[LINE_SIZE];

	*wrong = 0;
	while (f && fgets(line, sizeof(line), f)) {
		json_t *event = json_loads(line, 0, NULL);

		if (json_is_object(event) && json_is_number(pick(event, "t_ns")))
			json_array_append(events, event);
		else
			(*wrong)++;
		json_decref(event);
	}
	if (!f) {
		fprintf(stderr, "sluice-perf: cannot read %s: %s\n", file, strerror(errno));
		json_decref(events);
		return NULL;
	}
	fclose(f);
	return events;
}

static int trace_file(FILE *out, const char *file)
{
	size_t wrong;
	json_t *events = trace_load(file, &wrong);

	if (!events)
		return -1;
	trace(out, file, events);
	if (wrong > 0)
		fprintf(out, "<p class=\"none\">%zu lines of it have no time.</p>\n", wrong);
	json_decref(events);
	return 0;
}

int report_traces(FILE *out, const json_t *run, const char *file)
{
	bool any = file != NULL;
	int result;
	json_t *row;
	size_t i;

	fputs("<h2>Sessions over time</h2>\n", out);
	result = file ? trace_file(out, file) : 0;
	json_array_foreach(pick(run, "results"), i, row)
	{
		const json_t *events = pick(row, "extra/trace");

		if (json_array_size(events) == 0)
			continue;
		trace(out, pick_text(row, "id", "?"), events);
		any = true;
	}
	if (!any)
		fputs("<p class=\"none\">No trace: give one with --trace FILE (<code>sluice "
		      "session trace ID --json</code>).</p>\n",
			out);
	return result;
}
