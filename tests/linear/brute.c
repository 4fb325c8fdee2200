// Small random histories, judged twice: by the checker, and by trying every order there is. And the
// window that proves a bad one must have no order whatever was there before it.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/linear/linear.h"
#include "tests/sim/rng.h"
#include "tests/support/crash.h"

enum { OPS_MAX = 8, VALUES = 3 };

static struct {
	const char *program;
	uint64_t seed;
	uint64_t yes, no, smaller, anything_before, by_parts;
} run;

static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s %llu 1\n", run.program,
		(unsigned long long)run.seed);

	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

// Whether the register answers so, and what it holds then.
static bool answers(const struct linear_op *op, uint64_t *value)
{
	bool unknown = op->outcome == LINEAR_UNKNOWN, there = *value != LINEAR_ABSENT;

	switch (op->kind) {
	case LINEAR_GET:
		return *value == op->value;
	case LINEAR_PUT:
		*value = op->value;
		return true;
	case LINEAR_DELETE:
		if (!unknown && op->held != LINEAR_UNTOLD && there != (op->held == LINEAR_HELD))
			return false;
		*value = LINEAR_ABSENT;
		return true;
	case LINEAR_SWAP:
		there = *value == op->expect;
		if (!unknown && there != (op->held == LINEAR_HELD))
			return false;
		if (there)
			*value = op->value;
		return true;
	}
	return false;
}

// Some operation is next, and the rest has an order.
static bool has_order(const struct linear_op *ops, uint32_t count, uint32_t done, uint64_t value)
{
	bool all = true;

	for (uint32_t i = 0; i < count; i++)
		all &= done >> i & 1 || ops[i].outcome != LINEAR_OK;
	if (all)
		return true;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t then = value;
		bool next = !(done >> i & 1) && ops[i].outcome != LINEAR_FAILED &&
			    !(ops[i].kind == LINEAR_GET && ops[i].outcome == LINEAR_UNKNOWN);

		for (uint32_t other = 0; next && other < count; other++) {
			if (!(done >> other & 1) && ops[other].outcome == LINEAR_OK)
				next = ops[other].return_ns >= ops[i].call_ns;
		}
		if (next && answers(&ops[i], &then) && has_order(ops, count, done | 1u << i, then))
			return true;
	}
	return false;
}

static struct linear_op draw_op(struct rng *r)
{
	static const uint8_t outcomes[] = {LINEAR_OK, LINEAR_OK, LINEAR_OK, LINEAR_OK,
		LINEAR_UNKNOWN, LINEAR_OK, LINEAR_UNKNOWN, LINEAR_FAILED};
	struct linear_op op = {.key = 1, .outcome = outcomes[rng_below(r, 8)]};

	op.kind = (enum linear_kind)rng_between(r, LINEAR_GET, LINEAR_SWAP);
	op.held = (enum linear_held)rng_between(
		r, op.kind == LINEAR_SWAP ? LINEAR_HELD : LINEAR_UNTOLD, LINEAR_NOT_HELD);
	op.value = rng_between(r, op.kind == LINEAR_GET ? 0 : 1, VALUES);
	op.expect = rng_below(r, VALUES + 1);
	op.call_ns = rng_below(r, 12);
	op.return_ns = op.call_ns + rng_below(r, rng_percent(r, 50) ? 3 : 10);
	return op;
}

// Half of them: what a register would have answered, but for one of them now and then.
static void make_plausible(struct rng *r, struct linear_op *ops, uint32_t count)
{
	uint64_t value = LINEAR_ABSENT;

	for (uint32_t at = 0; at < 24; at++) {
		for (uint32_t i = 0; i < count; i++) {
			struct linear_op *op = &ops[i];

			if (op->call_ns > at || op->return_ns < at || op->client ||
				!(op->return_ns == at || rng_percent(r, 40)))
				continue;
			op->client = 1; // it happens now
			if (op->kind == LINEAR_GET)
				op->value = value;
			if (op->kind == LINEAR_SWAP)
				op->held = value == op->expect ? LINEAR_HELD : LINEAR_NOT_HELD;
			if (op->kind == LINEAR_DELETE && op->held)
				op->held = value ? LINEAR_HELD : LINEAR_NOT_HELD;
			if (op->outcome != LINEAR_FAILED)
				answers(op, &value);
		}
	}
	if (rng_percent(r, 50))
		ops[rng_below(r, count)].value = 1 + rng_below(r, VALUES);
}

// Without an order, whatever was there before.
static bool is_proof(const struct linear_op *ops, uint32_t count, bool from_start)
{
	for (uint64_t value = 0; value <= (from_start ? 0 : VALUES + 1); value++) {
		if (has_order(ops, count, 0, value))
			return false;
	}
	return true;
}

// The operations of the window have no order, and none of those that were left out gives them one.
static void window_check(
	const struct linear_op *ops, uint32_t count, const struct linear_report *report)
{
	struct linear_op window[OPS_MAX + 1];
	uint32_t parts = report->window_ops, in_window = 0;
	bool last = false;

	assert(parts >= 1 && parts <= OPS_MAX);
	for (uint32_t i = 0; i < parts; i++) {
		window[i] = ops[report->window[i]];
		in_window |= 1u << report->window[i];
		last |= report->window[i] == report->last;
	}
	assert(last);
	assert(is_proof(window, parts, report->from_start));
	for (uint32_t i = 0; i < count; i++) {
		window[parts] = ops[i];
		if (!(in_window >> i & 1))
			assert(is_proof(window, parts + 1, report->from_start));
	}
	run.anything_before += !report->from_start;
}

static void run_seed(uint64_t seed)
{
	struct rng r = {rng_mix(seed)};
	struct linear_op ops[OPS_MAX];
	struct linear_report report;
	uint32_t count = (uint32_t)rng_between(&r, 1, OPS_MAX);
	bool order;

	run.seed = seed;
	for (uint32_t i = 0; i < count; i++)
		ops[i] = draw_op(&r);
	if (rng_percent(&r, 70))
		make_plausible(&r, ops, count);
	order = has_order(ops, count, 0, LINEAR_ABSENT);
	linear_check(ops, count, NULL, &report);
	assert(report.verdict == (order ? LINEAR_YES : LINEAR_NO));
	run.yes += order;
	run.no += !order;
	run.smaller += !order && report.window_ops < count;
	if (!order)
		window_check(ops, count, &report);
	// with short parts of it alone
	linear_check(ops, count, &(struct linear_limits){.steps = 1}, &report);
	assert(report.verdict != (order ? LINEAR_NO : LINEAR_YES));
	if (report.verdict == LINEAR_NO)
		window_check(ops, count, &report);
	run.by_parts += report.verdict == LINEAR_NO;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;

	run.program = argv[0];
	crash_catch(print_replay);
	for (uint64_t i = 0; i < count; i++)
		run_seed(first + i);
	printf("%llu linearizable, %llu not: %llu of them by a part, %llu whatever was before it\n",
		(unsigned long long)run.yes, (unsigned long long)run.no,
		(unsigned long long)run.smaller, (unsigned long long)run.anything_before);
	return count >= 1000 && (run.yes < count / 10 || run.no < count / 10 || !run.smaller ||
					!run.anything_before || !run.by_parts);
}
