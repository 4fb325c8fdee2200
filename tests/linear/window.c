// Why a key has no order: a small part of its history that has none, whatever was before it.
// Each step makes the rest easier to explain, so what still has no order is a proof by itself.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/linear/check.h"

// Steps of a search that makes the part smaller, of all that thin it out, of one that scans.
enum { STEPS_MAX = 2000 * 1000, THIN_STEPS_MAX = 50 * 1000 * 1000, SCAN_STEPS_MAX = 50 * 1000 };

struct window {
	const struct search_op *all;
	uint32_t count;
	struct linear_limits limits;
	struct linear_report *report;
	struct search_op *part; // what is tried
	uint32_t parts;
	uint64_t state; // before it
};

// Only what was called up to `last` and, with an unknown state before it, what ended from `first`
// on. What had not ended by then, or had begun before, may have happened in it or not.
static void part_make(struct window *window, uint64_t first, uint64_t last)
{
	window->parts = 0;
	for (uint32_t i = 0; i < window->count; i++) {
		struct search_op op = window->all[i];
		bool in_part = op.call >= first && op.end <= last;

		if (op.call > last || op.end < first)
			continue;
		if (!in_part && op.op->kind == LINEAR_GET)
			continue;
		op.open |= !in_part;
		window->part[window->parts++] = op;
	}
	window->parts = useful(window->part, window->parts);
}

static bool has_no_order(struct window *window)
{
	return search_run(window->part, window->parts, window->state, &window->limits,
		       &window->report->steps) == LINEAR_NO;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

// The times at which operations ended, or began, in order.
static uint64_t *times_of(const struct window *window, bool ends, uint32_t *count)
{
	uint64_t *times = calloc((size_t)window->count + 1, sizeof(*times));

	assert(times);
	*count = 0;
	for (uint32_t i = 0; i < window->count; i++) {
		const struct search_op *op = &window->all[i];

		if (!op->open)
			times[(*count)++] = ends ? op->end : op->call;
	}
	qsort(times, *count, sizeof(*times), by_number);
	return times;
}

// The first end of an operation at which nothing explains all from `first` up to it. At `known`
// nothing does.
static uint64_t last_find(struct window *window, uint64_t first, uint64_t known)
{
	uint32_t count, low = 0, high;
	uint64_t *times = times_of(window, true, &count), last;

	for (high = count - 1; times[high] > known;)
		high--;
	while (low < high) { // at `high` there is no order
		uint32_t middle = (low + high) / 2;

		part_make(window, first, times[middle]);
		if (has_no_order(window))
			high = middle;
		else
			low = middle + 1;
	}
	last = times[high];
	free(times);
	return last;
}

// The last beginning such that from there on there is none, whatever was before; 0: it takes all.
static uint64_t first_find(struct window *window, uint64_t last)
{
	uint32_t count, low = 0, high;
	uint64_t *times = times_of(window, false, &count), first = 0;

	window->state = SEARCH_ANY;
	for (high = count; low < high;) { // below `low` there is no order
		uint32_t middle = (low + high) / 2;

		part_make(window, times[middle], last);
		if (has_no_order(window)) {
			first = times[middle];
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	part_make(window, first, last);
	if (first == 0 && !has_no_order(window))
		window->state = LINEAR_ABSENT;
	free(times);
	return first;
}

// What was seen may be left out; so may be what was written, when nobody saw that.
static bool may_be_left_out(const struct window *window, uint32_t at)
{
	const struct search_op *op = &window->part[at];

	if (op->op->kind == LINEAR_GET)
		return true;
	if (!op->open && op->op->kind != LINEAR_PUT && op->op->held == LINEAR_NOT_HELD)
		return true; // it changed nothing
	return !all_observed(window->part, window->parts, at) &&
	       !observed(window->part, window->parts, op->put, at);
}

// But what ended last stays: with its end nothing was explained any more.
static void thin_out(struct window *window, uint64_t last)
{
	uint64_t end = window->report->steps + THIN_STEPS_MAX;

	for (uint32_t at = window->parts; at-- > 0 && window->report->steps < end;) {
		struct search_op out = window->part[at];
		size_t behind = (window->parts - at - 1) * sizeof(out);

		if (out.end == last || !may_be_left_out(window, at))
			continue;
		memmove(window->part + at, window->part + at + 1, behind);
		window->parts--;
		if (has_no_order(window))
			continue;
		memmove(window->part + at + 1, window->part + at, behind);
		window->part[at] = out;
		window->parts++;
	}
}

static void window_init(struct window *window, const struct search_op *ops, uint32_t count,
	const struct linear_limits *limits, struct linear_report *report)
{
	*window = (struct window){.all = ops,
		.count = count,
		.limits = *limits,
		.report = report,
		.part = calloc((size_t)count + 1, sizeof(*ops))};
	assert(window->part && count > 0);
	if (window->limits.steps > STEPS_MAX)
		window->limits.steps = STEPS_MAX;
}

// Nothing explains what was up to `last`.
static void window_report(struct window *window, uint64_t last)
{
	struct linear_report *report = window->report;
	uint64_t first = first_find(window, last);

	part_make(window, first, last);
	thin_out(window, last);
	report->from_start = window->state == LINEAR_ABSENT;
	report->window_ops = window->parts;
	for (uint32_t i = 0; i < window->parts; i++) {
		if (i < LINEAR_WINDOW_MAX)
			report->window[i] = window->part[i].index;
		if (window->part[i].end == last)
			report->last = window->part[i].index;
	}
}

void window_find(const struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report)
{
	struct window window;

	window_init(&window, ops, count, limits, report);
	window.state = LINEAR_ABSENT;
	window_report(&window, last_find(&window, 0, UINT64_MAX));
	free(window.part);
}

// The end of a part of so many operations, from the one that begins as number `at`, that has no
// order whatever was before it. 0: it has one.
static uint64_t scan_part(struct window *window, const uint64_t *begins, const uint64_t *ends,
	uint32_t at, uint32_t width)
{
	part_make(window, begins[at], ends[at + width - 1]);
	return has_no_order(window) ? ends[at + width - 1] : 0;
}

bool window_scan(const struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report)
{
	struct window window;
	uint32_t times;
	uint64_t *begins, *ends, last = 0, first = 0;

	window_init(&window, ops, count, limits, report);
	begins = times_of(&window, false, &times);
	ends = times_of(&window, true, &times);
	window.state = SEARCH_ANY;
	window.limits.steps = SCAN_STEPS_MAX;
	for (uint32_t width = 8; !last && width / 2 < times; width *= 4) {
		for (uint32_t at = 0; !last && at < times; at += width / 2) {
			first = begins[at];
			last = scan_part(
				&window, begins, ends, at, width < times - at ? width : times - at);
		}
	}
	if (last)
		window_report(&window, last_find(&window, first, last));
	free(begins);
	free(ends);
	free(window.part);
	return last;
}
