// Records packed with a dictionary: there and back, and what is no dictionary or not the right one.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <zstd.h>

#include "dataplane/transform/compress.h"
#include "perf/count.h"
#include "tests/unit/dataplane/transform/codec_bed.h"

#define ID 7

static const struct dictionary *json, *other;
static uint8_t raw[RECORD_RAW_MAX], slab[BLOCK_SIZE], back[BLOCK_SIZE];

static uint32_t room_of(uint32_t size)
{
	return size + size / 6 + 512;
}

static void *part(void)
{
	return codec_workspace_of(bed_workspace(), &codec_zstd);
}

static void trip(uint8_t level, enum corpus corpus, uint32_t size)
{
	uint8_t *in = bed_guarded(BED_RAW, size), *out = bed_guarded(BED_BACK, size), *stored;
	uint32_t n, room = room_of(size);

	corpus_fill(corpus, size + level, in, size);
	stored = bed_guarded(BED_STORED, room);
	n = codec_zstd.encode_with(part(), json, level, in, size, stored, room);
	if (n == 0 || n > room)
		fail_msg("level %u, %u bytes of corpus %d: encode says %u", level, size,
			(int)corpus, n);
	memmove(stored + room - n, stored, n); // a decoder that reads on would be seen
	if (!codec_zstd.decode_with(part(), json, stored + room - n, n, out, size) ||
		memcmp(out, in, size) != 0)
		fail_msg("level %u, %u bytes of corpus %d do not come back", level, size,
			(int)corpus);
	assert_int_equal(ZSTD_getDictID_fromFrame(stored + room - n, n), 0);
}

static void trip__every_small_length(void **state)
{
	(void)state;
	for (uint8_t level = 1; level <= DICTIONARY_LEVEL_MAX; level++)
		for (uint32_t size = 1; size <= 2048; size++)
			trip(level, (enum corpus)(size % CORPUS_COUNT), size);
}

static void trip__random_lengths(void **state)
{
	uint32_t seed = 4711;

	(void)state;
	for (uint8_t level = 1; level <= DICTIONARY_LEVEL_MAX; level++) {
		trip(level, CORPUS_JSON, RECORD_RAW_MAX);
		for (uint32_t i = 0; i < 100; i++) {
			seed = seed * 1664525u + 1013904223u;
			trip(level, (enum corpus)(i % CORPUS_COUNT),
				1 + (seed >> 8) % RECORD_RAW_MAX);
		}
	}
}

// Nothing of the record is left to chance: levels x lengths with a dictionary as large as may be.
static void trip__the_largest_dictionary(void **state)
{
	uint8_t *bytes = bed_guarded(BED_RAW, DICTIONARY_SIZE_MAX);
	uint32_t size = bed_dictionary_train(CORPUS_TEXT, bytes, 65536);
	const struct dictionary *small = json;
	size_t memory;

	(void)state;
	// Its content is its end: what is longer goes in front of that.
	memmove(bytes + DICTIONARY_SIZE_MAX - (size - 4096), bytes + 4096, size - 4096);
	corpus_fill(CORPUS_JSON, 1, bytes + 4096, DICTIONARY_SIZE_MAX - size);
	memory = dictionary_memory(DICTIONARY_SIZE_MAX);
	json = dictionary_init(
		mmap(NULL, memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ID,
		bytes, DICTIONARY_SIZE_MAX);
	assert_non_null(json);
	for (uint8_t level = 1; level <= DICTIONARY_LEVEL_MAX; level++)
		for (uint32_t size_of = 1; size_of <= RECORD_RAW_MAX; size_of += 997)
			trip(level, (enum corpus)(size_of % CORPUS_COUNT), size_of);
	munmap((void *)(uintptr_t)json, memory);
	json = small;
}

static void compress(struct compressed *c, const struct dictionary *dictionary, uint32_t size)
{
	corpus_fill(CORPUS_JSON, 99, raw, size);
	compress_record(c, &codec_zstd, bed_workspace(), 1, dictionary, raw, size, slab, true);
}

static enum verdict expand(const struct compressed *c, const struct dictionary *dictionary)
{
	return expand_record(
		&c->header, c->compressed, c->stored, bed_workspace(), dictionary, back, true);
}

static void compress_record__small_messages_shrink_with_a_dictionary_only(void **state)
{
	struct compressed with, without;

	(void)state;
	compress(&without, NULL, 60);
	assert_false(without.compressed);
	compress(&with, json, 60);
	assert_true(with.compressed);
	assert_int_equal(with.header.dictionary, ID);
	assert_int_equal(with.header.codec, CODEC_ZSTD);
	assert_true(with.header.stored_size <= 30);
	assert_int_equal(expand(&with, json), VERDICT_ACCEPT);
	assert_memory_equal(raw, back, 60);
}

static void compress_record__what_goes_raw_names_no_dictionary(void **state)
{
	struct compressed c;

	(void)state;
	corpus_fill(CORPUS_RANDOM, 5, raw, 3000);
	compress_record(&c, &codec_zstd, bed_workspace(), 1, json, raw, 3000, slab, true);
	assert_false(c.compressed);
	assert_int_equal(c.header.dictionary, 0);
	assert_int_equal(expand(&c, json), VERDICT_ACCEPT);
	compress_record(&c, &codec_zstd, bed_workspace(), 1, json, raw, 0, slab, true);
	assert_int_equal(c.header.dictionary, 0);
}

static void expand_record__refuses_a_dictionary_that_was_not_agreed_on(void **state)
{
	struct compressed c;

	(void)state;
	compress(&c, json, 300);
	memset(back, 0, sizeof(back));
	assert_int_equal(expand(&c, NULL), DROP_BLOCK_DICTIONARY);
	assert_int_equal(expand(&c, other), DROP_BLOCK_DICTIONARY);
	for (uint32_t id = 1; id <= DICTIONARY_ID_MAX; id++) {
		c.header.dictionary = (uint8_t)id;
		if (id != ID)
			assert_int_equal(expand(&c, json), DROP_BLOCK_DICTIONARY);
	}
	for (uint32_t i = 0; i < 300; i++)
		assert_int_equal(back[i], 0); // nobody tried
	// Only zstd knows dictionaries, and a raw record needs none.
	c.header.dictionary = ID;
	c.header.codec = CODEC_LZ4;
	assert_int_equal(expand(&c, json), DROP_BLOCK_HEADER);
	c.header.codec = CODEC_NONE;
	c.header.stored_size = c.header.raw_size;
	c.compressed = false;
	assert_int_equal(expand(&c, json), DROP_BLOCK_HEADER);
}

static void expand_record__a_record_that_hides_its_dictionary_does_not_come_back(void **state)
{
	struct compressed c;

	(void)state;
	compress(&c, json, 300);
	c.header.dictionary = 0;
	assert_int_equal(expand(&c, json), DROP_BLOCK_DECODE);
}

// A peer may write the number of any dictionary into its frame.
static void decode_with__a_frame_that_names_another_dictionary_is_refused(void **state)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t n;

	(void)state;
	corpus_fill(CORPUS_JSON, 3, raw, 400);
	n = ZSTD_compress_usingCDict(context, slab, sizeof(slab), raw, 400, other->encoder[0]);
	assert_int_equal(ZSTD_getDictID_fromFrame(slab, n), other->zstd_id);
	assert_true(codec_zstd.decode_with(part(), other, slab, (uint32_t)n, back, 400));
	assert_false(codec_zstd.decode_with(part(), json, slab, (uint32_t)n, back, 400));
	ZSTD_freeCCtx(context);
}

static void decode_with__truncated_and_wrong_lengths_are_refused(void **state)
{
	struct compressed c;
	uint8_t *out = bed_guarded(BED_BACK, 300);

	(void)state;
	compress(&c, json, 300);
	for (uint32_t n = 0; n < c.header.stored_size; n++) {
		uint8_t *stored = bed_guarded(BED_STORED, n);

		memcpy(stored, slab, n);
		assert_false(codec_zstd.decode_with(part(), json, stored, n, out, 300));
	}
	assert_false(codec_zstd.decode_with(part(), json, slab, c.header.stored_size, out, 299));
	assert_false(codec_zstd.decode_with(part(), json, slab, c.header.stored_size, back, 301));
}

// The context is the same: what comes without a dictionary must not see the one before it.
static void encode__is_the_same_before_and_after_a_dictionary(void **state)
{
	static uint8_t again[BLOCK_SIZE];
	uint32_t before, after;

	(void)state;
	corpus_fill(CORPUS_JSON, 11, raw, 5000);
	for (uint32_t level = 1; level <= 19; level += 6) {
		before = bed_encode(&codec_zstd, level, raw, 5000, slab, BLOCK_SIZE);
		codec_zstd.encode_with(part(), json, 2, raw, 5000, again, BLOCK_SIZE);
		after = bed_encode(&codec_zstd, level, raw, 5000, again, BLOCK_SIZE);
		assert_int_equal(before, after);
		assert_memory_equal(slab, again, before);
		assert_true(bed_decode(&codec_zstd, again, after, back, 5000));
	}
}

// A record that found no room leaves the context in the middle of it: the next one, of another
// session, must get its own dictionary all the same.
static void encode_with__takes_its_own_dictionary_after_a_record_without_room(void **state)
{
	uint32_t n;

	(void)state;
	for (uint32_t size = 20; size <= RECORD_RAW_MAX; size = size * 3 + 1) {
		corpus_fill(CORPUS_RANDOM, size, raw, size);
		assert_int_equal(
			codec_zstd.encode_with(part(), json, 1, raw, size, slab, size / 2), 0);
		corpus_fill(CORPUS_TEXT, size, raw, 500);
		n = codec_zstd.encode_with(part(), other, 3, raw, 500, slab, BLOCK_SIZE);
		assert_in_range(n, 1, 500);
		assert_true(codec_zstd.decode_with(part(), other, slab, n, back, 500));
		assert_memory_equal(raw, back, 500);
	}
}

static void encode_with__allocates_nothing(void **state)
{
	int64_t before = allocs_total();
	struct compressed c;

	(void)state;
	if (before < 0)
		skip(); // a sanitizer has the malloc family for itself
	for (uint32_t size = 1; size < 5000; size += 7) {
		compress(&c, json, size);
		assert_int_equal(expand(&c, json), VERDICT_ACCEPT);
	}
	assert_int_equal(allocs_total(), before);
}

static const struct dictionary *digest(uint8_t *bytes, uint32_t size)
{
	static uint8_t *memory;
	static size_t most;

	if (!memory)
		memory = mmap(NULL, most = dictionary_memory(DICTIONARY_SIZE_MAX),
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(memory, 0, most);
	return dictionary_init(memory, 1, bytes, size);
}

static void dictionary_init__knows_what_it_was_given(void **state)
{
	static uint8_t bytes[16384];
	uint32_t size = bed_dictionary_train(CORPUS_JSON, bytes, sizeof(bytes));
	uint8_t sha256[DICTIONARY_SHA256_SIZE];

	(void)state;
	SHA256(bytes, size, sha256);
	assert_int_equal(json->id, ID);
	assert_int_equal(json->size, size);
	assert_memory_equal(json->sha256, sha256, sizeof(sha256));
	assert_memory_not_equal(json->sha256, other->sha256, sizeof(sha256));
}

static void dictionary_init__refuses_what_is_none(void **state)
{
	static uint8_t bytes[16384];
	uint32_t size;

	(void)state;
	corpus_fill(CORPUS_TEXT, 1, bytes, sizeof(bytes));
	assert_null(digest(bytes, sizeof(bytes)));
	size = bed_dictionary_train(CORPUS_JSON, bytes, sizeof(bytes));
	assert_non_null(digest(bytes, size));
	for (uint32_t n = 0; n < 64; n++) // cut in its tables
		assert_null(digest(bytes, n));
	bytes[0] ^= 1;
	assert_null(digest(bytes, size));
	memset(bytes + 8, 0, size - 8); // the magic number alone
	bytes[0] ^= 1;
	assert_null(digest(bytes, size));
}

// Tables that are damaged are refused, or are tables all the same: nothing else happens.
static void dictionary_init__survives_every_flipped_byte_of_its_tables(void **state)
{
	static uint8_t bytes[16384];
	uint32_t size = bed_dictionary_train(CORPUS_JSON, bytes, sizeof(bytes)), refused = 0;

	(void)state;
	for (uint32_t at = 4; at < 300; at++) {
		const struct dictionary *d, *good = json;

		bytes[at] ^= (uint8_t)(1u << at % 8);
		if ((d = digest(bytes, size))) {
			json = d;
			trip(1, CORPUS_JSON, 500);
			json = good;
		} else {
			refused++;
		}
		bytes[at] ^= (uint8_t)(1u << at % 8);
	}
	assert_true(refused > 20);
}

static int setup(void **state)
{
	(void)state;
	json = bed_dictionary(CORPUS_JSON, ID);
	other = bed_dictionary(CORPUS_TEXT, ID + 1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trip__every_small_length),
		cmocka_unit_test(trip__random_lengths),
		cmocka_unit_test(trip__the_largest_dictionary),
		cmocka_unit_test(compress_record__small_messages_shrink_with_a_dictionary_only),
		cmocka_unit_test(compress_record__what_goes_raw_names_no_dictionary),
		cmocka_unit_test(expand_record__refuses_a_dictionary_that_was_not_agreed_on),
		cmocka_unit_test(
			expand_record__a_record_that_hides_its_dictionary_does_not_come_back),
		cmocka_unit_test(decode_with__a_frame_that_names_another_dictionary_is_refused),
		cmocka_unit_test(decode_with__truncated_and_wrong_lengths_are_refused),
		cmocka_unit_test(encode__is_the_same_before_and_after_a_dictionary),
		cmocka_unit_test(encode_with__takes_its_own_dictionary_after_a_record_without_room),
		cmocka_unit_test(encode_with__allocates_nothing),
		cmocka_unit_test(dictionary_init__knows_what_it_was_given),
		cmocka_unit_test(dictionary_init__refuses_what_is_none),
		cmocka_unit_test(dictionary_init__survives_every_flipped_byte_of_its_tables),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
