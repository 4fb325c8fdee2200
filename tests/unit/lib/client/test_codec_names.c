// The names and levels that people write against the codecs that the dataplane has.
#include "lib/ipc/codec_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/transform/codec.h"

static void codec_find__knows_every_name_and_no_other(void **state)
{
	(void)state;
	for (uint32_t id = 0; id < CODEC_COUNT; id++)
		assert_int_equal(codec_find(codec_name(id)), id);
	assert_int_equal(codec_find("lzx"), -1); // once this was the last codec
	assert_int_equal(codec_find(""), -1);
	assert_string_equal(codec_name(CODEC_COUNT), "unknown");
	assert_string_equal(codec_name(UINT32_MAX), "unknown");
}

static void codec_choices__are_those_of_the_build(void **state)
{
	uint32_t built = 0;

	(void)state;
	for (uint32_t id = 0; id < CODEC_COUNT; id++) {
		const struct codec *codec = codec_by_id((uint8_t)id);

		if (!codec)
			continue;
		built++;
		assert_string_equal(codec_name(id), codec->name);
		assert_null(codec_level_refuse(id, 0));
		assert_null(codec_level_refuse(id, codec->level_max));
		assert_true(codec->level_max < CODEC_LEVEL_MAX);
		assert_non_null(strstr(codec_level_refuse(id, codec->level_max + 1u), codec->name));
		assert_non_null(codec_level_refuse(id, CODEC_LEVEL_MAX));
	}
	for (uint32_t i = 0; i < built; i++)
		assert_non_null(codec_by_id((uint8_t)codec_find(codec_choices[i])));
	assert_string_equal(codec_choices[built], "auto"); // which is all of them
	assert_null(codec_choices[built + 1]);
	assert_non_null(codec_level_refuse(CODEC_AUTO, 1));
}

// What people read is what the codecs have.
static void codec_level_sentences__are_the_table(void **state)
{
	uint32_t with_levels = 0;

	(void)state;
	for (uint32_t id = 0; id < CODEC_COUNT; id++) {
		const struct codec *codec = codec_by_id((uint8_t)id);
		char help[64], refusal[64];

		if (!codec || codec->level_max == 0)
			continue;
		with_levels++;
		snprintf(help, sizeof(help), " %s %u to %u (default %u)", codec->name,
			codec->level_min, codec->level_max, codec->level_default);
		assert_non_null(strstr(CODEC_LEVEL_SENTENCE, help));
		snprintf(refusal, sizeof(refusal), " %u to %u, and 0 for its default",
			codec->level_min, codec->level_max);
		assert_non_null(strstr(codec_level_refuse(id, codec->level_max + 1u), refusal));
	}
	assert_int_equal(with_levels, 4);
	assert_non_null(strstr(codec_level_refuse(CODEC_SNAPPY, 1), "snappy has no levels"));
	assert_non_null(strstr(codec_level_refuse(CODEC_NONE, 1), "none has no levels"));
}

static void raw_reason_sentence__of_every_reason(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < RAW_REASONS; i++)
		assert_true(strlen(raw_reason_sentence(i)) > 10);
	assert_string_equal(raw_reason_sentence(RAW_REASONS), "unknown");
}

static void raw_reason_most__is_the_most_frequent(void **state)
{
	uint64_t by[RAW_REASONS] = {0};

	(void)state;
	assert_int_equal(raw_reason_most(by), RAW_REASONS);
	by[RAW_HELD] = 1;
	assert_int_equal(raw_reason_most(by), RAW_HELD);
	by[RAW_LITTLE] = 2;
	assert_int_equal(raw_reason_most(by), RAW_LITTLE);
	by[RAW_SMALL] = 3;
	assert_int_equal(raw_reason_most(by), RAW_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codec_find__knows_every_name_and_no_other),
		cmocka_unit_test(codec_choices__are_those_of_the_build),
		cmocka_unit_test(codec_level_sentences__are_the_table),
		cmocka_unit_test(raw_reason_sentence__of_every_reason),
		cmocka_unit_test(raw_reason_most__is_the_most_frequent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
