// Ratios of two runs, id by id. A change is named only where the intervals do not overlap, and only
// when it is larger than what a limit showed against itself.
#include "perf/compare.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "perf/pick.h"

enum { EXIT_FAILED = 1, EXIT_SLOWER = 3 };

const char *compare_verdict_name(enum compare_verdict verdict)
{
	static const char *const names[] = {"same", "faster", "slower", "gone", "new"};

	return names[verdict];
}

static double noise_of(const json_t *row)
{
	return fmax(
		fabs(pick_number(row, "noise/0", 1) - 1), fabs(pick_number(row, "noise/1", 1) - 1));
}

struct compare compare_rows(const json_t *before, const json_t *after)
{
	struct compare c = {
		.before = pick_number(before, "ratio/median", 0),
		.after = pick_number(after, "ratio/median", 0),
		.noise = fmax(noise_of(before), noise_of(after)),
		.stable = !json_is_false(pick(before, "stable")) &&
			  !json_is_false(pick(after, "stable")),
	};

	if (!before || !after)
		c.verdict = before ? COMPARE_GONE : COMPARE_NEW;
	else if (fabs(c.after - c.before) <= c.noise * c.before)
		c.verdict = COMPARE_SAME;
	else if (pick_number(after, "ratio/ci95/0", 0) > pick_number(before, "ratio/ci95/1", 0))
		c.verdict = COMPARE_FASTER;
	else if (pick_number(after, "ratio/ci95/1", 0) < pick_number(before, "ratio/ci95/0", 0))
		c.verdict = COMPARE_SLOWER;
	return c;
}

static void print_line(const char *id, const struct compare *c)
{
	const char *verdict = compare_verdict_name(c->verdict);

	if (c->verdict == COMPARE_GONE)
		printf("%-42s %7.3f ->            %s\n", id, c->before, verdict);
	else if (c->verdict == COMPARE_NEW)
		printf("%-42s         -> %7.3f    %s\n", id, c->after, verdict);
	else
		printf("%-42s %7.3f -> %7.3f    %s%s\n", id, c->before, c->after, verdict,
			c->stable ? "" : "  (steal)");
}

static json_t *line_json(const char *id, const struct compare *c)
{
	return json_pack("{s:s, s:f, s:f, s:f, s:b, s:s}", "id", id, "before", c->before, "after",
		c->after, "noise", c->noise, "stable", c->stable, "verdict",
		compare_verdict_name(c->verdict));
}

struct told {
	json_t *lines; // NULL: print
	size_t slower;
};

static void tell(struct told *t, const char *id, const struct compare *c)
{
	t->slower += c->verdict == COMPARE_SLOWER;
	if (t->lines)
		json_array_append_new(t->lines, line_json(id, c));
	else
		print_line(id, c);
}

static void compare_all(const json_t *before, const json_t *after, struct told *t)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(after, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "");
		struct compare c = compare_rows(pick_row(before, id), row);

		tell(t, id, &c);
	}
	json_array_foreach(json_object_get(before, "results"), i, row)
	{
		const char *id = pick_text(row, "id", "");
		struct compare c = compare_rows(row, NULL);

		if (!pick_row(after, id))
			tell(t, id, &c);
	}
}

int compare_files(const char *before_path, const char *after_path, bool json)
{
	json_t *before = pick_load(before_path), *after = before ? pick_load(after_path) : NULL;
	struct told t = {.lines = json && after ? json_array() : NULL};
	int result = EXIT_FAILED;

	if (after) {
		compare_all(before, after, &t);
		result = t.slower ? EXIT_SLOWER : 0;
	}
	if (t.lines) {
		json_t *root = json_pack("{s:s, s:i, s:O}", "schema", "sluice-perf-compare/1",
			"slower", (int)t.slower, "results", t.lines);

		json_dumpf(root, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(root);
	}
	json_decref(t.lines);
	json_decref(before);
	json_decref(after);
	return result;
}
