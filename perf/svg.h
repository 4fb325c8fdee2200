// Plots as inline SVG: bars of ratios, and lines. Names are escaped here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "perf/stats.h"

struct svg_bar {
	const char *label;
	double value; // ratio to the limit
	struct interval ci95;
	double goal; // 0: none
	bool stable;
};

// One bar each, the limit as a line at 1, the noise floor as a band around it.
void svg_bars(FILE *out, const struct svg_bar *bars, size_t count, const struct interval *noise);

struct svg_point {
	double x, y;
};

struct svg_series {
	const char *name;
	const char *class; // of the style: "a", "b"
	struct svg_point *points;
	size_t count;
	bool steps; // a value stands until the next
};

struct svg_tick {
	double at;
	const char *label;
};

struct svg_plot {
	const char *title, *x_label, *y_unit; // y_unit: as of figure_print
	const struct svg_series *series;
	size_t series_count;
	const struct svg_tick *x_ticks; // NULL: a few round numbers
	size_t x_ticks_count;
	const double *marks; // vertical lines at these x
	size_t marks_count;
	bool log_y;
};

void svg_lines(FILE *out, const struct svg_plot *plot);
