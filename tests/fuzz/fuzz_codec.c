// Every codec's decoder: what a peer may send as the stored bytes of a record. Nothing may be
// written beyond the record or read beyond its stored bytes, and what a codec packed comes back.
// Zstd also with a dictionary, and with files that claim to be one.
#include <zdict.h>

#include "dataplane/transform/codec.h"
#include "dataplane/transform/dictionary.h"
#include "dataplane/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static struct codec_workspace *workspace(void)
{
	static struct codec_workspace *taken;

	if (!taken) {
		size_t size = (codec_workspace_size() + 63) & ~(size_t)63;
		void *memory = aligned_alloc(64, size);

		if (!memory)
			abort();
		memset(memory, 0, size);
		taken = codec_workspace_init(memory);
	}
	return taken;
}

#define DICTIONARY_SIZE 4096u
#define SAMPLES         200u
#define SAMPLE_SIZE     100u

// Memory for any dictionary, one at a time.
static const struct dictionary *digest(const uint8_t *bytes, size_t size)
{
	static void *memory;
	size_t most = (dictionary_memory(DICTIONARY_SIZE_MAX) + 63) & ~(size_t)63;

	if (!memory && !(memory = aligned_alloc(64, most)))
		abort();
	memset(memory, 0, most);
	return dictionary_init(memory, 1, bytes, (uint32_t)size);
}

// The same in every run.
static const struct dictionary *trained(void)
{
	uint8_t samples[SAMPLES * SAMPLE_SIZE], bytes[DICTIONARY_SIZE];
	size_t sizes[SAMPLES], size, memory;
	uint32_t seed = 1;
	void *at;

	for (uint32_t i = 0; i < SAMPLES * SAMPLE_SIZE; i++) {
		seed = seed * 1664525u + 1013904223u;
		samples[i] = (uint8_t)("records of one class "[i % 20] + (seed >> 28 == 0));
		sizes[i / SAMPLE_SIZE] = SAMPLE_SIZE;
	}
	size = ZDICT_trainFromBuffer(bytes, sizeof(bytes), samples, sizes, SAMPLES);
	FUZZ_CHECK(!ZDICT_isError(size));
	memory = (dictionary_memory((uint32_t)size) + 63) & ~(size_t)63;
	if (!(at = aligned_alloc(64, memory)))
		abort();
	memset(at, 0, memory);
	return dictionary_init(at, 1, bytes, (uint32_t)size);
}

// What a byte of the input chooses.
struct choice {
	const struct codec *codec;
	const struct dictionary *dictionary; // NULL: none
};

static void decode(struct choice with, const uint8_t *in, size_t size, uint32_t raw_size)
{
	uint8_t *stored = fuzz_copy(in, size), *raw = calloc(1, raw_size);
	void *part = codec_workspace_of(workspace(), with.codec);

	if (!raw)
		abort();
	if (with.dictionary)
		(void)with.codec->decode_with(
			part, with.dictionary, stored, (uint32_t)size, raw, raw_size);
	else
		(void)with.codec->decode(part, stored, (uint32_t)size, raw, raw_size);
	free(raw);
	free(stored);
}

static uint32_t encode(struct choice with, uint32_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	void *part = codec_workspace_of(workspace(), with.codec);
	uint32_t levels = with.codec->level_max - with.codec->level_min + 1u;

	if (with.dictionary)
		return with.codec->encode_with(part, with.dictionary,
			(uint8_t)(1 + level % DICTIONARY_LEVEL_MAX), in, size, out, room);
	return with.codec->encode(
		part, (uint8_t)(with.codec->level_min + level % levels), in, size, out, room);
}

// What was packed comes back; then with a byte changed, which gets past more of a decoder's checks
// than bytes at random.
static void trip(struct choice with, uint8_t level, struct fuzz_input input)
{
	uint32_t at = (uint32_t)fuzz_number(&input, 2), bits = (uint32_t)fuzz_number(&input, 1);
	uint32_t raw_size = (uint32_t)input.left, n;
	uint8_t *raw = fuzz_copy(input.at, raw_size), *back = fuzz_copy(input.at, raw_size);
	uint8_t *stored = calloc(2, RECORD_RAW_MAX);
	void *part = codec_workspace_of(workspace(), with.codec);

	if (!stored)
		abort();
	n = raw_size ? encode(with, level, raw, raw_size, stored, 2 * RECORD_RAW_MAX) : 0;
	FUZZ_CHECK(n > 0 || raw_size == 0);
	if (n > 0) {
		memset(back, 0, raw_size);
		FUZZ_CHECK(with.dictionary ? with.codec->decode_with(part, with.dictionary, stored,
						     n, back, raw_size)
					   : with.codec->decode(part, stored, n, back, raw_size));
		FUZZ_CHECK(memcmp(back, raw, raw_size) == 0);
		stored[at % n] ^= (uint8_t)bits;
		decode(with, stored, n, raw_size);
	}
	free(stored);
	free(back);
	free(raw);
}

// A file that claims to be a dictionary; if it is one, what it packs comes back.
static void claim(uint8_t level, struct fuzz_input input)
{
	static const char text[] = "a record of this and that class, and of that and this";
	uint32_t size = (uint32_t)fuzz_number(&input, 2) % sizeof(text);
	struct choice with = {&codec_zstd, NULL};
	uint8_t *bytes;

	if (input.left > DICTIONARY_SIZE_MAX)
		return;
	bytes = fuzz_copy(input.at, input.left);
	with.dictionary = digest(bytes, input.left);
	free(bytes); // it was copied
	if (with.dictionary)
		trip(with, level, (struct fuzz_input){(const uint8_t *)text, size});
}

// One byte says which codec, or that zstd is with a dictionary (250) or with one of the input's
// (251); one whether to decode (0) or to make the trip at which level.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct codec *const codecs[] = {
		&codec_lz4, &codec_zstd, &codec_deflate, &codec_brotli, &codec_snappy};
	static const struct dictionary *dictionary;
	struct fuzz_input input = {data, size};
	uint8_t which = (uint8_t)fuzz_number(&input, 1), level = (uint8_t)fuzz_number(&input, 1);
	struct choice with = {codecs[which % 5], NULL};
	uint32_t raw_size;

	if (which == 251) {
		claim(level, input);
		return 0;
	}
	if (which == 250) {
		if (!dictionary)
			dictionary = trained();
		with = (struct choice){&codec_zstd, dictionary};
	}
	raw_size = 1 + (uint32_t)fuzz_number(&input, 2);
	if (level == 0)
		decode(with, input.at, input.left, raw_size);
	else if (input.left <= RECORD_RAW_MAX)
		trip(with, level, input);
	return 0;
}
