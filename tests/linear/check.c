// A history key by key: what cannot matter is left out, the rest is searched for an order.
#include "tests/linear/check.h"

#include <assert.h>
#include <stdlib.h>

enum { STEPS_DEFAULT = 20 * 1000 * 1000, STEPS_QUICK = 1000 * 1000 };

const char *linear_verdict_text(enum linear_verdict verdict)
{
	static const char *const texts[] = {
		[LINEAR_YES] = "linearizable",
		[LINEAR_NO] = "not linearizable",
		[LINEAR_UNDECIDED] = "undecided: the limit came first",
	};

	return texts[verdict];
}

bool all_observed(const struct search_op *ops, uint32_t count, uint32_t left_out)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct linear_op *op = ops[i].op;

		if (i == left_out || ops[i].open)
			continue;
		if (op->kind == LINEAR_SWAP && op->held == LINEAR_NOT_HELD)
			return true;
		if (op->kind == LINEAR_DELETE && op->held == LINEAR_HELD)
			return true;
	}
	return false;
}

bool observed(const struct search_op *ops, uint32_t count, uint64_t value, uint32_t left_out)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct linear_op *op = ops[i].op;

		if (i == left_out)
			continue;
		if (op->kind == LINEAR_GET && op->value == value)
			return true;
		if (op->kind == LINEAR_SWAP && op->expect == value)
			return true;
		if (op->kind == LINEAR_DELETE && op->held == LINEAR_NOT_HELD && !ops[i].open &&
			value == LINEAR_ABSENT)
			return true;
	}
	return false;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

// What somebody saw or expected, in order; to be freed.
static uint64_t *seen_values(const struct search_op *ops, uint32_t count, uint32_t *seen)
{
	uint64_t *values = calloc((size_t)count + 1, sizeof(*values));

	assert(values);
	*seen = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct linear_op *op = ops[i].op;

		if (op->kind == LINEAR_GET || op->kind == LINEAR_SWAP)
			values[(*seen)++] = op->kind == LINEAR_GET ? op->value : op->expect;
		if (op->kind == LINEAR_DELETE && op->held == LINEAR_NOT_HELD && !ops[i].open)
			values[(*seen)++] = LINEAR_ABSENT;
	}
	qsort(values, *seen, sizeof(*values), by_number);
	return values;
}

// What may not have happened, and left a value that nobody saw, need not have happened.
uint32_t useful(struct search_op *ops, uint32_t count)
{
	bool all = all_observed(ops, count, UINT32_MAX);
	uint32_t kept = 0, seen;
	uint64_t *values = seen_values(ops, count, &seen);

	for (uint32_t i = 0; i < count; i++) {
		bool counts = bsearch(&ops[i].put, values, seen, sizeof(*values), by_number);
		bool writes = ops[i].op->kind != LINEAR_GET;

		if (!counts && ops[i].open && !all)
			continue;
		ops[kept] = ops[i];
		if (!counts && writes && ops[i].put != LINEAR_ABSENT)
			ops[kept].put = SEARCH_OTHER;
		kept++;
	}
	free(values);
	return kept;
}

static struct search_op prepared(const struct linear_op *op, uint32_t index)
{
	bool open = op->outcome == LINEAR_UNKNOWN;

	assert(op->value < SEARCH_OTHER && op->expect < SEARCH_OTHER);
	assert(open || op->kind != LINEAR_SWAP || op->held != LINEAR_UNTOLD);
	assert(open || op->call_ns <= op->return_ns);
	return (struct search_op){.op = op,
		.call = op->call_ns,
		.end = open ? UINT64_MAX : op->return_ns,
		.put = op->kind == LINEAR_DELETE ? LINEAR_ABSENT : op->value,
		.open = open,
		.index = index};
}

static int by_key(const void *a, const void *b)
{
	const struct search_op *x = a, *y = b;

	if (x->op->key != y->op->key)
		return x->op->key < y->op->key ? -1 : 1;
	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

// First a short search, for most histories need no more; then parts of it, for most of what is
// wrong is wrong in a short time; then all of it.
static enum linear_verdict key_search(const struct search_op *ops, uint32_t count,
	const struct linear_limits *limits, struct linear_report *report)
{
	struct linear_limits quick = *limits;
	enum linear_verdict verdict;

	quick.steps = quick.steps < STEPS_QUICK ? quick.steps : STEPS_QUICK;
	verdict = search_run(ops, count, LINEAR_ABSENT, &quick, &report->steps);
	if (verdict == LINEAR_YES)
		return verdict;
	if (window_scan(ops, count, limits, report))
		return LINEAR_NO;
	if (verdict == LINEAR_UNDECIDED && quick.steps < limits->steps)
		verdict = search_run(ops, count, LINEAR_ABSENT, limits, &report->steps);
	if (verdict == LINEAR_NO)
		window_find(ops, count, limits, report);
	return verdict;
}

// Once a key has no order, the others are only counted.
static void key_check(struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report)
{
	enum linear_verdict verdict;

	report->keys++;
	if (report->verdict == LINEAR_NO)
		return;
	verdict = key_search(ops, useful(ops, count), limits, report);
	if (verdict == LINEAR_NO || report->verdict == LINEAR_YES) {
		report->key = verdict == LINEAR_YES ? 0 : ops[0].op->key;
		report->verdict = verdict;
	}
}

enum linear_verdict linear_check(const struct linear_op *ops, size_t count,
	const struct linear_limits *limits, struct linear_report *report)
{
	struct search_op *all = calloc(count + 1, sizeof(*all));
	struct linear_limits bounds = limits ? *limits : (struct linear_limits){0};
	uint32_t kept = 0, end;

	assert(all && count < UINT32_MAX);
	*report = (struct linear_report){.verdict = LINEAR_YES};
	bounds.steps = bounds.steps ? bounds.steps : STEPS_DEFAULT;
	for (uint32_t i = 0; i < count; i++) {
		if (ops[i].outcome == LINEAR_OK ||
			(ops[i].outcome == LINEAR_UNKNOWN && ops[i].kind != LINEAR_GET))
			all[kept++] = prepared(&ops[i], i);
	}
	qsort(all, kept, sizeof(*all), by_key);
	for (uint32_t at = 0; at < kept; at = end) {
		for (end = at + 1; end < kept && all[end].op->key == all[at].op->key;)
			end++;
		key_check(all + at, end - at, &bounds, report);
	}
	free(all);
	return report->verdict;
}
