// Messages in one record: what goes in comes out, and what a stranger wrote is never believed. Each
// record lies at the end of a heap block of its size: the sanitizer build sees one byte too many.
#include "lib/base/packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static enum packed_step step_of(const uint8_t *bytes, uint32_t size, uint32_t *at)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct packed_message message;
	enum packed_step step;

	memcpy(copy, bytes, size);
	step = packed_next(copy, size, at, &message);
	free(copy);
	return step;
}

static void add__what_goes_in_comes_out(void **state)
{
	static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 63, 64, 65, 1000, 16384};
	uint8_t *record = malloc(PACKED_RECORD_MAX), body[16384];
	uint32_t used = 0, at = 0;
	struct packed_message m = {0};

	(void)state;
	for (uint32_t i = 0; i < 11; i++) {
		memset(body, (int)i + 1, sizeof(body));
		used = packed_add(record, used, PACKED_RECORD_MAX, body, sizes[i]);
		assert_true(used > 0 && used % 4 == 0);
	}
	for (uint32_t i = 0; i < 11; i++) {
		assert_int_equal(packed_next(record, used, &at, &m), PACKED_MESSAGE);
		assert_int_equal(m.size, sizes[i]);
		assert_int_equal((m.data - record) % 4, 0);
		for (uint32_t b = 0; b < m.size; b++)
			assert_int_equal(m.data[b], i + 1);
	}
	assert_int_equal(packed_next(record, used, &at, &m), PACKED_END);
	assert_int_equal(at, used);
	free(record);
}

static void add__is_these_bytes_and_no_others(void **state)
{
	static const uint8_t expect[] = {0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 4, 'p', 'i', 'n', 'g'};
	uint8_t record[64];
	uint32_t used;

	(void)state;
	memset(record, 0xee,
		sizeof(record)); // what was there before does not leak into the padding
	used = packed_add(record, 0, sizeof(record), "hello", 5);
	used = packed_add(record, used, sizeof(record), NULL, 0);
	used = packed_add(record, used, sizeof(record), "ping", 4);
	assert_int_equal(used, sizeof(expect));
	assert_memory_equal(record, expect, sizeof(expect));
	assert_int_equal(record[used], 0xee);
}

static void add__refuses_what_does_not_fit(void **state)
{
	uint8_t *record = malloc(PACKED_RECORD_MAX), *body = calloc(1, PACKED_RECORD_MAX);

	(void)state;
	assert_int_equal(packed_add(record, 0, PACKED_RECORD_MAX, body, PACKED_MESSAGE_MAX),
		PACKED_RECORD_MAX);
	assert_int_equal(packed_add(record, 0, PACKED_RECORD_MAX, body, PACKED_MESSAGE_MAX + 1), 0);
	assert_int_equal(packed_add(record, 0, PACKED_RECORD_MAX, body, UINT32_MAX), 0);
	assert_int_equal(packed_add(record, 4, PACKED_RECORD_MAX, body, PACKED_MESSAGE_MAX), 0);
	assert_int_equal(packed_add(record, PACKED_RECORD_MAX, PACKED_RECORD_MAX, body, 0), 0);
	assert_int_equal(packed_add(record, PACKED_RECORD_MAX - 8, PACKED_RECORD_MAX, body, 5), 0);
	assert_int_equal(packed_add(record, PACKED_RECORD_MAX - 8, PACKED_RECORD_MAX, body, 4),
		PACKED_RECORD_MAX);
	free(body);
	free(record);
}

static void next__refuses_sizes_that_the_record_does_not_hold(void **state)
{
	static const struct {
		uint8_t bytes[8];
		uint32_t size;
		enum packed_step step;
	} cases[] = {
		{{0}, 0, PACKED_END},
		{{0}, 1, PACKED_MALFORMED},
		{{0}, 3, PACKED_MALFORMED},
		{{0}, 4, PACKED_MESSAGE},
		{{0, 0, 0, 1}, 4, PACKED_MALFORMED},
		{{0, 0, 0, 1}, 7, PACKED_MALFORMED}, // the padding belongs to it
		{{0, 0, 0, 1}, 8, PACKED_MESSAGE},
		{{0, 0, 0, 4}, 8, PACKED_MESSAGE},
		{{0, 0, 0, 5}, 8, PACKED_MALFORMED},
		{{0, 1, 0, 0}, 8, PACKED_MALFORMED},
		{{0xff, 0xff, 0xff, 0xff}, 8, PACKED_MALFORMED}, // with its prefix: 3
		{{0xff, 0xff, 0xff, 0xfc}, 8, PACKED_MALFORMED}, // with its prefix: 0
		{{0x80, 0, 0, 0}, 8, PACKED_MALFORMED},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t at = 0;

		assert_int_equal(step_of(cases[i].bytes, cases[i].size, &at), cases[i].step);
		assert_true(at <= cases[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add__what_goes_in_comes_out),
		cmocka_unit_test(add__is_these_bytes_and_no_others),
		cmocka_unit_test(add__refuses_what_does_not_fit),
		cmocka_unit_test(next__refuses_sizes_that_the_record_does_not_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
