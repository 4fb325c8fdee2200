// Brotli (RFC 7932), one stream a record. The library makes an encoder or decoder for every record;
// it gets its memory from an arena that each record starts from the front.
#include "dataplane/transform/codec_brotli.h"

#include <brotli/decode.h>
#include <brotli/encode.h>

#include "dataplane/transform/codec.h"

struct brotli_workspace {
	size_t used;
	_Alignas(64) uint8_t arena[BROTLI_ARENA_SIZE];
};

static void *arena_take(void *opaque, size_t size)
{
	struct brotli_workspace *w = opaque;
	void *p = w->arena + w->used;

	if (size > sizeof(w->arena) - w->used)
		return NULL;
	w->used += (size + 63) & ~(size_t)63;
	if (w->used > sizeof(w->arena))
		w->used = sizeof(w->arena);
	return p;
}

static void arena_give(void *opaque, void *memory)
{
	(void)opaque, (void)memory; // all at once, when the next record begins
}

static bool brotli_setting(
	BrotliEncoderState *encoder, enum BrotliEncoderParameter name, uint32_t value)
{
	return BrotliEncoderSetParameter(encoder, name, value) == BROTLI_TRUE;
}

static uint32_t brotli_encode(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	struct brotli_workspace *w = workspace;
	size_t in_left = size, out_left = room;
	BrotliEncoderState *encoder;
	bool done;

	w->used = 0;
	encoder = BrotliEncoderCreateInstance(arena_take, arena_give, w);
	if (!encoder)
		return 0;
	done = brotli_setting(encoder, BROTLI_PARAM_QUALITY, level) &&
	       brotli_setting(encoder, BROTLI_PARAM_LGWIN, BROTLI_WINDOW_BITS) &&
	       brotli_setting(encoder, BROTLI_PARAM_SIZE_HINT, size) &&
	       BrotliEncoderCompressStream(encoder, BROTLI_OPERATION_FINISH, &in_left, &in,
		       &out_left, &out, NULL) == BROTLI_TRUE &&
	       BrotliEncoderIsFinished(encoder) == BROTLI_TRUE;
	BrotliEncoderDestroyInstance(encoder);
	return done ? room - (uint32_t)out_left : 0;
}

static bool brotli_decode(
	void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	struct brotli_workspace *w = workspace;
	size_t in_left = size, out_left = raw_size;
	BrotliDecoderState *decoder;
	BrotliDecoderResult result;

	w->used = 0;
	decoder = BrotliDecoderCreateInstance(arena_take, arena_give, w);
	if (!decoder)
		return false;
	result = BrotliDecoderDecompressStream(decoder, &in_left, &in, &out_left, &out, NULL);
	BrotliDecoderDestroyInstance(decoder);
	return result == BROTLI_DECODER_RESULT_SUCCESS && in_left == 0 && out_left == 0;
}

const struct codec codec_brotli = {
	.name = "brotli",
	.id = CODEC_BROTLI,
	.level_min = 1,
	.level_max = BROTLI_QUALITY_TOP,
	.level_default = BROTLI_QUALITY_DEFAULT,
	.level_slow = 2,
	.workspace_size = sizeof(struct brotli_workspace),
	.encode = brotli_encode,
	.decode = brotli_decode,
};
