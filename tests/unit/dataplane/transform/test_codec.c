// The codec table: what each codec promises whatever it is given to pack. usage: test_codec
#include "dataplane/transform/codec.h"

#include <lz4.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "dataplane/transform/compress.h"
#include "dataplane/wire/wire.h"
#include "perf/count.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

static void codec_by_id__knows_what_the_build_has(void **state)
{
	static const char *const names[] = {"none", "lz4", "zstd", "deflate", "brotli", "snappy"};

	(void)state;
	for (uint32_t id = CODEC_NONE; id <= CODEC_SNAPPY; id++) {
		assert_string_equal(codec_by_id((uint8_t)id)->name, names[id]);
		assert_int_equal(codec_by_id((uint8_t)id)->id, id);
	}
	assert_null(codec_by_id(CODEC_SNAPPY + 1));
	assert_null(codec_by_id(255));
}

static void codec__default_is_one_of_its_levels(void **state)
{
	(void)state;
	for (const enum codec_id *id = bed_codecs; *id != CODEC_NONE; id++) {
		const struct codec *codec = codec_by_id((uint8_t)*id);

		assert_true(codec->level_min <= codec->level_default);
		assert_true(codec->level_default <= codec->level_max);
	}
	assert_int_equal(codec_brotli.level_default, 6);
}

static void workspace_size__is_what_the_libraries_want(void **state)
{
	size_t most = 0;

	(void)state;
	assert_true(codec_lz4.workspace_size >= (size_t)LZ4_sizeofState());
	for (int level = 1; level <= codec_zstd.level_max; level++) {
		ZSTD_compressionParameters p = ZSTD_getCParams(level, RECORD_RAW_MAX, 0);
		size_t size = ZSTD_estimateCCtxSize_usingCParams(p);

		most = size > most ? size : most;
	}
	assert_true(codec_zstd.workspace_size >= most + ZSTD_estimateDCtxSize());
}

static void workspace_init__parts_do_not_overlap(void **state)
{
	const uint8_t *end = (const uint8_t *)bed_workspace() + codec_workspace_size();
	const uint8_t *before = (const uint8_t *)(bed_workspace() + 1);

	(void)state;
	for (const enum codec_id *id = bed_codecs; *id != CODEC_NONE; id++) {
		const uint8_t *part = bed_workspace()->part[*id];

		assert_non_null(part);
		assert_int_equal((uintptr_t)part % 64, 0);
		assert_true(part >= before);
		before = part + codec_by_id((uint8_t)*id)->workspace_size;
	}
	assert_true(before <= end);
	assert_null(bed_workspace()->part[CODEC_NONE]);
}

// What is asked of a record: it takes an eighth less than the record, or it goes raw.
static void encode__says_zero_when_it_does_not_fit(void **state)
{
	uint8_t *raw = bed_guarded(BED_RAW, RECORD_RAW_MAX);

	(void)state;
	corpus_fill(CORPUS_RANDOM, 7, raw, RECORD_RAW_MAX);
	for (const enum codec_id *id = bed_codecs; *id != CODEC_NONE; id++) {
		const struct codec *codec = codec_by_id((uint8_t)*id);

		for (uint32_t size = 1; size <= RECORD_RAW_MAX; size = size * 3 + 1) {
			uint32_t room = compress_room(size);

			assert_int_equal(bed_encode(codec, codec->level_default, raw, size,
						 bed_guarded(BED_STORED, room), room),
				0);
		}
	}
}

// For every size of room: what it says fits, and what fits decodes.
static void encode__stays_in_its_room(void **state)
{
	const uint32_t size = 5000;
	uint8_t *raw = bed_guarded(BED_RAW, size);

	(void)state;
	corpus_fill(CORPUS_JSON, 3, raw, size);
	for (const enum codec_id *id = bed_codecs; *id != CODEC_NONE; id++) {
		const struct codec *codec = codec_by_id((uint8_t)*id);
		uint32_t fits = 0;

		for (uint32_t room = 0; room < size; room += room < 40 ? 1 : 37) {
			uint8_t *stored = bed_guarded(BED_STORED, room);
			uint8_t *back = bed_guarded(BED_BACK, size);
			uint32_t n =
				bed_encode(codec, codec->level_default, raw, size, stored, room);

			assert_true(n <= room);
			fits += n > 0;
			assert_true(n == 0 || bed_decode(codec, stored, n, back, size));
			assert_true(n == 0 || memcmp(back, raw, size) == 0);
		}
		assert_in_range(fits, 50, 140); // most of them, not the smallest
	}
}

static uint32_t packed_size(const struct codec *codec, uint32_t level)
{
	uint8_t *raw = bed_guarded(BED_RAW, RECORD_RAW_MAX);

	corpus_fill(CORPUS_TEXT, 2, raw, RECORD_RAW_MAX);
	return bed_encode(codec, level, raw, RECORD_RAW_MAX,
		bed_guarded(BED_STORED, RECORD_RAW_MAX), RECORD_RAW_MAX);
}

// Each level packs as its number says; deflate 3 is not always better than 2.
static void encode__a_level_is_one(void **state)
{
	(void)state;
	assert_true(packed_size(&codec_lz4, 16) > packed_size(&codec_lz4, 1));
	assert_true(packed_size(&codec_zstd, 19) < packed_size(&codec_zstd, 3));
	assert_true(packed_size(&codec_zstd, 3) < packed_size(&codec_zstd, 1));
	assert_true(packed_size(&codec_deflate, 2) < packed_size(&codec_deflate, 1));
	assert_true(packed_size(&codec_deflate, 3) != packed_size(&codec_deflate, 2));
	assert_true(packed_size(&codec_brotli, 9) < packed_size(&codec_brotli, 6));
	assert_true(packed_size(&codec_brotli, 6) < packed_size(&codec_brotli, 1));
}

static void encode_all(uint32_t size, uint32_t times)
{
	uint8_t *raw = bed_guarded(BED_RAW, size), *stored = bed_guarded(BED_STORED, size);
	uint8_t *back = bed_guarded(BED_BACK, size);

	corpus_fill(CORPUS_TEXT, 9, raw, size);
	for (const enum codec_id *id = bed_codecs; *id != CODEC_NONE; id++) {
		const struct codec *codec = codec_by_id((uint8_t)*id);

		for (uint32_t level = codec->level_min; level <= codec->level_max; level++)
			for (uint32_t i = 0; i < times; i++) {
				uint32_t n = bed_encode(codec, level, raw, size, stored, size);

				assert_true(n > 0);
				assert_true(bed_decode(codec, stored, n, back, size));
			}
	}
}

static void codecs__allocate_nothing(void **state)
{
	int64_t before = allocs_total(), after;
	void *volatile counted;

	(void)state;
	if (before < 0)
		skip(); // a sanitizer has the malloc family for itself
	counted = malloc(1);
	free(counted);
	assert_int_equal(allocs_total(), before + 1);
	encode_all(512, 1); // libraries look at the CPU once
	before = allocs_total();
	encode_all(512, 3);
	encode_all(RECORD_RAW_MAX, 1);
	after = allocs_total();
	assert_int_equal(after, before);
}

// libzstd shrinks a context that 128 records in a row used little of, and a static one may not: it
// must not try.
static void encode__small_records_after_large_ones(void **state)
{
	(void)state;
	encode_all(RECORD_RAW_MAX, 1);
	encode_all(300, 300);
	encode_all(RECORD_RAW_MAX, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codec_by_id__knows_what_the_build_has),
		cmocka_unit_test(codec__default_is_one_of_its_levels),
		cmocka_unit_test(workspace_size__is_what_the_libraries_want),
		cmocka_unit_test(workspace_init__parts_do_not_overlap),
		cmocka_unit_test(encode__says_zero_when_it_does_not_fit),
		cmocka_unit_test(encode__stays_in_its_room),
		cmocka_unit_test(encode__a_level_is_one),
		cmocka_unit_test(codecs__allocate_nothing),
		cmocka_unit_test(encode__small_records_after_large_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
