// The pool's size under a load that rises and falls, as a plot.
#include <jansson.h>

#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"
#include "perf/svg.h"

enum { POINTS_MAX = 1000 };

static size_t points_of(const json_t *points, const char *field, struct svg_point *out)
{
	size_t count = 0, i;
	json_t *point;

	json_array_foreach(points, i, point)
	{
		double value = pick_number(point, field, -1);

		if (value >= 0 && count < POINTS_MAX)
			out[count++] = (struct svg_point){pick_number(point, "t_s", 0), value};
	}
	return count;
}

void report_pool(FILE *out, const json_t *run)
{
	static struct svg_point open[POINTS_MAX], leased[POINTS_MAX];
	const json_t *points = pick(pick_row(run, "pool/autosize"), "extra/autosize");
	const struct svg_series both[] = {
		{"connections", "a", open, points_of(points, "connections", open), true},
		{"in use", "b", leased, points_of(points, "leased", leased), true}};
	const struct svg_plot plot = {.title = "connections of a pool by auto-size",
		.x_label = "seconds of virtual time",
		.y_unit = "",
		.series = both,
		.series_count = 2};

	if (both[0].count == 0)
		return;
	fputs("<h2>Pool</h2>\n<figure>\n", out);
	svg_lines(out, &plot);
	fputs("<figcaption>Two clients, up to 42, back to two, then none; requests of 100 ms, "
	      "150 ms to connect. What is needed is dialed at once, what is not is given up by a "
	      "fifth at a time.</figcaption>\n</figure>\n",
		out);
}
