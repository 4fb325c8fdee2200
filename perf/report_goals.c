// What this run says about where we want to stand: in one line, and goal by goal.
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "perf/goals.h"
#include "perf/html.h"
#include "perf/pick.h"
#include "perf/report.h"

enum { FIGURE_MAX = 32, ROWS_EACH = 2 };

// One goal over all rows that it is about.
struct standing {
	size_t rows[3]; // by enum goal_verdict
	double worst;   // of the rows that were judged
	double passing; // the worst of those that pass
};

static struct standing stand(const struct goal *g, const json_t *run)
{
	struct standing s = {{0}, 0, 0};
	json_t *row;
	size_t i;

	json_array_foreach(pick(run, "results"), i, row)
	{
		enum goal_verdict verdict;
		double value = 0;

		if (!goal_matches(g, pick_text(row, "id", "")))
			continue;
		verdict = goal_judge(g, row, &value);
		if (verdict != GOAL_NOT_MEASURED && (s.rows[GOAL_PASS] + s.rows[GOAL_FAIL] == 0 ||
							    goal_worse(g, value, s.worst)))
			s.worst = value;
		if (verdict == GOAL_PASS &&
			(s.rows[GOAL_PASS] == 0 || goal_worse(g, value, s.passing)))
			s.passing = value;
		s.rows[verdict]++;
	}
	return s;
}

static enum goal_verdict verdict_of(const struct standing *s)
{
	if (s->rows[GOAL_FAIL] > 0)
		return GOAL_FAIL;
	return s->rows[GOAL_PASS] > 0 ? GOAL_PASS : GOAL_NOT_MEASURED;
}

static void failed_goals(FILE *out, const json_t *run)
{
	const char *before = ": ";
	const struct goal *g;

	for (size_t n = 0; (g = goal_at(n)) != NULL; n++) {
		struct standing s = stand(g, run);
		char has[FIGURE_MAX], wanted[64];

		if (verdict_of(&s) != GOAL_FAIL)
			continue;
		goal_figure_print(g, s.worst, has, sizeof(has));
		goal_print(g, wanted, sizeof(wanted));
		html_printf(out, "%s%s (%s, wanted %s)", before, g->area, has, wanted);
		before = "; ";
	}
}

void report_verdict(FILE *out, const json_t *run)
{
	size_t goals[3] = {0};
	const struct goal *g;

	for (size_t n = 0; (g = goal_at(n)) != NULL; n++) {
		struct standing s = stand(g, run);

		goals[verdict_of(&s)]++;
	}
	if (goals[GOAL_PASS] + goals[GOAL_FAIL] == 0)
		fputs("<p><span class=\"none\">not measured</span>", out);
	else if (goals[GOAL_FAIL] == 0)
		fputs("<p><span class=\"good\">PASS</span>", out);
	else
		fputs("<p><span class=\"bad\">FAIL</span>", out);
	fprintf(out, ": %zu goals pass, %zu fail, %zu are not measured in this run",
		goals[GOAL_PASS], goals[GOAL_FAIL], goals[GOAL_NOT_MEASURED]);
	if (goals[GOAL_FAIL] > 0) {
		fputs(". Failed", out);
		failed_goals(out, run);
	}
	fputs(".</p>\n", out);
}

static void goal_line(
	FILE *out, const struct goal *g, const char *id, enum goal_verdict verdict, double value)
{
	static const char *const classes[] = {"good", "bad", "none"};
	char wanted[64], has[FIGURE_MAX] = "";

	goal_print(g, wanted, sizeof(wanted));
	if (verdict != GOAL_NOT_MEASURED)
		goal_figure_print(g, value, has, sizeof(has));
	fputs("<tr>", out);
	html_cell(out, NULL, "%s", g->area);
	html_cell(out, NULL, "%s", wanted);
	html_cell(out, NULL, "%s", id);
	html_cell(out, "n", "%s", has);
	html_cell(out, classes[verdict], "%s", goal_verdict_name(verdict));
	fputs("</tr>\n", out);
}

// A goal that many rows have: those that fail, and how many others there are.
static void goal_lines(FILE *out, const struct goal *g, const json_t *run)
{
	struct standing s = stand(g, run);
	bool each = s.rows[GOAL_PASS] <= ROWS_EACH;
	json_t *row;
	size_t i;

	json_array_foreach(pick(run, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "");
		enum goal_verdict verdict;
		double value = 0;

		if (!goal_matches(g, id))
			continue;
		verdict = goal_judge(g, row, &value);
		if (each || verdict != GOAL_PASS)
			goal_line(out, g, id, verdict, value);
	}
	if (!each) {
		char text[FIGURE_MAX];

		snprintf(text, sizeof(text), "%zu%s rows", s.rows[GOAL_PASS],
			s.rows[GOAL_FAIL] ? " other" : "");
		goal_line(out, g, text, GOAL_PASS, s.passing);
	}
	if (s.rows[GOAL_PASS] + s.rows[GOAL_FAIL] + s.rows[GOAL_NOT_MEASURED] == 0)
		goal_line(out, g, g->glob, GOAL_NOT_MEASURED, 0);
}

void report_goals(FILE *out, const json_t *run)
{
	static const char *const head[] = {"goal", "wanted", "row", "#has", "verdict", NULL};
	const struct goal *g;

	fputs("<h2>Goals</h2>\n<table>", out);
	html_head(out, head);
	for (size_t n = 0; (g = goal_at(n)) != NULL; n++)
		goal_lines(out, g, run);
	fputs("</table>\n", out);
}
