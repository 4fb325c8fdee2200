// Makes a dictionary: libzstd's fast cover with several segment sizes, each tried on samples that
// it has not seen.
#define ZDICT_STATIC_LINKING_ONLY // the trainer with parameters
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>
#include <zstd.h>

#include "control/dict/dict.h"

// Samples apart: those to learn from, one behind the other, and those to try with.
struct apart {
	uint8_t *learn, *held;
	size_t *learn_sizes, *held_sizes;
	size_t learn_count, held_count, learn_bytes;
};

static void apart_free(struct apart *apart)
{
	free(apart->learn);
	free(apart->held);
	free(apart->learn_sizes);
	free(apart->held_sizes);
}

static int apart_fill(struct apart *apart, const struct dict_samples *samples)
{
	size_t held = 0, at = 0;

	*apart = (struct apart){.learn = malloc(samples->size),
		.held = malloc(samples->size),
		.learn_sizes = malloc(samples->count * sizeof(size_t)),
		.held_sizes = malloc(samples->count * sizeof(size_t))};
	if (!apart->learn || !apart->held || !apart->learn_sizes || !apart->held_sizes)
		return -1;
	for (size_t i = 0; i < samples->count; at += samples->sizes[i++]) {
		size_t size = samples->sizes[i];

		if (i % DICT_HELD_OUT == DICT_HELD_OUT - 1) {
			memcpy(apart->held + held, samples->bytes + at, size);
			apart->held_sizes[apart->held_count++] = size;
			held += size;
		} else {
			memcpy(apart->learn + apart->learn_bytes, samples->bytes + at, size);
			apart->learn_sizes[apart->learn_count++] = size;
			apart->learn_bytes += size;
		}
	}
	return 0;
}

// As a record is stored: raw if it would not save an eighth. `dictionary` NULL: without.
static size_t stored_size(ZSTD_CCtx *context, const ZSTD_CDict *dictionary, uint32_t level,
	const uint8_t *raw, size_t size, uint8_t *out, size_t room)
{
	size_t n;

	if (dictionary) {
		ZSTD_CCtx_refCDict(context, dictionary);
		n = ZSTD_compress2(context, out, room, raw, size);
	} else {
		n = ZSTD_compressCCtx(context, out, room, raw, size, (int)level);
	}
	return ZSTD_isError(n) || n > size - size / 8 ? size : n;
}

// What the samples that were held out come to. 0: no memory.
static uint64_t stored_held(
	const struct apart *apart, const uint8_t *bytes, size_t size, uint32_t level)
{
	size_t room = ZSTD_compressBound(DICT_SAMPLE_MAX), at = 0;
	ZSTD_CDict *dictionary = bytes ? ZSTD_createCDict(bytes, size, (int)level) : NULL;
	ZSTD_CCtx *context = ZSTD_createCCtx();
	uint8_t *out = malloc(room);
	uint64_t stored = 0;

	if (context && out && (dictionary || !bytes)) {
		ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);
		ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
		for (size_t i = 0; i < apart->held_count; at += apart->held_sizes[i++])
			stored += stored_size(context, dictionary, level, apart->held + at,
				apart->held_sizes[i], out, room);
	}
	free(out);
	ZSTD_freeCCtx(context);
	ZSTD_freeCDict(dictionary);
	return stored;
}

static int samples_check(
	const struct dict_samples *samples, uint32_t size, char error[DICT_ERROR_SIZE])
{
	if (samples->count < DICT_SAMPLES_MIN) {
		snprintf(error, DICT_ERROR_SIZE,
			"%zu samples are too few to learn from: give at least %d, better several "
			"hundred; --lines makes each line of a file a sample, --record-size N "
			"each N bytes",
			samples->count, DICT_SAMPLES_MIN);
		return -1;
	}
	if (samples->size < DICT_BYTES_MIN) {
		snprintf(error, DICT_ERROR_SIZE,
			"%zu bytes of samples are too few to learn from: give at least %d, better "
			"a hundred times the dictionary",
			samples->size, DICT_BYTES_MIN);
		return -1;
	}
	if (samples->size / DICT_SHARE < size) {
		snprintf(error, DICT_ERROR_SIZE,
			"%zu bytes of samples are too few for a dictionary of %u: give %u, or ask "
			"for --size %zu",
			samples->size, size, DICT_SHARE * size, samples->size / DICT_SHARE);
		return -1;
	}
	return 0;
}

static uint32_t wanted_size(const struct dict_samples *samples, const struct dict_want *want)
{
	size_t share = samples->size / DICT_SHARE;

	if (want->size)
		return want->size;
	return share < DICT_SIZE_DEFAULT ? (uint32_t)share : DICT_SIZE_DEFAULT;
}

static void step(const struct dict_want *want, uint64_t done, uint64_t total)
{
	if (want->on_step)
		want->on_step(want->owner, done, total);
}

// Bytes of segments that a dictionary is put together from; which is best depends on the samples.
static const unsigned segments[] = {32, 64, 200, 500, 1000, 2000};

#define SEGMENTS (sizeof(segments) / sizeof(segments[0]))

// The best of them into `made`; its gain 0 when libzstd made none.
static void train(struct dict_made *made, const struct apart *apart, const struct dict_want *want,
	uint32_t size)
{
	uint8_t bytes[DICTIONARY_SIZE_MAX];

	for (size_t i = 0; i < SEGMENTS; i++) {
		ZDICT_fastCover_params_t parameters = {.k = segments[i],
			.d = 8,
			.f = 20,
			.accel = 1,
			.zParams = {.compressionLevel = (int)want->level, .dictID = want->id}};
		size_t n;
		uint64_t stored;

		step(want, i * apart->learn_bytes, SEGMENTS * apart->learn_bytes);
		n = ZDICT_trainFromBuffer_fastCover(bytes, size, apart->learn, apart->learn_sizes,
			(unsigned)apart->learn_count, parameters);
		if (ZDICT_isError(n) || n < DICTIONARY_SIZE_MIN)
			continue;
		stored = stored_held(apart, bytes, n, want->level);
		if (stored == 0 || (made->size && stored >= made->gain.stored_with))
			continue;
		memcpy(made->bytes, bytes, n);
		made->size = (uint32_t)n;
		made->gain.stored_with = stored;
	}
	step(want, SEGMENTS * apart->learn_bytes, SEGMENTS * apart->learn_bytes);
}

static int gain_check(const struct dict_made *made, char error[DICT_ERROR_SIZE])
{
	const struct dict_gain *gain = &made->gain;

	if (made->size && gain->stored_with < gain->stored_without)
		return 0;
	snprintf(error, DICT_ERROR_SIZE,
		"a dictionary of these samples gains nothing: they have too little in common, are "
		"packed already, or are so large that zstd needs none; give samples of one kind, "
		"cut as they will be sent (--lines, --record-size)");
	return -1;
}

int dict_train(struct dict_made *made, const struct dict_samples *samples,
	const struct dict_want *want, char error[DICT_ERROR_SIZE])
{
	uint32_t size = wanted_size(samples, want);
	struct apart apart;
	int result = -1;

	*made = (struct dict_made){0};
	if (samples_check(samples, size, error) < 0)
		return -1;
	if (apart_fill(&apart, samples) == 0) {
		made->gain.samples = apart.held_count;
		made->gain.raw = samples->size - apart.learn_bytes;
		made->gain.stored_without = stored_held(&apart, NULL, 0, want->level);
		train(made, &apart, want, size);
		result = gain_check(made, error);
	} else {
		snprintf(error, DICT_ERROR_SIZE, "out of memory");
	}
	apart_free(&apart);
	return result;
}
