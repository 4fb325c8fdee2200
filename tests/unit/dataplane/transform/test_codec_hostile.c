// What a peer may send instead of what a codec packed: no answer may cost memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

#define FOR_EVERY_CODEC(codec)                                                 \
	for (const enum codec_id *id_ = bed_codecs; *id_ != CODEC_NONE; id_++) \
		for (const struct codec *codec = codec_by_id((uint8_t)*id_); codec; codec = NULL)

// A record of JSON, packed to the end of the area; `*n` its stored size.
static uint8_t *packed(const struct codec *codec, uint32_t size, uint32_t *n)
{
	static uint8_t raw[RECORD_RAW_MAX], stored[RECORD_RAW_MAX];
	uint8_t *at;

	corpus_fill(CORPUS_JSON, size, raw, size);
	*n = bed_encode(codec, codec->level_default, raw, size, stored, size);
	assert_true(*n > 0);
	at = bed_guarded(BED_STORED, *n);
	memcpy(at, stored, *n);
	return at;
}

static void decode__refuses_what_is_cut_short(void **state)
{
	static const uint32_t sizes[] = {300, 1000, 20000};

	(void)state;
	FOR_EVERY_CODEC(codec)
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t n = 1;

		for (uint32_t cut = 1; cut <= n; cut += sizes[i] / 1000 + 1) {
			uint8_t *stored = packed(codec, sizes[i], &n);

			memmove(stored + cut, stored, n - cut); // still at the end of memory
			assert_false(bed_decode(codec, stored + cut, n - cut,
				bed_guarded(BED_BACK, sizes[i]), sizes[i]));
		}
	}
}

static void decode__refuses_other_lengths(void **state)
{
	(void)state;
	FOR_EVERY_CODEC(codec)
	{
		uint32_t n;
		uint8_t *stored = packed(codec, 4096, &n);

		for (uint32_t size = 1; size <= 8192; size += size < 4090 || size > 4100 ? 61 : 1) {
			bool right = size == 4096;

			assert_int_equal(
				bed_decode(codec, stored, n, bed_guarded(BED_BACK, size), size),
				right);
		}
		assert_false(bed_decode(codec, stored, n, bed_guarded(BED_BACK, 0), 0));
		assert_true(bed_decode(codec, stored, n, bed_guarded(BED_BACK, 4096), 4096));
	}
}

static void decode__refuses_what_follows_the_end(void **state)
{
	(void)state;
	FOR_EVERY_CODEC(codec)
	for (uint32_t more = 1; more <= 40; more++) {
		uint32_t n;
		uint8_t *stored = packed(codec, 4096, &n);

		memmove(stored - more, stored, n);
		memset(stored - more + n, (int)more, more);
		assert_false(bed_decode(
			codec, stored - more, n + more, bed_guarded(BED_BACK, 4096), 4096));
	}
}

// A zeroed record of the largest size is a few bytes: what says that it is smaller must not get
// what it did not ask for, and nothing may be taken for it that is not there.
static void decode__bombs_burst_at_the_size_they_said(void **state)
{
	static uint8_t raw[RECORD_RAW_MAX], stored[RECORD_RAW_MAX];

	(void)state;
	FOR_EVERY_CODEC(codec)
	{
		uint32_t n = bed_encode(
			codec, codec->level_default, raw, sizeof(raw), stored, sizeof(stored));

		assert_in_range(n, 1, sizeof(raw) / 15);
		for (uint32_t size = 1; size < 70; size++)
			assert_false(
				bed_decode(codec, stored, n, bed_guarded(BED_BACK, size), size));
		assert_false(bed_decode(codec, stored, n, bed_guarded(BED_BACK, 65535), 65535));
	}
}

// 9 bytes that ask a zstd decoder for a window of 512 MiB, and a brotli stream with one of 16 MiB:
// both say little, and nothing may be taken for them.
static void decode__large_windows_are_not_granted(void **state)
{
	static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00};
	static const uint8_t brotli[] = {
		0x0f, 0x00, 0x00, 0x80, 0xaa, 0xaa, 0xaa, 0xea, 0xff, 0x74};
	uint8_t *stored = bed_guarded(BED_STORED, sizeof(zstd));

	(void)state;
	memcpy(stored, zstd, sizeof(zstd));
	assert_false(
		bed_decode(&codec_zstd, stored, sizeof(zstd), bed_guarded(BED_BACK, 65536), 65536));
	stored = bed_guarded(BED_STORED, sizeof(brotli));
	memcpy(stored, brotli, sizeof(brotli));
	assert_false(bed_decode(
		&codec_brotli, stored, sizeof(brotli), bed_guarded(BED_BACK, 65536), 65536));
}

// Any answer, but the pages behind stay untouched, and the codec works afterwards.
static void decode__survives_bit_flips(void **state)
{
	uint32_t seed = 99;

	(void)state;
	FOR_EVERY_CODEC(codec)
	{
		for (uint32_t round = 0; round < 6000; round++) {
			uint32_t n, size = round % 3 == 0 ? 700 : round % 3 == 1 ? 3000 : 9000;
			uint8_t *stored = packed(codec, size, &n);

			for (uint32_t flips = 1 + round % 4; flips > 0; flips--) {
				seed = seed * 1664525u + 1013904223u;
				stored[(seed >> 8) % n] ^= (uint8_t)(1u << (seed >> 4) % 8);
			}
			(void)bed_decode(codec, stored, n, bed_guarded(BED_BACK, size), size);
		}
		for (uint32_t round = 0; round < 6000; round++) {
			uint32_t size = 1 + round % 300;
			uint8_t *stored = bed_guarded(BED_STORED, size);

			corpus_fill(CORPUS_RANDOM, round, stored, size);
			(void)bed_decode(codec, stored, size, bed_guarded(BED_BACK, 1000), 1000);
		}
		uint32_t n;
		uint8_t *stored = packed(codec, 4096, &n);

		assert_true(bed_decode(codec, stored, n, bed_guarded(BED_BACK, 4096), 4096));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode__refuses_what_is_cut_short),
		cmocka_unit_test(decode__refuses_other_lengths),
		cmocka_unit_test(decode__refuses_what_follows_the_end),
		cmocka_unit_test(decode__bombs_burst_at_the_size_they_said),
		cmocka_unit_test(decode__large_windows_are_not_granted),
		cmocka_unit_test(decode__survives_bit_flips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
