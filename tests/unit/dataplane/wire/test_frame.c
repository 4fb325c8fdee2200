// Golden bytes: what goes on the wire, written out
// by hand from docs and wire.h, never from the code.
#include "dataplane/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void wire_header_frame__puts_every_field_at_its_place(void **state)
{
	(void)state;
	static const uint8_t golden[WIRE_HEADER_SIZE] = {
		0x22,                               // version 1, type 2
		0x21,                               // RECORD_END | ACK_BLOCK
		0x03, 0x01, 0x02, 0x7f,             // worker 3, slot 0x0102, generation 0x7f
		0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, // pn
		0x00, 0x00, 0x00, 0x15,             // stream 5, unordered
		0x00, 0x00, 0x00, 0x06, 0x05, 0x80, // record 3, byte 0x580
	};
	struct wire_header view = {
		.type = WIRE_HELLO,
		.flags = WIRE_RECORD_END | WIRE_ACK_BLOCK,
		.cid = wire_cid(3, 0x0102, 0x7f),
		.pn = 0x0a0b0c0d0e0f,
		.stream = 5 << 2 | STREAM_UNORDERED,
		.offset = wire_offset(3, 0x580),
	};
	uint8_t bytes[WIRE_HEADER_SIZE + 1];
	bytes[WIRE_HEADER_SIZE] = 0xee;
	assert_int_equal(wire_header_frame(bytes, &view), WIRE_HEADER_SIZE);
	assert_memory_equal(bytes, golden, sizeof(golden));
	assert_int_equal(bytes[WIRE_HEADER_SIZE], 0xee);
}

static void wire_header_frame__carries_the_largest_of_everything(void **state)
{
	(void)state;
	uint8_t golden[WIRE_HEADER_SIZE];
	memset(golden, 0xff, sizeof(golden));
	golden[0] = 0x26; // version 1, type 6
	struct wire_header view = {
		.type = WIRE_PATH,
		.flags = 0xff,
		.cid = UINT32_MAX,
		.pn = WIRE_PN_MAX,
		.stream = UINT32_MAX,
		.offset = wire_offset(RECORD_INDEX_MAX, (1u << RECORD_SHIFT) - 1),
	};
	uint8_t bytes[WIRE_HEADER_SIZE];
	wire_header_frame(bytes, &view);
	assert_memory_equal(bytes, golden, sizeof(golden));
}

static void wire_ack_frame__puts_words_then_limits(void **state)
{
	(void)state;
	static const uint8_t golden[] = {
		0x00, 0x00, 0x00, 0x00, 0x01, 0x00,             // largest 256
		0x00, 0x19,                                     // delay 25 us
		0x02, 0x01,                                     // two words, one limit
		0x00, 0x07,                                     // ce
		0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, // credit
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7, // pn 253 is missing
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, // pn 192 is here
		0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x01, 0x80, // stream 1 ordered: 384 records
	};
	struct wire_ack view = {
		.largest = 256,
		.delay_us = 25,
		.nwords = 2,
		.nlimits = 1,
		.ce = 7,
		.credit = 0x100000002,
		.words = {0xfffffffffffffff7, 1},
		.limits = {{.stream = 1 << 2, .records = 384}},
	};
	uint8_t bytes[WIRE_ACK_MAX];
	assert_int_equal(wire_ack_frame(bytes, &view), sizeof(golden));
	assert_memory_equal(bytes, golden, sizeof(golden));
}

static void wire_ack_frame__fills_exactly_its_room_at_most(void **state)
{
	(void)state;
	struct wire_ack view = {
		.largest = 4000, .nwords = ACK_WORDS_MAX, .nlimits = ACK_LIMITS_MAX};
	uint8_t bytes[WIRE_ACK_MAX + 1];
	bytes[WIRE_ACK_MAX] = 0xee;
	assert_int_equal(wire_ack_frame(bytes, &view), WIRE_ACK_MAX);
	assert_int_equal(bytes[WIRE_ACK_MAX], 0xee);
}

static void wire_ack_frame__on_data_needs_four_words_and_a_limit_to_fit(void **state)
{
	(void)state;
	struct wire_ack view = {.largest = 4000, .nwords = 4, .nlimits = 1};
	uint8_t bytes[WIRE_ACK_MAX];
	assert_int_equal(wire_ack_frame(bytes, &view), 60);
	assert_true(wire_ack_frame(bytes, &view) <= WIRE_ACK_RIDE_SIZE);
	view.nlimits = 2;
	assert_true(wire_ack_frame(bytes, &view) > WIRE_ACK_RIDE_SIZE);
}

static void wire_hello_frame__puts_every_field_at_its_place(void **state)
{
	(void)state;
	static const uint8_t golden[WIRE_HELLO_SIZE] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // session id
		0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,       // boot id
		0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x00, 0x00,       // credit: 128 * 64 KiB
		0x05, 0x80,                                           // segment 1408
		0x00, 0x01,                                           // reply
		0x00, 0x00, 0x00, 0x80,                               // 128 records a stream
	};
	struct wire_hello view = {
		.session_id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		.boot_id = 0x1122334455667788,
		.credit = 128ull * RECORD_RAW_MAX,
		.segment_size = 1408,
		.flags = WIRE_HELLO_REPLY,
		.records = 128,
	};
	uint8_t bytes[WIRE_HELLO_SIZE];
	assert_int_equal(wire_hello_frame(bytes, &view), WIRE_HELLO_SIZE);
	assert_memory_equal(bytes, golden, sizeof(golden));
}

static void block_header_frame__puts_every_field_at_its_place(void **state)
{
	(void)state;
	static const uint8_t golden[BLOCK_HEADER_SIZE] = {
		0x11,                   // version 1, MESSAGE_END
		0x01, 0x02, 0x00,       // lz4, level 2, no dictionary
		0x00, 0x01, 0x00, 0x00, // raw 65536
		0x00, 0x00, 0x40, 0x01, // stored 16385
		0xe3, 0x06, 0x92, 0x83, // CRC32C of "123456789"
	};
	struct block_header view = {
		.flags = BLOCK_MESSAGE_END,
		.codec = 1,
		.level = 2,
		.raw_size = RECORD_RAW_MAX,
		.stored_size = 16385,
		.crc32c = 0xe3069283,
	};
	uint8_t bytes[BLOCK_HEADER_SIZE];
	assert_int_equal(block_header_frame(bytes, &view), BLOCK_HEADER_SIZE);
	assert_memory_equal(bytes, golden, sizeof(golden));
}

static void wire_segment_size__is_whole_cache_lines(void **state)
{
	(void)state;
	assert_int_equal(wire_segment_size(1500), 1408);
	assert_int_equal(wire_segment_size(9000), 8896);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_header_frame__puts_every_field_at_its_place),
		cmocka_unit_test(wire_header_frame__carries_the_largest_of_everything),
		cmocka_unit_test(wire_ack_frame__puts_words_then_limits),
		cmocka_unit_test(wire_ack_frame__fills_exactly_its_room_at_most),
		cmocka_unit_test(wire_ack_frame__on_data_needs_four_words_and_a_limit_to_fit),
		cmocka_unit_test(wire_hello_frame__puts_every_field_at_its_place),
		cmocka_unit_test(block_header_frame__puts_every_field_at_its_place),
		cmocka_unit_test(wire_segment_size__is_whole_cache_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
