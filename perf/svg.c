// Bars and lines.
#include "perf/svg.h"

#include <math.h>

#include "perf/html.h"
#include "perf/pick.h"

enum {
	BAR_HEIGHT = 12,
	BAR_PITCH = 20,
	LABEL_WIDTH = 300,
	BARS_WIDTH = 840,
	VALUE_WIDTH = 60,
	PLOT_WIDTH = 840,
	PLOT_HEIGHT = 240,
	PLOT_LEFT = 70,
	PLOT_RIGHT = 20,
	PLOT_TOP = 24,
	PLOT_BOTTOM = 40,
	X_TICKS = 8,
	TICKS_MAX = 32,
};

#define BARS_END 1.5 // ratios beyond end there, with their number

static double bar_x(double ratio)
{
	double scale = BARS_WIDTH - LABEL_WIDTH - VALUE_WIDTH;

	ratio = ratio < 0 ? 0 : ratio > BARS_END ? BARS_END : ratio;
	return LABEL_WIDTH + ratio / BARS_END * scale;
}

static void line(FILE *out, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", class,
		x1, y1, x2, y2);
}

static void label(FILE *out, const char *anchor, double x, double y, const char *text)
{
	fprintf(out, "<text class=\"soft\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", anchor, x,
		y);
	html_text(out, text);
	fputs("</text>", out);
}

static void bar(FILE *out, const struct svg_bar *b, double y)
{
	double middle = y + BAR_HEIGHT / 2.0;

	fprintf(out, "<text text-anchor=\"end\" x=\"%d\" y=\"%.1f\">", LABEL_WIDTH - 8, y + 10);
	html_text(out, b->label);
	fprintf(out, "</text><rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>",
		b->value < 1 ? "low" : "us", LABEL_WIDTH, y, bar_x(b->value) - LABEL_WIDTH,
		BAR_HEIGHT);
	line(out, "whisker", bar_x(b->ci95.low), middle, bar_x(b->ci95.high), middle);
	if (b->goal > 0)
		line(out, "goal", bar_x(b->goal), y - 3, bar_x(b->goal), y + BAR_HEIGHT + 3);
	fprintf(out, "<text x=\"%d\" y=\"%.1f\">%.3f%s</text>\n", BARS_WIDTH - VALUE_WIDTH + 8,
		y + 10, b->value, b->stable ? "" : " ?");
}

void svg_bars(FILE *out, const struct svg_bar *bars, size_t count, const struct interval *noise)
{
	double height = (double)count * BAR_PITCH + 26, bottom = height - 18;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" role=\"img\" "
		"aria-label=\"ratios to the limit\">\n",
		BARS_WIDTH, height);
	fprintf(out, "<rect class=\"noise\" x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"%.1f\"/>\n",
		bar_x(noise->low), fmax(bar_x(noise->high) - bar_x(noise->low), 1), bottom - 4);
	for (size_t i = 0; i < count; i++)
		bar(out, &bars[i], 8 + (double)i * BAR_PITCH);
	line(out, "one", bar_x(1), 4, bar_x(1), bottom);
	for (int tenth = 0; tenth <= 15; tenth += 5) {
		char text[8];

		snprintf(text, sizeof(text), "%.1f", tenth / 10.0);
		label(out, "middle", bar_x(tenth / 10.0), height - 4, text);
	}
	fputs("</svg>\n", out);
}

struct frame {
	double x0, x1, y0, y1; // of the values
	bool log_y;
};

static double value_of(const struct frame *f, double y)
{
	return f->log_y ? log10(y > 1 ? y : 1) : y;
}

static double plot_x(const struct frame *f, double x)
{
	return PLOT_LEFT + (x - f->x0) / (f->x1 - f->x0) * (PLOT_WIDTH - PLOT_LEFT - PLOT_RIGHT);
}

static double plot_y(const struct frame *f, double y)
{
	double share = (value_of(f, y) - f->y0) / (f->y1 - f->y0);

	return PLOT_HEIGHT - PLOT_BOTTOM - share * (PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM);
}

// false: there is nothing to draw.
static bool frame_of(const struct svg_plot *p, struct frame *frame)
{
	struct frame f = {INFINITY, -INFINITY, p->log_y ? INFINITY : 0, -INFINITY, p->log_y};

	for (size_t s = 0; s < p->series_count; s++)
		for (size_t i = 0; i < p->series[s].count; i++) {
			const struct svg_point *at = &p->series[s].points[i];

			f.x0 = fmin(f.x0, at->x);
			f.x1 = fmax(f.x1, at->x);
			f.y0 = fmin(f.y0, value_of(&f, at->y));
			f.y1 = fmax(f.y1, value_of(&f, at->y));
		}
	if (f.x0 > f.x1)
		return false;
	if (p->log_y) {
		f.y0 = floor(f.y0);
		f.y1 = ceil(f.y1);
	}
	if (!(f.x1 > f.x0))
		f.x1 = f.x0 + 1;
	if (!(f.y1 > f.y0))
		f.y1 = f.y0 + 1;
	*frame = f;
	return true;
}

// 1, 2 or 5 times a power of ten: about `parts` of them in `range`.
static double round_step(double range, int parts)
{
	double power = pow(10, floor(log10(range / parts))), times = range / parts / power;

	return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static void y_axis(FILE *out, const struct svg_plot *p, const struct frame *f)
{
	double step = f->log_y ? 1 : round_step(f->y1 - f->y0, 5);

	for (int i = 0; i < TICKS_MAX && f->y0 + i * step <= f->y1 + step / 1e6; i++) {
		double y = f->y0 + i * step, value = f->log_y ? pow(10, y) : y;
		char text[32];

		figure_print(text, sizeof(text), value, p->y_unit);
		line(out, "axis", PLOT_LEFT, plot_y(f, value), PLOT_WIDTH - PLOT_RIGHT,
			plot_y(f, value));
		label(out, "end", PLOT_LEFT - 6, plot_y(f, value) + 4, text);
	}
}

static void x_axis(FILE *out, const struct svg_plot *p, const struct frame *f)
{
	double y = PLOT_HEIGHT - PLOT_BOTTOM + 14, step = round_step(f->x1 - f->x0, X_TICKS);

	for (size_t i = 0; i < p->x_ticks_count; i++)
		if (p->x_ticks[i].at >= f->x0 && p->x_ticks[i].at <= f->x1)
			label(out, "middle", plot_x(f, p->x_ticks[i].at), y, p->x_ticks[i].label);
	for (int i = 0; i < TICKS_MAX && !p->x_ticks; i++) {
		double x = (ceil(f->x0 / step) + i) * step;
		char text[32];

		if (x > f->x1)
			break;
		snprintf(text, sizeof(text), "%.6g", x);
		label(out, "middle", plot_x(f, x), y, text);
	}
	label(out, "end", PLOT_WIDTH - PLOT_RIGHT, PLOT_HEIGHT - 8, p->x_label);
}

static void series(FILE *out, const struct svg_series *s, const struct frame *f)
{
	fprintf(out, "<path class=\"line %s\" d=\"", s->class);
	for (size_t i = 0; i < s->count; i++) {
		if (i > 0 && s->steps)
			fprintf(out, "H%.1f", plot_x(f, s->points[i].x));
		fprintf(out, "%s%.1f,%.1f", i ? "L" : "M", plot_x(f, s->points[i].x),
			plot_y(f, s->points[i].y));
	}
	fputs("\"/>\n", out);
}

static void legend(FILE *out, const struct svg_plot *p)
{
	double x = PLOT_LEFT;

	fprintf(out, "<text x=\"%d\" y=\"14\">", PLOT_LEFT);
	html_text(out, p->title);
	fputs("</text>", out);
	for (size_t i = 0; p->series_count > 1 && i < p->series_count; i++) {
		x = PLOT_WIDTH - PLOT_RIGHT - 150.0 * (double)(p->series_count - i);
		fprintf(out, "<path class=\"line %s\" d=\"M%.1f,10h20\"/>", p->series[i].class, x);
		label(out, "start", x + 26, 14, p->series[i].name);
	}
	fputc('\n', out);
}

void svg_lines(FILE *out, const struct svg_plot *p)
{
	struct frame f;

	if (!frame_of(p, &f))
		return;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"",
		PLOT_WIDTH, PLOT_HEIGHT);
	html_text(out, p->title);
	fputs("\">\n", out);
	y_axis(out, p, &f);
	x_axis(out, p, &f);
	for (size_t i = 0; i < p->marks_count; i++)
		line(out, "cut", plot_x(&f, p->marks[i]), PLOT_TOP, plot_x(&f, p->marks[i]),
			PLOT_HEIGHT - PLOT_BOTTOM);
	for (size_t i = 0; i < p->series_count; i++)
		if (p->series[i].count > 0)
			series(out, &p->series[i], &f);
	legend(out, p);
	fputs("</svg>\n", out);
}
