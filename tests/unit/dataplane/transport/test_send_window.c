// Records on their way out: what is sent next, what an ACK or a loss does, what goes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/send_window.h"

static struct send_window w;

static int setup(void **state)
{
	(void)state;
	send_window_init(&w);
	w.limit = 1u << 30;
	w.stream = STREAM_ORDERED;
	return 0;
}

static void add(uint32_t size)
{
	struct send_record r = {.stored_size = size, .cookie = w.next};
	send_window_add(&w, &r, 1408);
}

static void send_all(void)
{
	uint32_t r, s;
	while (w.started != w.next)
		send_window_start(&w);
	while (send_window_pick(&w, &r, &s))
		send_window_sent(&w, r, s, 1);
}

static void add__segments(void **state)
{
	(void)state;
	static const struct {
		uint32_t size, cells;
	} cases[] = {{0, 1}, {1, 1}, {1392, 1}, {1393, 2}, {65536, 47}};
	for (unsigned i = 0; i < 5; i++) {
		add(cases[i].size);
		assert_int_equal(send_window_slot(&w, i)->cells, cases[i].cells);
	}
}

static void full__window(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_WINDOW; i++) {
		assert_false(send_window_full(&w));
		add(10);
	}
	assert_true(send_window_full(&w));
}

static void pick__in_order_then_lost(void **state)
{
	(void)state;
	uint32_t r, s;
	add(3000);
	add(10);
	assert_false(send_window_pick(&w, &r, &s)); // not started
	send_window_start(&w);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(send_window_pick(&w, &r, &s));
		assert_int_equal(r, 0);
		assert_int_equal(s, i);
		assert_false(send_window_sent(&w, r, s, 1));
	}
	assert_false(send_window_pick(&w, &r, &s));
	send_window_start(&w);
	assert_true(send_window_lost(&w, 0, 1, 1));
	assert_true(send_window_pick(&w, &r, &s)); // the older record first
	assert_true(r == 0 && s == 1);
	assert_true(send_window_sent(&w, 0, 1, 1)); // again
	assert_true(send_window_pick(&w, &r, &s));
	assert_true(r == 1 && s == 0);
}

static void acked__cancels_resend(void **state)
{
	(void)state;
	uint32_t r, s;
	add(3000);
	send_all();
	assert_true(send_window_lost(&w, 0, 2, 1));
	assert_false(send_window_acked(&w, 0, 2, 1)); // late: it came after all
	assert_false(send_window_pick(&w, &r, &s));
	assert_false(send_window_lost(&w, 0, 2, 1)); // the other copy of it
	assert_false(send_window_acked(&w, 0, 0, 1));
	assert_true(send_window_acked(&w, 0, 1, 1));
	assert_false(send_window_acked(&w, 0, 1, 1)); // whole only once
}

static void take__ordered(void **state)
{
	(void)state;
	struct send_record rec;
	bool ok;
	for (int i = 0; i < 3; i++)
		add(10);
	send_all();
	send_window_acked(&w, 2, 0, 1);
	send_window_acked(&w, 1, 0, 1);
	assert_false(send_window_take(&w, false, &rec, &ok));
	send_window_acked(&w, 0, 0, 1);
	for (uint32_t i = 0; i < 3; i++) {
		assert_true(send_window_take(&w, false, &rec, &ok));
		assert_true(ok && rec.cookie == i);
	}
	assert_false(send_window_take(&w, true, &rec, &ok));
}

static void take__unordered(void **state)
{
	(void)state;
	struct send_record rec;
	bool ok;
	w.stream = STREAM_UNORDERED;
	for (int i = 0; i < 3; i++)
		add(10);
	send_all();
	send_window_acked(&w, 2, 0, 1);
	assert_true(send_window_take(&w, false, &rec, &ok));
	assert_true(ok && rec.cookie == 2);
	assert_int_equal(w.base, 0);
	assert_false(send_window_lost(&w, 2, 0, 1)); // its other copy: it is gone
	send_window_acked(&w, 0, 0, 1);
	send_window_acked(&w, 1, 0, 1);
	assert_true(send_window_take(&w, false, &rec, &ok));
	assert_true(send_window_take(&w, false, &rec, &ok));
	assert_int_equal(w.base, 3);
}

// The connection died: an ordered record counts as delivered only when all earlier ones are.
static void take__failed(void **state)
{
	(void)state;
	struct send_record rec;
	bool ok;
	for (int i = 0; i < 4; i++)
		add(10);
	send_all();
	add(10); // never started
	send_window_acked(&w, 0, 0, 1);
	send_window_acked(&w, 2, 0, 1);
	static const bool expected[] = {true, false, false, false, false};
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(send_window_take(&w, true, &rec, &ok));
		assert_int_equal(rec.cookie, i);
		assert_int_equal(ok, expected[i]);
	}
	assert_false(send_window_take(&w, true, &rec, &ok));
	assert_int_equal(w.base, w.next);
}

static void window__wraps(void **state)
{
	(void)state;
	struct send_record rec;
	bool ok;
	for (uint32_t i = 0; i < 1000; i++) {
		while (!send_window_full(&w))
			add(2000);
		send_all();
		assert_false(send_window_acked(&w, i, 1, 1));
		assert_true(send_window_acked(&w, i, 0, 1));
		assert_true(send_window_take(&w, false, &rec, &ok));
		assert_int_equal(rec.cookie, i);
	}
}

// As many pending cells as fit, up to the end of the record.
static void run__of_pending(void **state)
{
	(void)state;
	add(10 * 1408 - BLOCK_HEADER_SIZE);
	send_window_start(&w);
	const struct send_slot *s = send_window_slot(&w, 0);
	assert_int_equal(send_slot_run(s, 0, 6), 6);
	assert_int_equal(send_slot_run(s, 6, 6), 4);
	assert_int_equal(send_slot_run(s, 0, 1), 1);
	assert_int_equal(send_slot_run(s, 0, 63), 10);
	assert_false(send_window_sent(&w, 0, 0, 6));
	assert_int_equal(send_slot_run(s, 6, 2), 2);
}

// Two packets with a cell in common: the later one is part of the earlier, however the size changed
// between them. So a receiver that has some cells of a packet, not all, may drop it.
static void run__never_spans_a_head(void **state)
{
	(void)state;
	add(20 * 1408 - BLOCK_HEADER_SIZE);
	send_window_start(&w);
	const struct send_slot *s = send_window_slot(&w, 0);
	send_window_sent(&w, 0, 0, 6);
	send_window_sent(&w, 0, 6, 6);
	assert_true(send_window_lost(&w, 0, 0, 6) && send_window_lost(&w, 0, 6, 6));
	assert_int_equal(send_slot_run(s, 0, 8), 6); // not into the second
	assert_true(send_window_sent(&w, 0, 0, 2));  // the path has become narrow
	assert_int_equal(send_slot_run(s, 2, 2), 2);
	send_window_sent(&w, 0, 2, 2);
	assert_true(send_window_lost(&w, 0, 0, 2) && send_window_lost(&w, 0, 2, 2));
	assert_int_equal(send_slot_run(s, 0, 6), 2); // and wide again
	assert_int_equal(send_slot_run(s, 4, 6), 2);
	assert_int_equal(send_slot_run(s, 6, 6), 6);
	assert_int_equal(send_slot_run(s, 12, 8), 8); // never sent
}

static void wants__what_is_missing(void **state)
{
	(void)state;
	uint32_t cell = 0;
	add(6 * 1408 - BLOCK_HEADER_SIZE);
	send_window_start(&w);
	send_window_sent(&w, 0, 0, 6);
	assert_int_equal(send_window_wants(&w, 0, &cell, 6, 6), 6);
	send_window_lost(&w, 0, 0, 6);
	send_window_sent(&w, 0, 0, 1);
	send_window_acked(&w, 0, 0, 1);
	assert_int_equal(send_window_wants(&w, 0, &cell, 6, 6), 5);
	assert_int_equal(cell, 1);
	assert_int_equal(send_window_wants(&w, 0, &cell, 5, 2), 2);
	assert_true(send_window_acked(&w, 0, 0, 6)); // the first copy, late
	cell = 0;
	assert_int_equal(send_window_wants(&w, 0, &cell, 6, 6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(add__segments, setup),
		cmocka_unit_test_setup(full__window, setup),
		cmocka_unit_test_setup(pick__in_order_then_lost, setup),
		cmocka_unit_test_setup(acked__cancels_resend, setup),
		cmocka_unit_test_setup(take__ordered, setup),
		cmocka_unit_test_setup(take__unordered, setup),
		cmocka_unit_test_setup(take__failed, setup),
		cmocka_unit_test_setup(window__wraps, setup),
		cmocka_unit_test_setup(run__of_pending, setup),
		cmocka_unit_test_setup(run__never_spans_a_head, setup),
		cmocka_unit_test_setup(wants__what_is_missing, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
