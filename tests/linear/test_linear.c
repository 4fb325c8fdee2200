// Histories that are known to be good or bad, and what is said of the bad ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/linear/print.h"
#include "tests/sim/rng.h"

// One operation of key 1: P(ut), G(et), D(elete), S(wap), and its times.
static struct linear_op P(uint32_t client, uint64_t value, uint64_t call, uint64_t end) {
	return (struct linear_op){.kind = LINEAR_PUT,
		.client = client,
		.key = 1,
		.value = value,
		.call_ns = call,
		.return_ns = end};
}

static struct linear_op
G(uint32_t client, uint64_t value, uint64_t call, uint64_t end) {
	struct linear_op op = P(client, value, call, end);

	op.kind = LINEAR_GET;
	return op;
}

static struct linear_op
D(uint32_t client, uint64_t call, uint64_t end) {
	struct linear_op op = P(client, 0, call, end);

	op.kind = LINEAR_DELETE;
	return op;
}

static struct linear_op
S(uint32_t client, uint64_t expect, uint64_t value, bool held, uint64_t call, uint64_t end) {
	struct linear_op op = P(client, value, call, end);

	op.kind = LINEAR_SWAP;
	op.expect = expect;
	op.held = held ? LINEAR_HELD : LINEAR_NOT_HELD;
	return op;
}

static struct linear_report report;

static enum linear_verdict check(const struct linear_op *ops, size_t count)
{
	enum linear_verdict verdict = linear_check(ops, count, NULL, &report);

	assert_int_equal(verdict, report.verdict);
	return verdict;
}

#define CHECK(ops) check(ops, sizeof(ops) / sizeof(ops[0]))

static void window_is(uint32_t count, uint32_t first, uint32_t second)
{
	assert_int_equal(report.window_ops, count);
	assert_int_equal(report.window[0], first);
	if (count > 1)
		assert_int_equal(report.window[1], second);
}

static void check__of_nothing_is_linearizable(void **state)
{
	const struct linear_op ops[] = {G(1, LINEAR_ABSENT, 1, 2)};

	(void)state;
	assert_int_equal(check(ops, 0), LINEAR_YES);
	assert_int_equal(report.keys, 0);
	assert_int_equal(CHECK(ops), LINEAR_YES);
	assert_int_equal(report.keys, 1);
}

static void check__one_after_the_other(void **state)
{
	const struct linear_op ops[] = {P(1, 5, 0, 1), G(2, 5, 2, 3), D(1, 4, 5),
		G(2, LINEAR_ABSENT, 6, 7), S(1, LINEAR_ABSENT, 6, true, 8, 9),
		S(2, 5, 7, false, 10, 11), S(2, 6, 8, true, 12, 13), G(1, 8, 14, 15)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_YES);
}

// Two puts at once: readers agree on either order, but not on both.
static void check__what_was_at_the_same_time_has_one_order(void **state)
{
	const struct linear_op good[] = {
		P(1, 5, 0, 10), P(2, 6, 0, 10), G(3, 6, 11, 12), G(4, 6, 13, 14)};
	const struct linear_op seen[] = {
		P(1, 5, 0, 20), P(2, 6, 0, 20), G(3, 6, 1, 2), G(4, 5, 3, 4)};
	const struct linear_op back[] = {
		P(1, 5, 0, 20), P(2, 6, 0, 20), G(3, 6, 1, 2), G(4, 5, 3, 4), G(3, 6, 5, 6)};
	const struct linear_op two[] = {
		P(1, 5, 0, 10), P(2, 6, 0, 10), G(3, 6, 11, 12), G(4, 5, 13, 14)};

	(void)state;
	assert_int_equal(CHECK(good), LINEAR_YES);
	assert_int_equal(CHECK(seen), LINEAR_YES);
	assert_int_equal(CHECK(back), LINEAR_NO);
	assert_int_equal(report.last, 4);
	assert_int_equal(CHECK(two), LINEAR_NO);
	window_is(2, 2, 3); // nothing was put between these two
}

static void check__the_end_of_one_is_the_beginning_of_another(void **state)
{
	const struct linear_op at_once[] = {P(1, 5, 0, 10), G(2, LINEAR_ABSENT, 10, 12)};
	const struct linear_op after[] = {P(1, 5, 0, 10), G(2, LINEAR_ABSENT, 11, 12)};

	(void)state;
	assert_int_equal(CHECK(at_once), LINEAR_YES); // a clock that does not tell them apart
	assert_int_equal(CHECK(after), LINEAR_NO);
}

static void check__stale_read(void **state)
{
	const struct linear_op ops[] = {P(1, 5, 0, 1), G(3, 5, 2, 3), P(1, 6, 4, 5), G(3, 6, 6, 7),
		P(1, 7, 8, 9), G(2, 6, 10, 11), G(2, 7, 12, 13)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	assert_int_equal(report.key, 1);
	assert_int_equal(report.last, 5);
	window_is(2, 4, 5); // 7 was put, and 6 is seen after that
}

static void check__lost_write(void **state)
{
	const struct linear_op ops[] = {P(1, 5, 0, 1), P(2, 6, 2, 3), G(3, 5, 4, 5), G(3, 5, 6, 7)};
	const struct linear_op gone[] = {P(1, 5, 0, 1), G(3, LINEAR_ABSENT, 4, 5)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	window_is(2, 1, 2);
	assert_int_equal(CHECK(gone), LINEAR_NO);
	window_is(2, 0, 1);
}

// One put, done at once, and again later over another one.
static void check__double_apply(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), P(2, 6, 2, 3), G(3, 6, 4, 5), G(3, 5, 6, 7)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	window_is(2, 2, 3);
	ops[0].outcome = LINEAR_UNKNOWN; // once, but late: that can be
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[0].return_ns = 0; // does not count
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[2].value = 5; // done, and again after what was done in between
	ops[1].call_ns = 5;
	ops[1].return_ns = 5;
	ops[2].call_ns = ops[2].return_ns = 4;
	assert_int_equal(CHECK(ops), LINEAR_NO);
}

// Two leaders, each with its own reader.
static void check__split_brain(void **state)
{
	const struct linear_op ops[] = {P(1, 1, 0, 1), P(1, 2, 2, 3), P(2, 3, 2, 3), G(1, 2, 4, 5),
		G(2, 3, 4, 5), G(1, 2, 6, 7), G(2, 3, 6, 7)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	assert_true(report.window_ops <= 4);
}

static void check__both_swaps_cannot_win(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), S(1, 5, 6, true, 2, 9), S(2, 5, 7, true, 2, 9)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	window_is(2, 1, 2); // what was put does not matter
	ops[2].held = LINEAR_NOT_HELD;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[1].held = LINEAR_NOT_HELD; // nor can both lose
	assert_int_equal(CHECK(ops), LINEAR_NO);
}

static void check__deletes_that_tell(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), D(1, 2, 3), D(2, 2, 3)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[1].held = ops[2].held = LINEAR_HELD;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	ops[2].held = LINEAR_NOT_HELD;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[1].held = LINEAR_NOT_HELD;
	assert_int_equal(CHECK(ops), LINEAR_NO);
}

static void check__what_failed_was_never_done(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), G(2, 5, 2, 3), P(1, 6, 4, 5), G(2, 5, 6, 7)};

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	ops[2].outcome = LINEAR_FAILED;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[3].value = 6;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	ops[2].outcome = LINEAR_UNKNOWN;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[1].outcome = LINEAR_UNKNOWN; // a get that nobody answered says nothing
	ops[1].value = 77;
	assert_int_equal(CHECK(ops), LINEAR_YES);
}

static void check__unknown_is_not_before_its_call(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), G(2, 6, 2, 3), P(1, 6, 4, 0)};

	(void)state;
	ops[2].outcome = LINEAR_UNKNOWN;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	ops[2].call_ns = 3;
	assert_int_equal(CHECK(ops), LINEAR_YES);
}

// An unknown put that nobody saw still explains why a swap did not find what it expected.
static void check__unknown_may_matter_without_being_seen(void **state)
{
	struct linear_op ops[] = {P(1, 5, 0, 1), P(2, 6, 2, 0), S(3, 5, 7, false, 3, 4)};

	(void)state;
	ops[1].outcome = LINEAR_FAILED;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	ops[1].outcome = LINEAR_UNKNOWN;
	assert_int_equal(CHECK(ops), LINEAR_YES);
}

static void check__unknown_swaps_make_a_chain(void **state)
{
	struct linear_op ops[] = {
		P(1, 5, 0, 1), S(2, 5, 6, true, 2, 0), S(3, 6, 7, true, 2, 0), G(4, 7, 3, 4)};

	(void)state;
	ops[1].outcome = ops[2].outcome = LINEAR_UNKNOWN;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	ops[1].call_ns = 5; // too late for what was seen
	assert_int_equal(CHECK(ops), LINEAR_NO);
}

static void check__keys_do_not_meet(void **state)
{
	struct linear_op ops[] = {
		P(1, 5, 0, 1), G(1, 5, 2, 3), P(1, 5, 0, 1), G(1, LINEAR_ABSENT, 2, 3)};

	(void)state;
	ops[2].key = 2;
	ops[3].key = 3;
	assert_int_equal(CHECK(ops), LINEAR_YES);
	assert_int_equal(report.keys, 3);
	ops[3].key = 2;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	assert_int_equal(report.key, 2);
	window_is(2, 2, 3);
}

// A long run of clients that are always at work, as a correct register answers. `unknown` percent
// of them are never answered, half of which were done all the same.
static void long_history(
	struct linear_op *ops, uint32_t count, uint32_t clients, uint32_t unknown, struct rng *r)
{
	uint64_t busy_until[16] = {0}, now = 0, value = LINEAR_ABSENT;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t client = (uint32_t)rng_below(r, clients);
		struct linear_op *op = &ops[i];

		// it happens at `now`, between its call and its return
		now += 1 + rng_below(r, 10);
		now = now > busy_until[client] ? now : busy_until[client] + 1;
		*op = (struct linear_op){.client = client, .key = 1, .value = i + 1};
		op->call_ns = now - rng_below(r, now - busy_until[client]);
		op->return_ns = busy_until[client] = now + rng_below(r, 40);
		op->kind = (enum linear_kind)rng_between(r, LINEAR_GET, LINEAR_SWAP);
		op->outcome = rng_percent(r, unknown) ? LINEAR_UNKNOWN : LINEAR_OK;
		op->expect = rng_percent(r, 70) ? value : 1 + rng_below(r, i + 1);
		if (op->kind == LINEAR_SWAP)
			op->held = op->expect == value ? LINEAR_HELD : LINEAR_NOT_HELD;
		if (op->kind == LINEAR_DELETE && rng_percent(r, 50))
			op->held = value ? LINEAR_HELD : LINEAR_NOT_HELD;
		if (op->kind == LINEAR_GET)
			op->value = value;
		else if ((op->outcome == LINEAR_OK || rng_percent(r, 50)) &&
			 (op->kind != LINEAR_SWAP || op->held == LINEAR_HELD))
			value = op->kind == LINEAR_DELETE ? LINEAR_ABSENT : op->value;
	}
}

static void check__long_histories(void **state)
{
	static struct linear_op ops[2000];
	struct rng r = {rng_mix(11)};

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		long_history(ops, 2000, 2 + i % 6, i % 4 * 4, &r);
		assert_int_equal(CHECK(ops), LINEAR_YES);
		for (uint32_t at = 1000;; at++) { // one get sees what nobody put
			if (ops[at].kind != LINEAR_GET || ops[at].outcome != LINEAR_OK)
				continue;
			ops[at].value = 1000000;
			assert_int_equal(check(ops, at + 1), LINEAR_NO);
			assert_int_equal(report.last, at);
			break;
		}
	}
}

// One get sees what was put long ago: whoever looks can say why that cannot be.
static void check__long_histories_with_a_stale_read(void **state)
{
	static struct linear_op ops[1000];
	struct rng r = {rng_mix(12)};

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		long_history(ops, 1000, 2 + i % 6, 0, &r);
		ops[0].kind = LINEAR_PUT;
		ops[0].value = 1;
		for (uint32_t at = 500;; at++) {
			if (ops[at].kind != LINEAR_GET)
				continue;
			ops[at].value = 1;
			assert_int_equal(check(ops, 1000), LINEAR_NO);
			assert_in_range(report.window_ops, 1, 16);
			break;
		}
	}
}

static bool at_once(void *owner)
{
	++*(uint32_t *)owner;
	return true;
}

static void check__says_when_it_did_not_decide(void **state)
{
	static struct linear_op ops[40];
	uint32_t asked = 0;
	const struct linear_limits steps = {.steps = 10000},
				   time = {.steps = UINT64_MAX, .late = at_once, .owner = &asked};

	(void)state;
	for (uint32_t i = 0; i < 39; i++) // all at once: 2^39 sets of them
		ops[i] = P(i, 1 + i, 0, 100);
	ops[39] = (struct linear_op){
		.kind = LINEAR_GET, .key = 1, .value = 99, .call_ns = 200, .return_ns = 300};
	assert_int_equal(linear_check(ops, 40, &steps, &report), LINEAR_UNDECIDED);
	assert_in_range(report.steps, 10000, 1000000);
	assert_int_equal(linear_check(ops, 40, &time, &report), LINEAR_UNDECIDED);
	assert_in_range(asked, 1, 100);
	ops[0] = P(1, 5, 0, 1); // what is certain is said all the same
	ops[1] = G(1, 6, 2, 3);
	ops[0].key = ops[1].key = 2;
	assert_int_equal(linear_check(ops, 40, &steps, &report), LINEAR_NO);
	assert_int_equal(report.key, 2);
}

static void print__names_what_cannot_be(void **state)
{
	const struct linear_op ops[] = {P(1, 5, 100, 110), P(1, 6, 120, 130), G(2, 5, 140, 150)};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(CHECK(ops), LINEAR_NO);
	linear_print(out, ops, &report, NULL);
	fclose(out);
	assert_non_null(strstr(text, "not linearizable: 1 keys"));
	assert_non_null(strstr(text, "no order explains these 2 operations"));
	assert_non_null(strstr(text, "120 .. 130         client 1 puts 6\n"));
	assert_non_null(strstr(text, "140 .. 150         client 2 sees 5\n"));
	assert_null(strstr(text, "puts 5"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check__of_nothing_is_linearizable),
		cmocka_unit_test(check__one_after_the_other),
		cmocka_unit_test(check__what_was_at_the_same_time_has_one_order),
		cmocka_unit_test(check__the_end_of_one_is_the_beginning_of_another),
		cmocka_unit_test(check__stale_read),
		cmocka_unit_test(check__lost_write),
		cmocka_unit_test(check__double_apply),
		cmocka_unit_test(check__split_brain),
		cmocka_unit_test(check__both_swaps_cannot_win),
		cmocka_unit_test(check__deletes_that_tell),
		cmocka_unit_test(check__what_failed_was_never_done),
		cmocka_unit_test(check__unknown_is_not_before_its_call),
		cmocka_unit_test(check__unknown_may_matter_without_being_seen),
		cmocka_unit_test(check__unknown_swaps_make_a_chain),
		cmocka_unit_test(check__keys_do_not_meet),
		cmocka_unit_test(check__long_histories),
		cmocka_unit_test(check__long_histories_with_a_stale_read),
		cmocka_unit_test(check__says_when_it_did_not_decide),
		cmocka_unit_test(print__names_what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
