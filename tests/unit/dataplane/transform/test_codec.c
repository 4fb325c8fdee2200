// The codec table: what each codec promises for every kind of input.
#include "dataplane/transform/codec.h"

#include <lz4.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"

static uint8_t raw[RECORD_RAW_MAX], stored[RECORD_RAW_MAX], back[RECORD_RAW_MAX + 64];
static _Alignas(64) uint8_t workspace[32768];

static void fill(uint8_t *p, uint32_t size, uint32_t seed, uint32_t alphabet)
{
	for (uint32_t i = 0; i < size; i++) {
		seed = seed * 1664525u + 1013904223u;
		p[i] = (uint8_t)((seed >> 24) % alphabet);
	}
}

static void codec_by_id__knows_what_the_build_has(void **state)
{
	(void)state;
	assert_string_equal(codec_by_id(CODEC_NONE)->name, "none");
	assert_string_equal(codec_by_id(CODEC_LZ4)->name, "lz4");
	assert_null(codec_by_id(CODEC_COUNT));
	assert_null(codec_by_id(255));
}

static void workspace_size__is_what_the_library_wants(void **state)
{
	(void)state;
	assert_true(codec_lz4.workspace_size >= (size_t)LZ4_sizeofState());
	assert_true(codec_workspace_size() <= sizeof(workspace));
}

static void encode__round_trips_every_size_class(void **state)
{
	static const uint32_t sizes[] = {1, 2, 13, 64, 1408, 4096, 65535, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(raw, sizes[i], (uint32_t)i, 3);
		uint32_t n = codec_lz4.encode(workspace, 1, raw, sizes[i], stored, RECORD_RAW_MAX);

		if (sizes[i] < 64) // a few bytes never shrink, but must not break
			continue;
		assert_true(n > 0 && n < sizes[i]);
		memset(back, 0xee, sizeof(back));
		assert_true(codec_lz4.decode(workspace, stored, n, back, sizes[i]));
		assert_memory_equal(raw, back, sizes[i]);
		assert_int_equal(back[sizes[i]], 0xee);
	}
}

static void encode__says_zero_when_it_does_not_fit(void **state)
{
	(void)state;
	fill(raw, RECORD_RAW_MAX, 7, 256);
	assert_int_equal(
		codec_lz4.encode(workspace, 1, raw, RECORD_RAW_MAX, stored, RECORD_RAW_MAX / 8 * 7),
		0);
}

static void decode__refuses_damage_and_other_lengths(void **state)
{
	(void)state;
	fill(raw, 4096, 1, 2);
	uint32_t n = codec_lz4.encode(workspace, 1, raw, 4096, stored, RECORD_RAW_MAX);

	assert_false(codec_lz4.decode(workspace, stored, n, back, 4095));
	assert_false(codec_lz4.decode(workspace, stored, n, back, 4097));
	assert_false(codec_lz4.decode(workspace, stored, n / 2, back, 4096));
	for (uint32_t seed = 0; seed < 2000;
		seed++) { // garbage: any answer, but never beyond the bound
		fill(stored, 300, seed, 256);
		memset(back, 0xee, 1100);
		(void)codec_lz4.decode(workspace, stored, 300, back, 1000);
		for (uint32_t i = 1000; i < 1100; i++)
			assert_int_equal(back[i], 0xee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codec_by_id__knows_what_the_build_has),
		cmocka_unit_test(workspace_size__is_what_the_library_wants),
		cmocka_unit_test(encode__round_trips_every_size_class),
		cmocka_unit_test(encode__says_zero_when_it_does_not_fit),
		cmocka_unit_test(decode__refuses_damage_and_other_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
