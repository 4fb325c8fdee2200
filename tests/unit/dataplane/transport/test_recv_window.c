// Where a segment goes, and when a record is whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/recv_window.h"

static struct recv_window w;
static struct cell_cut cut;
static uint8_t block[BLOCK_SIZE];

static int setup(void **state)
{
	(void)state;
	recv_window_init(&w);
	w.used = true;
	w.stream = STREAM_ORDERED;
	cut = cell_cut_make(1408);
	return 0;
}

static enum verdict locate(
	uint64_t record, uint32_t within, uint32_t size, uint8_t flags, struct recv_spot *spot)
{
	struct wire_header h = {
		.type = WIRE_DATA, .flags = flags, .offset = wire_offset(record, within)};
	return recv_window_locate(&w, &cut, &h, size, spot);
}

static bool put(uint64_t record, uint32_t within, uint32_t size, uint8_t flags)
{
	struct recv_spot spot;
	struct wire_header h = {
		.type = WIRE_DATA, .flags = flags, .offset = wire_offset(record, within)};
	assert_int_equal(locate(record, within, size, flags, &spot), VERDICT_ACCEPT);
	recv_window_slot(&w, spot.record)->block = block;
	return recv_window_add(&w, &spot, &h, size);
}

static void locate__borders(void **state)
{
	(void)state;
	struct recv_spot s;
	assert_int_equal(locate(0, 0, 1408, 0, &s), VERDICT_ACCEPT);
	assert_true(s.first && !s.known && s.cell == 0);
	assert_int_equal(locate(0, 1408 * 3, 1408, 0, &s), VERDICT_ACCEPT);
	assert_int_equal(s.cell, 3);
	assert_int_equal(locate(0, 1, 1408, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1407, 1408, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1408, 1407, 0, &s), DROP_OFFSET); // short without the end
	assert_int_equal(locate(0, 1408, 1409, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1408, 0, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1408, 0, WIRE_RECORD_END, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1408, 1, WIRE_RECORD_END, &s), VERDICT_ACCEPT);
	assert_int_equal(
		locate(0, 0, 15, WIRE_RECORD_END, &s), DROP_OFFSET); // no room for the block header
	assert_int_equal(locate(0, 0, 16, WIRE_RECORD_END, &s), VERDICT_ACCEPT);
	assert_int_equal(
		locate(0, 46 * 1408, 784, WIRE_RECORD_END, &s), VERDICT_ACCEPT); // 65,552 bytes
	assert_int_equal(locate(0, 46 * 1408, 785, WIRE_RECORD_END, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 47 * 1408, 1, WIRE_RECORD_END, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 46 * 1408, 1408, 0, &s), DROP_OFFSET);
}

static void locate__window(void **state)
{
	(void)state;
	struct recv_spot s;
	assert_int_equal(locate(RECORD_WINDOW - 1, 0, 1408, 0, &s), VERDICT_ACCEPT);
	assert_int_equal(locate(RECORD_WINDOW, 0, 1408, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(RECORD_INDEX_MAX, 0, 1408, 0, &s), DROP_OFFSET);
	assert_true(put(0, 0, 100, WIRE_RECORD_END));
	record_bits_set(&w.complete, 0);
	recv_window_release(&w, 0);
	assert_int_equal(w.base, 1);
	assert_int_equal(locate(0, 0, 1408, 0, &s), VERDICT_ACCEPT); // delivered: known
	assert_true(s.known);
	assert_int_equal(locate(RECORD_WINDOW, 0, 1408, 0, &s), VERDICT_ACCEPT);
}

// What contradicts segments that came already is refused.
static void locate__agrees(void **state)
{
	(void)state;
	struct recv_spot s;
	assert_false(put(5, 2 * 1408, 500, WIRE_RECORD_END));
	assert_int_equal(locate(5, 3 * 1408, 1408, 0, &s), DROP_OFFSET);          // behind the end
	assert_int_equal(locate(5, 1408, 700, WIRE_RECORD_END, &s), DROP_OFFSET); // another end
	assert_int_equal(
		locate(5, 0, 1408, WIRE_COMPRESSED, &s), DROP_OFFSET); // other kind of bytes
	assert_int_equal(locate(5, 2 * 1408, 500, WIRE_RECORD_END, &s), VERDICT_ACCEPT);
	assert_true(s.known);
	assert_false(put(6, 3 * 1408, 1408, 0));
	assert_int_equal(
		locate(6, 1408, 700, WIRE_RECORD_END, &s), DROP_OFFSET); // an end below what came
}

static void add__any_order(void **state)
{
	(void)state;
	assert_false(put(3, 46 * 1408, 784, WIRE_RECORD_END));
	for (uint32_t i = 45; i > 0; i--)
		assert_false(put(3, i * 1408, 1408, 0));
	assert_true(put(3, 0, 1408, 0));
	assert_int_equal(recv_window_slot(&w, 3)->size, RECORD_WIRE_MAX);
	assert_int_equal(w.top, 4);
}

static void next__kinds(void **state)
{
	(void)state;
	uint32_t r;
	for (uint32_t k = 0; k < 3; k++) {
		put(2 - k, 0, 20, WIRE_RECORD_END);
		record_bits_set(&w.complete, 2 - k);
		assert_int_equal(recv_window_next(&w, &r), k == 2);
	}
	assert_int_equal(r, 0);
	w.stream = STREAM_UNORDERED;
	recv_window_release(&w, 1);
	assert_int_equal(w.base, 0); // 0 is not delivered
	recv_window_release(&w, 0);
	assert_int_equal(w.base, 2);
	assert_true(recv_window_next(&w, &r));
	assert_int_equal(r, 2);
	recv_window_release(&w, 2);
	assert_false(recv_window_next(&w, &r));
}

// Many times around the ring, delivered two by two in the wrong order.
static void release__wraps(void **state)
{
	(void)state;
	uint32_t r;
	w.stream = STREAM_UNORDERED;
	for (uint32_t i = 0; i < 1000; i += 2) {
		for (uint32_t k = 2; k-- > 0;) {
			put(i + k, 0, 20, WIRE_RECORD_END);
			record_bits_set(&w.complete, i + k);
			assert_true(recv_window_next(&w, &r));
			assert_int_equal(r, i + k);
			recv_window_release(&w, r);
		}
		assert_int_equal(w.base, i + 2);
	}
}

// Several cells in one packet: whole ones, but for the end of the record.
static void locate__cells(void **state)
{
	(void)state;
	struct recv_spot s;
	assert_int_equal(locate(0, 1408, 6 * 1408, 0, &s), VERDICT_ACCEPT);
	assert_true(s.cell == 1 && s.cells == 6 && s.within == 1408);
	assert_int_equal(locate(0, 1408, 6 * 1408 - 1, 0, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 1408, 5 * 1408 + 1, WIRE_RECORD_END, &s), VERDICT_ACCEPT);
	assert_int_equal(s.cells, 6);
	assert_int_equal(locate(0, 41 * 1408, 5 * 1408 + 784, WIRE_RECORD_END, &s), VERDICT_ACCEPT);
	assert_int_equal(locate(0, 41 * 1408, 5 * 1408 + 785, WIRE_RECORD_END, &s), DROP_OFFSET);
	assert_int_equal(locate(0, 41 * 1408, 6 * 1408, 0, &s), DROP_OFFSET);
	assert_false(put(0, 40 * 1408, 6 * 1408 + 784, WIRE_RECORD_END));
	assert_int_equal(recv_window_slot(&w, 0)->cells, 47);
	assert_int_equal(locate(0, 39 * 1408, 1408, 0, &s), VERDICT_ACCEPT);
	assert_true(put(0, 0, 40 * 1408, 0));
}

// Good bytes are never overwritten: a packet with some cells that came already has no place, one
// with nothing else is known.
static void locate__overlap(void **state)
{
	(void)state;
	struct recv_spot s;
	assert_false(put(0, 2 * 1408, 2 * 1408, 0));
	assert_int_equal(locate(0, 0, 6 * 1408, 0, &s), DROP_OVERLAP);
	assert_int_equal(locate(0, 3 * 1408, 2 * 1408, 0, &s), DROP_OVERLAP);
	assert_int_equal(locate(0, 0, 2 * 1408, 0, &s), VERDICT_ACCEPT);
	assert_false(s.known);
	assert_int_equal(locate(0, 3 * 1408, 1408, 0, &s), VERDICT_ACCEPT);
	assert_true(s.known);
	assert_int_equal(locate(0, 1408, 1408 + 5, WIRE_RECORD_END, &s), DROP_OVERLAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(locate__borders, setup),
		cmocka_unit_test_setup(locate__window, setup),
		cmocka_unit_test_setup(locate__agrees, setup),
		cmocka_unit_test_setup(add__any_order, setup),
		cmocka_unit_test_setup(next__kinds, setup),
		cmocka_unit_test_setup(release__wraps, setup),
		cmocka_unit_test_setup(locate__cells, setup),
		cmocka_unit_test_setup(locate__overlap, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
