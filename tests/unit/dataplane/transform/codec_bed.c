// Inputs and memory for the tests of the codecs.
#include "tests/unit/dataplane/transform/codec_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zdict.h>

#include "dataplane/transform/dictionary.h"

#define AREA_SIZE (128u << 10)
#define PAGE      4096u

#define SAMPLES     1000u
#define SAMPLE_SIZE 200u

const enum codec_id bed_codecs[] = {
	CODEC_LZ4, CODEC_ZSTD, CODEC_DEFLATE, CODEC_BROTLI, CODEC_SNAPPY, CODEC_NONE};

static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static uint32_t put(uint8_t *out, uint32_t size, uint32_t at, const char *text)
{
	for (; *text && at < size; text++)
		out[at++] = (uint8_t)*text;
	return at;
}

static void text_fill(uint32_t seed, uint8_t *out, uint32_t size)
{
	static const char *const words[] = {"packet ", "the ", "of ", "window ", "acknowledged ",
		"and ", "a ", "transport ", "in ", "number ", "sealed ", "is ", "worker ", "to ",
		"lost.\n", "which "};

	for (uint32_t at = 0; at < size;)
		at = put(out, size, at, words[next(&seed) % 16]);
}

static void json_fill(uint32_t seed, uint8_t *out, uint32_t size)
{
	char line[128];

	for (uint32_t at = 0, id = seed % 1000; at < size; id++) {
		snprintf(line, sizeof(line),
			"{\"id\":%u,\"name\":\"node-%u\",\"rtt_us\":%u.%u,\"up\":true},\n", id,
			next(&seed) % 64, next(&seed) % 500, next(&seed) % 10);
		at = put(out, size, at, line);
	}
}

// Like records of a program: small numbers, pointers near each other, some noise.
static void binary_fill(uint32_t seed, uint8_t *out, uint32_t size)
{
	for (uint32_t at = 0; at < size; at++) {
		uint32_t value = next(&seed);

		out[at] = (uint8_t)(at % 16 < 4    ? at >> 6
				    : at % 16 < 8  ? value % 7
				    : at % 16 < 12 ? 0
						   : value >> 24);
	}
}

void corpus_fill(enum corpus corpus, uint32_t seed, uint8_t *out, uint32_t size)
{
	seed = seed * 2654435761u | 1;
	switch (corpus) {
	case CORPUS_TEXT:
		text_fill(seed, out, size);
		break;
	case CORPUS_BINARY:
		binary_fill(seed, out, size);
		break;
	case CORPUS_JSON:
		json_fill(seed, out, size);
		break;
	case CORPUS_RANDOM:
		for (uint32_t i = 0; i < size; i++)
			out[i] = (uint8_t)(next(&seed) >> 24);
		break;
	case CORPUS_ZERO:
	case CORPUS_COUNT:
		memset(out, 0, size);
	}
}

static void *mapped(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

struct codec_workspace *bed_workspace(void)
{
	static struct codec_workspace *workspace;

	if (!workspace)
		workspace = codec_workspace_init(mapped(codec_workspace_size()));
	return workspace;
}

uint32_t bed_dictionary_train(enum corpus corpus, uint8_t *out, uint32_t size)
{
	static uint8_t samples[SAMPLES * SAMPLE_SIZE];
	size_t sizes[SAMPLES], made;

	for (uint32_t i = 0; i < SAMPLES; i++) {
		corpus_fill(corpus, i + 1, samples + i * SAMPLE_SIZE, SAMPLE_SIZE);
		sizes[i] = SAMPLE_SIZE;
	}
	made = ZDICT_trainFromBuffer(out, size, samples, sizes, SAMPLES);
	if (ZDICT_isError(made))
		abort();
	return (uint32_t)made;
}

const struct dictionary *bed_dictionary(enum corpus corpus, uint8_t id)
{
	uint8_t bytes[16384];
	uint32_t size = bed_dictionary_train(corpus, bytes, sizeof(bytes));
	const struct dictionary *d =
		dictionary_init(mapped(dictionary_memory(size)), id, bytes, size);

	if (!d)
		abort();
	return d;
}

uint8_t *bed_guarded(enum bed_area area, uint32_t size)
{
	static uint8_t *areas[BED_AREAS];

	if (!areas[area]) {
		areas[area] = mapped(AREA_SIZE + PAGE);
		if (mprotect(areas[area] + AREA_SIZE, PAGE, PROT_NONE) != 0)
			abort();
	}
	if (size > AREA_SIZE)
		abort();
	memset(areas[area] + AREA_SIZE - size, 0xee, size);
	return areas[area] + AREA_SIZE - size;
}

uint32_t bed_encode(const struct codec *codec, uint32_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	return codec->encode(
		codec_workspace_of(bed_workspace(), codec), (uint8_t)level, in, size, out, room);
}

bool bed_decode(const struct codec *codec, const uint8_t *in, uint32_t size, uint8_t *out,
	uint32_t raw_size)
{
	return codec->decode(codec_workspace_of(bed_workspace(), codec), in, size, out, raw_size);
}
