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

static void cut__divides_exactly(void **state)
{
	(void)state;
	for (uint32_t size = 1088; size <= 8896; size += 64) {
		struct cell_cut c = cell_cut_make(size);
		for (uint32_t within = 0; within < 1u << RECORD_SHIFT; within++)
			assert_int_equal((uint64_t)within * c.inverse >> 32, within / size);
	}
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
	assert_int_equal(locate(0, 1408, 1409, WIRE_RECORD_END, &s), DROP_OFFSET);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cut__divides_exactly, setup),
		cmocka_unit_test_setup(locate__borders, setup),
		cmocka_unit_test_setup(locate__window, setup),
		cmocka_unit_test_setup(locate__agrees, setup),
		cmocka_unit_test_setup(add__any_order, setup),
		cmocka_unit_test_setup(next__kinds, setup),
		cmocka_unit_test_setup(release__wraps, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
