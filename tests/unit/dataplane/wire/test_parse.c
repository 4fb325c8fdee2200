// What the parser accepts, what it refuses, and that it never reads
// past the size it was told: each input lies at the end of a heap block
// of its exact size, so the sanitizer build sees one byte too many.
#include "dataplane/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t header_good[WIRE_HEADER_SIZE] = {0x20, 0x20, 0x00, 0x00, 0x05, 0x02, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x10};

static uint8_t *bytes_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static bool header_accepts(const uint8_t *bytes, uint32_t size)
{
	struct wire_header view;
	uint8_t *copy = bytes_copy(bytes, size);
	bool ok = wire_header_parse(&view, copy, size);
	free(copy);
	return ok;
}

static uint32_t ack_accepts(struct wire_ack *view, const uint8_t *bytes, uint32_t size)
{
	uint8_t *copy = bytes_copy(bytes, size);
	uint32_t used = wire_ack_parse(view, copy, size);
	free(copy);
	return used;
}

static bool block_accepts(const uint8_t *bytes, uint32_t size)
{
	struct block_header view;
	uint8_t *copy = bytes_copy(bytes, size);
	bool ok = block_header_parse(&view, copy, size);
	free(copy);
	return ok;
}

static void wire_header_parse__reads_every_field(void **state)
{
	(void)state;
	struct wire_header view;
	assert_true(wire_header_parse(&view, header_good, sizeof(header_good)));
	assert_int_equal(view.type, WIRE_DATA);
	assert_int_equal(view.flags, WIRE_RECORD_END);
	assert_int_equal(wire_cid_worker(view.cid), 0);
	assert_int_equal(wire_cid_slot(view.cid), 5);
	assert_int_equal(wire_cid_generation(view.cid), 2);
	assert_int_equal(view.pn, 7);
	assert_int_equal(view.stream, STREAM_UNORDERED);
	assert_int_equal(view.offset, wire_offset(1, 16));
}

static void wire_header_parse__refuses_every_short_size(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < WIRE_HEADER_SIZE; size++)
		assert_false(header_accepts(header_good, size));
	assert_true(header_accepts(header_good, WIRE_HEADER_SIZE));
}

static void wire_header_parse__accepts_seven_first_bytes_of_256(void **state)
{
	(void)state;
	uint8_t bytes[WIRE_HEADER_SIZE];
	memcpy(bytes, header_good, sizeof(bytes));
	for (uint32_t first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		assert_int_equal(
			header_accepts(bytes, sizeof(bytes)), first >= 0x20 && first < 0x27);
	}
}

static void wire_ack_parse__refuses_every_short_size(void **state)
{
	(void)state;
	struct wire_ack ack = {.largest = 1000, .nwords = 3, .nlimits = 2, .words = {1, 2, 3}};
	uint8_t bytes[WIRE_ACK_MAX];
	uint32_t whole = wire_ack_frame(bytes, &ack);
	assert_int_equal(whole, 60);
	for (uint32_t size = 0; size < whole; size++)
		assert_int_equal(ack_accepts(&ack, bytes, size), 0);
	assert_int_equal(ack_accepts(&ack, bytes, whole), whole);
}

static void wire_ack_parse__says_how_much_it_used_and_ignores_padding(void **state)
{
	(void)state;
	struct wire_ack ack = {.largest = 1, .nwords = 1, .words = {3}};
	uint8_t bytes[WIRE_ACK_RIDE_SIZE];
	memset(bytes, 0xff, sizeof(bytes));
	wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, sizeof(bytes)), 28);
	assert_int_equal(ack.words[0], 3);
}

static void wire_ack_parse__refuses_counts_beyond_the_limits(void **state)
{
	(void)state;
	struct wire_ack ack = {.largest = 5000};
	uint8_t bytes[WIRE_ACK_FIXED + 8 * 512] = {0};
	wire_ack_frame(bytes, &ack);
	for (uint32_t count = 0; count < 256; count++) {
		bytes[8] = (uint8_t)count, bytes[9] = 0;
		assert_int_equal(
			ack_accepts(&ack, bytes, sizeof(bytes)) != 0, count <= ACK_WORDS_MAX);
		bytes[8] = 0, bytes[9] = (uint8_t)count;
		assert_int_equal(
			ack_accepts(&ack, bytes, sizeof(bytes)) != 0, count <= ACK_LIMITS_MAX);
	}
}

static void wire_ack_parse__refuses_a_bit_below_packet_zero(void **state)
{
	(void)state;
	uint8_t bytes[WIRE_ACK_MAX];
	struct wire_ack ack = {.largest = 2, .nwords = 1, .words = {7}};
	uint32_t size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), size);

	ack = (struct wire_ack){.largest = 2, .nwords = 1, .words = {8}};
	size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), 0);

	// largest 64: word 1 has exactly one packet number, 0.
	ack = (struct wire_ack){.largest = 64, .nwords = 2, .words = {~0ull, 1}};
	size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), size);
	ack.words[1] = 2;
	size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), 0);

	// largest 63: a second word may stand there, empty.
	ack = (struct wire_ack){.largest = 63, .nwords = 2, .words = {~0ull, 0}};
	size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), size);
	ack.words[1] = 1;
	size = wire_ack_frame(bytes, &ack);
	assert_int_equal(ack_accepts(&ack, bytes, size), 0);
}

static void wire_hello_parse__refuses_short_and_unknown_flags(void **state)
{
	(void)state;
	struct wire_hello hello = {
		.boot_id = 9, .credit = 8, .segment_size = 1408, .flags = 1, .records = 128};
	uint8_t bytes[WIRE_HELLO_SIZE];
	wire_hello_frame(bytes, &hello);
	for (uint32_t size = 0; size < WIRE_HELLO_SIZE; size++) {
		uint8_t *copy = bytes_copy(bytes, size);
		assert_false(wire_hello_parse(&hello, copy, size));
		free(copy);
	}
	assert_true(wire_hello_parse(&hello, bytes, WIRE_HELLO_SIZE));
	assert_int_equal(hello.boot_id, 9);
	assert_int_equal(hello.credit, 8);
	assert_int_equal(hello.segment_size, 1408);
	assert_int_equal(hello.flags, WIRE_HELLO_REPLY);
	assert_int_equal(hello.records, 128);

	bytes[35] = WIRE_HELLO_REPLY | WIRE_HELLO_MEMORY;
	assert_true(wire_hello_parse(&hello, bytes, WIRE_HELLO_SIZE));
	bytes[35] = 4;
	assert_false(wire_hello_parse(&hello, bytes, WIRE_HELLO_SIZE));
	bytes[34] = 1, bytes[35] = 0;
	assert_false(wire_hello_parse(&hello, bytes, WIRE_HELLO_SIZE));
}

static void wire_hint_parse__says_what_was_framed(void **state)
{
	(void)state;
	uint32_t cid = 0;
	uint8_t bytes[WIRE_HINT_SIZE];
	assert_int_equal(wire_hint_frame(bytes, 0x01020304), WIRE_HINT_SIZE);
	for (uint32_t size = 0; size < WIRE_HINT_SIZE; size++) {
		uint8_t *copy = bytes_copy(bytes, size);
		assert_false(wire_hint_parse(&cid, copy, size));
		free(copy);
	}
	assert_true(wire_hint_parse(&cid, bytes, WIRE_HINT_SIZE));
	assert_int_equal(cid, 0x01020304);
}

static void block_header_parse__refuses_what_version_1_does_not_say(void **state)
{
	(void)state;
	struct block_header header = {
		.flags = BLOCK_MESSAGE_END, .codec = 1, .raw_size = 65536, .stored_size = 65536};
	uint8_t good[BLOCK_HEADER_SIZE], bytes[BLOCK_HEADER_SIZE];
	block_header_frame(good, &header);
	assert_true(block_accepts(good, sizeof(good)));
	for (uint32_t size = 0; size < BLOCK_HEADER_SIZE; size++)
		assert_false(block_accepts(good, size));

	memcpy(bytes, good, sizeof(bytes));
	for (uint32_t first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		assert_int_equal(
			block_accepts(bytes, sizeof(bytes)), first >= 0x10 && first <= 0x12);
	}
	memcpy(bytes, good, sizeof(bytes));
	for (uint32_t codec = 1; codec < 256; codec++) {
		bytes[1] = (uint8_t)codec;
		assert_int_equal(block_accepts(bytes, sizeof(bytes)), codec < 6);
	}
}

static void block_header_parse__bounds_raw_and_stored(void **state)
{
	(void)state;
	static const struct {
		uint8_t codec;
		uint32_t raw, stored;
		bool ok;
	} cases[] = {
		{0, 0, 0, true},
		{0, 65536, 65536, true},
		{0, 65537, 65537, false},
		{0, 10, 9, false}, // codec none stores what it was given
		{0, 9, 10, false},
		{1, 65536, 1, true},
		{1, 65537, 1, false},
		{1, 1, 65536, true},
		{1, 1, 65537, false},
		{1, UINT32_MAX, UINT32_MAX, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct block_header header = {.codec = cases[i].codec,
			.raw_size = cases[i].raw,
			.stored_size = cases[i].stored};
		uint8_t bytes[BLOCK_HEADER_SIZE];
		block_header_frame(bytes, &header);
		assert_int_equal(block_accepts(bytes, sizeof(bytes)), cases[i].ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire_header_parse__reads_every_field),
		cmocka_unit_test(wire_header_parse__refuses_every_short_size),
		cmocka_unit_test(wire_header_parse__accepts_seven_first_bytes_of_256),
		cmocka_unit_test(wire_ack_parse__refuses_every_short_size),
		cmocka_unit_test(wire_ack_parse__says_how_much_it_used_and_ignores_padding),
		cmocka_unit_test(wire_ack_parse__refuses_counts_beyond_the_limits),
		cmocka_unit_test(wire_ack_parse__refuses_a_bit_below_packet_zero),
		cmocka_unit_test(wire_hello_parse__refuses_short_and_unknown_flags),
		cmocka_unit_test(wire_hint_parse__says_what_was_framed),
		cmocka_unit_test(block_header_parse__refuses_what_version_1_does_not_say),
		cmocka_unit_test(block_header_parse__bounds_raw_and_stored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
