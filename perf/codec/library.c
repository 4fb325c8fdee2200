// The libraries' own calls.
#include "perf/codec/library.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <lz4.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>

enum { SPARE_SIZE = 128 << 10, BROTLI_WINDOW = 16 };

struct library {
	ZSTD_CCtx *zstd_encoder;
	ZSTD_DCtx *zstd_decoder;
	ZSTD_CDict *zstd_encoder_dictionary; // NULL: without
	ZSTD_DDict *zstd_decoder_dictionary;
	struct isal_zstream deflate;
	struct inflate_state inflate;
	uint8_t deflate_levels[ISAL_DEF_LVL3_DEFAULT];
};

struct library *library_new(void)
{
	struct library *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->zstd_encoder = ZSTD_createCCtx();
	l->zstd_decoder = ZSTD_createDCtx();
	return l;
}

void library_free(struct library *l)
{
	if (!l)
		return;
	ZSTD_freeCCtx(l->zstd_encoder);
	ZSTD_freeDCtx(l->zstd_decoder);
	ZSTD_freeCDict(l->zstd_encoder_dictionary);
	ZSTD_freeDDict(l->zstd_decoder_dictionary);
	free(l);
}

bool library_dictionary(struct library *l, const uint8_t *bytes, uint32_t size, int level)
{
	l->zstd_encoder_dictionary = ZSTD_createCDict(bytes, size, level);
	l->zstd_decoder_dictionary = ZSTD_createDDict(bytes, size);
	return l->zstd_encoder_dictionary && l->zstd_decoder_dictionary;
}

uint32_t library_train(
	uint8_t *out, uint32_t room, const uint8_t *samples, uint32_t size, uint32_t count)
{
	size_t *sizes = malloc(count * sizeof(*sizes)), made = 0;

	for (uint32_t i = 0; sizes && i < count; i++)
		sizes[i] = size;
	if (sizes)
		made = ZDICT_trainFromBuffer(out, room, samples, sizes, count);
	free(sizes);
	return ZDICT_isError(made) ? 0 : (uint32_t)made;
}

static size_t zstd_pack(
	struct library *l, int level, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room)
{
	if (l->zstd_encoder_dictionary) // it has its level
		return ZSTD_compress_usingCDict(
			l->zstd_encoder, out, room, in, size, l->zstd_encoder_dictionary);
	return ZSTD_compressCCtx(l->zstd_encoder, out, room, in, size, level);
}

static size_t zstd_unpack(
	struct library *l, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	if (l->zstd_decoder_dictionary)
		return ZSTD_decompress_usingDDict(
			l->zstd_decoder, out, raw_size, in, size, l->zstd_decoder_dictionary);
	return ZSTD_decompressDCtx(l->zstd_decoder, out, raw_size, in, size);
}

static uint32_t deflate_pack(
	struct library *l, int level, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room)
{
	struct isal_zstream *s = &l->deflate;

	isal_deflate_stateless_init(s);
	s->level = (uint32_t)level;
	s->level_buf = l->deflate_levels;
	s->level_buf_size = sizeof(l->deflate_levels);
	s->end_of_stream = 1;
	s->next_in = (uint8_t *)(uintptr_t)in;
	s->avail_in = size;
	s->next_out = out;
	s->avail_out = room;
	return isal_deflate_stateless(s) == COMP_OK ? s->total_out : 0;
}

static uint32_t brotli_pack(
	int level, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room)
{
	size_t n = room;

	return BrotliEncoderCompress(
		       level, BROTLI_WINDOW, BROTLI_MODE_GENERIC, size, in, &n, out) == BROTLI_TRUE
		       ? (uint32_t)n
		       : 0;
}

// Into `spare` when it might not fit: what it wrote there would then be copied, by its users.
static uint32_t snappy_pack(
	const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room, uint8_t *spare)
{
	size_t n = SPARE_SIZE;

	(void)out;
	if (snappy_compress((const char *)in, size, (char *)spare, &n) != SNAPPY_OK || n > room)
		return 0;
	return (uint32_t)n;
}

uint32_t library_pack(struct library *l, enum codec_id codec, int level, const uint8_t *in,
	uint32_t size, uint8_t *out, uint32_t room, uint8_t *spare)
{
	size_t n;

	switch (codec) {
	case CODEC_LZ4: {
		int got = LZ4_compress_fast(
			(const char *)in, (char *)out, (int)size, (int)room, level);

		return got > 0 ? (uint32_t)got : 0;
	}
	case CODEC_ZSTD:
		n = zstd_pack(l, level, in, size, out, room);
		return ZSTD_isError(n) ? 0 : (uint32_t)n;
	case CODEC_DEFLATE:
		return deflate_pack(l, level, in, size, out, room);
	case CODEC_BROTLI:
		return brotli_pack(level, in, size, out, room);
	case CODEC_SNAPPY:
		return snappy_pack(in, size, out, room, spare);
	case CODEC_NONE:
	case CODEC_AUTO:
	case CODEC_COUNT:
		break;
	}
	return 0;
}

static bool inflate_unpack(
	struct library *l, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	struct inflate_state *s = &l->inflate;

	isal_inflate_init(s);
	s->next_in = (uint8_t *)(uintptr_t)in;
	s->avail_in = size;
	s->next_out = out;
	s->avail_out = raw_size;
	return isal_inflate_stateless(s) == ISAL_DECOMP_OK && s->avail_out == 0;
}

bool library_unpack(struct library *l, enum codec_id codec, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t raw_size)
{
	size_t n = raw_size;

	switch (codec) {
	case CODEC_LZ4:
		return LZ4_decompress_safe((const char *)in, (char *)out, (int)size,
			       (int)raw_size) == (int)raw_size;
	case CODEC_ZSTD:
		return zstd_unpack(l, in, size, out, raw_size) == raw_size;
	case CODEC_DEFLATE:
		return inflate_unpack(l, in, size, out, raw_size);
	case CODEC_BROTLI:
		return BrotliDecoderDecompress(size, in, &n, out) ==
			       BROTLI_DECODER_RESULT_SUCCESS &&
		       n == raw_size;
	case CODEC_SNAPPY:
		return snappy_uncompress((const char *)in, size, (char *)out, &n) == SNAPPY_OK &&
		       n == raw_size;
	case CODEC_NONE:
	case CODEC_AUTO:
	case CODEC_COUNT:
		break;
	}
	return false;
}

uint32_t library_crc32c(const uint8_t *bytes, uint32_t size)
{
	return ~crc32_iscsi((unsigned char *)(uintptr_t)bytes, (int)size, 0xffffffffu);
}
