// There and back for every codec, level and length. usage: test_codec_trip CODEC
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"
#include "lib/ipc/codec_names.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

#define SMALL_MAX 2048u

static const struct codec *codec;

// More than any codec needs for what it cannot pack.
static uint32_t generous(uint32_t size)
{
	return size + size / 6 + 512;
}

static void trip(uint32_t level, enum corpus corpus, uint32_t size)
{
	uint8_t *raw = bed_guarded(BED_RAW, size), *back = bed_guarded(BED_BACK, size), *stored;
	uint32_t n, room = generous(size);

	corpus_fill(corpus, size + level, raw, size);
	stored = bed_guarded(BED_STORED, room);
	n = bed_encode(codec, level, raw, size, stored, room);
	if (n == 0 || n > room)
		fail_msg("%s %u, %u bytes of corpus %d: encode says %u", codec->name, level, size,
			(int)corpus, n);
	// Its bytes at the very end of memory too: a decoder that reads on would be seen.
	memmove(stored + room - n, stored, n);
	if (!bed_decode(codec, stored + room - n, n, back, size) || memcmp(back, raw, size) != 0)
		fail_msg("%s %u, %u bytes of corpus %d do not come back", codec->name, level, size,
			(int)corpus);
}

static void trip__every_small_length(void **state)
{
	(void)state;
	for (uint32_t level = codec->level_min; level <= codec->level_max; level++)
		for (uint32_t size = 1; size <= SMALL_MAX; size++)
			trip(level, (enum corpus)(size % CORPUS_COUNT), size);
}

static void trip__random_lengths(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (uint32_t level = codec->level_min; level <= codec->level_max; level++) {
		trip(level, CORPUS_TEXT, RECORD_RAW_MAX);
		for (uint32_t i = 0; i < 30; i++) {
			seed = seed * 1664525u + 1013904223u;
			trip(level, (enum corpus)(i % CORPUS_COUNT),
				1 + (seed >> 8) % RECORD_RAW_MAX);
		}
	}
}

static void trip__every_corpus_at_every_block_size(void **state)
{
	static const uint32_t sizes[] = {512, 1350, 4096, 16384, 65535, 65536};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int corpus = 0; corpus < CORPUS_COUNT; corpus++)
			trip(codec->level_default, (enum corpus)corpus, sizes[i]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trip__every_small_length),
		cmocka_unit_test(trip__random_lengths),
		cmocka_unit_test(trip__every_corpus_at_every_block_size),
	};
	int id = argc == 2 ? codec_find(argv[1]) : -1;

	if (id <= CODEC_NONE)
		return 2;
	codec = codec_by_id((uint8_t)id);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
