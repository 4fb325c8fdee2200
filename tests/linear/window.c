// Why a key has no order: a small part of its history that has none, whatever was before it.
// Each step makes the rest easier to explain, so what still has no order is a proof by itself.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/linear/check.h"

enum { THIN_MAX = 400 };

struct window {
	const struct search_op *all;
	uint32_t count;
	const struct linear_limits *limits;
	struct linear_report *report;
	struct search_op *part; // what is tried
	uint32_t parts;
	uint64_t state; // before it
};

// Only what was called up to `last` and, with an unknown state before it, what ended from `first`
// on. What had not ended by then, or had begun before, may have happened or not; what it saw does
// not count.
static void part_make(struct window *window, uint64_t first, uint64_t last)
{
	window->parts = 0;
	for (uint32_t i = 0; i < window->count; i++) {
		struct search_op op = window->all[i];
		bool began_before = op.call<first, ends_later = op.end> last;

		if (op.call > last || op.end < first)
			continue;
		if ((began_before || ends_later) && op.op->kind == LINEAR_GET)
			continue;
		op.blind |= began_before;
		op.open |= began_before || ends_later;
		window->part[window->parts++] = op;
	}
	window->parts = useful(window->part, window->parts);
}

static bool has_no_order(struct window *window)
{
	return search_run(window->part, window->parts, window->state, window->limits,
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

// The first end of an operation at which nothing explains all up to it.
static uint64_t last_find(struct window *window)
{
	uint32_t count, low = 0, high;
	uint64_t *times = times_of(window, true, &count), last;

	for (high = count - 1; low < high;) { // at `high` there is no order
		uint32_t middle = (low + high) / 2;

		part_make(window, 0, times[middle]);
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
	if (!op->open && !op->blind && op->op->kind != LINEAR_PUT &&
		op->op->held == LINEAR_NOT_HELD)
		return true; // it changed nothing
	return !all_observed(window->part, window->parts, at) &&
	       !observed(window->part, window->parts, op->put, at);
}

static void thin_out(struct window *window)
{
	for (uint32_t at = window->parts; at-- > 0 && window->parts <= THIN_MAX;) {
		struct search_op out = window->part[at];
		size_t behind = (window->parts - at - 1) * sizeof(out);

		if (!may_be_left_out(window, at))
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

void window_find(struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report)
{
	struct window window = {.all = ops,
		.count = count,
		.limits = limits,
		.report = report,
		.part = calloc((size_t)count + 1, sizeof(*ops)),
		.state = LINEAR_ABSENT};
	uint64_t last, first;

	assert(window.part && count > 0);
	last = last_find(&window);
	first = first_find(&window, last);
	part_make(&window, first, last);
	thin_out(&window);
	report->from_start = window.state == LINEAR_ABSENT;
	report->window_ops = window.parts;
	for (uint32_t i = 0; i < window.parts; i++) {
		if (i < LINEAR_WINDOW_MAX)
			report->window[i] = window.part[i].index;
		if (window.part[i].end == last)
			report->last = window.part[i].index;
	}
	free(window.part);
}
