// Records: when they go raw, what the header says, what is refused on the way back.
#include "dataplane/transform/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/crc32c.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

static uint8_t raw[RECORD_RAW_MAX], slab[BLOCK_SIZE], back[BLOCK_SIZE];

static void crc32c__known_vectors(void **state)
{
	uint8_t zeros[32] = {0};

	(void)state;
	assert_int_equal(crc32c("123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(zeros, 32), 0x8a9136aau); // RFC 3720 B.4
	assert_int_equal(crc32c("", 0), 0);
}

static void compress_record__text_shrinks_and_comes_back(void **state)
{
	struct compressed c;

	(void)state;
	for (uint32_t i = 0; i < RECORD_RAW_MAX; i++)
		raw[i] = (uint8_t)("the quick brown fox "[i % 20]);
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, RECORD_RAW_MAX, slab, true);
	assert_true(c.compressed);
	assert_ptr_equal(c.stored, slab);
	assert_int_equal(c.header.codec, CODEC_LZ4);
	assert_int_equal(c.header.raw_size, RECORD_RAW_MAX);
	assert_int_equal(expand_record(&c.header, true, slab, bed_workspace(), NULL, back, true),
		VERDICT_ACCEPT);
	assert_memory_equal(raw, back, RECORD_RAW_MAX);
}

static void compress_record__what_saves_too_little_goes_raw_in_place(void **state)
{
	struct compressed c;
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < RECORD_RAW_MAX; i++)
		raw[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, RECORD_RAW_MAX, slab, true);
	assert_false(c.compressed);
	assert_ptr_equal(c.stored, raw);
	assert_int_equal(c.header.codec, CODEC_NONE);
	assert_int_equal(c.header.stored_size, RECORD_RAW_MAX);
	assert_int_equal(expand_record(&c.header, false, raw, bed_workspace(), NULL, NULL, true),
		VERDICT_ACCEPT);
}

// Whether a record of noise goes packed whose first so many per cent are zeros, which take nothing.
static bool packs(uint32_t size, uint32_t percent)
{
	struct compressed c;

	corpus_fill(CORPUS_RANDOM, 3, raw, size);
	memset(raw, 0, size * percent / 100);
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, size, slab, false);
	return c.compressed;
}

static void compress_record__an_eighth_is_what_packing_must_save(void **state)
{
	(void)state;
	assert_int_equal(compress_room(RECORD_RAW_MAX), 57344);
	assert_int_equal(compress_room(1000), 875);
	assert_int_equal(compress_room(1), 1);
	assert_true(packs(RECORD_RAW_MAX, 14));
	assert_false(packs(RECORD_RAW_MAX, 11));
	assert_true(packs(10000, 14));
	assert_false(packs(10000, 11));
}

static void compress_record__empty_and_without_slab(void **state)
{
	struct compressed c;

	(void)state;
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, 0, slab, true);
	assert_false(c.compressed);
	assert_int_equal(c.header.stored_size, 0);
	memset(raw, 'a', 1000);
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, 1000, NULL, true);
	assert_false(c.compressed);
}

static void expand_record__refuses(void **state)
{
	struct compressed c;
	struct block_header h;

	(void)state;
	memset(raw, 'a', 8000);
	compress_record(&c, &codec_lz4, bed_workspace(), 1, NULL, raw, 8000, slab, true);
	h = c.header;
	assert_int_equal(expand_record(&h, false, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_HEADER);
	h.codec = 200;
	assert_int_equal(expand_record(&h, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_HEADER);
	h = c.header;
	h.raw_size = RECORD_RAW_MAX + 1; // a bomb says it is large; nothing is written
	assert_int_equal(expand_record(&h, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_HEADER);
	h = c.header;
	h.raw_size = 0;
	assert_int_equal(expand_record(&h, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_HEADER);
	h.raw_size = 8000;
	h.dictionary = 1;
	assert_int_equal(expand_record(&h, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_HEADER);
	h.dictionary = 0;
	h.raw_size = 7999;
	assert_int_equal(expand_record(&h, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_DECODE);
	slab[3] ^= 1;
	assert_int_equal(expand_record(&c.header, true, slab, bed_workspace(), NULL, back, true),
		DROP_BLOCK_CRC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c__known_vectors),
		cmocka_unit_test(compress_record__text_shrinks_and_comes_back),
		cmocka_unit_test(compress_record__what_saves_too_little_goes_raw_in_place),
		cmocka_unit_test(compress_record__an_eighth_is_what_packing_must_save),
		cmocka_unit_test(compress_record__empty_and_without_slab),
		cmocka_unit_test(expand_record__refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
