// Zstandard (libzstd), one frame a record. Both contexts are static: they live in the workspace and
// cannot grow. Levels 20 to 22 differ from 19 only for records larger than ours.
//
// With a dictionary a frame says neither which one nor how long its content is: the block header
// does, and of a record of 60 bytes those are 5.
#define ZSTD_STATIC_LINKING_ONLY // static contexts
#include <zstd.h>

#include "dataplane/transform/codec.h"
#include "dataplane/transform/dictionary.h"

// ZSTD_estimateCCtxSize_usingCParams of the hungriest level for 64 KiB is 1.71 MiB in 1.5.4, and
// ZSTD_estimateDCtxSize() 94 KiB; later versions want a little more. A test asks the library.
#define ENCODER_SIZE (3u << 20)
#define DECODER_SIZE (256u << 10)

struct zstd_workspace {
	ZSTD_CCtx *encoder;
	ZSTD_DCtx *decoder;
	_Alignas(64) uint8_t encoder_memory[ENCODER_SIZE];
	_Alignas(64) uint8_t decoder_memory[DECODER_SIZE];
};

static void zstd_init(void *workspace)
{
	struct zstd_workspace *w = workspace;

	w->encoder = ZSTD_initStaticCCtx(w->encoder_memory, sizeof(w->encoder_memory));
	w->decoder = ZSTD_initStaticDCtx(w->decoder_memory, sizeof(w->decoder_memory));
	// Of encode_with alone: ZSTD_compressCCtx looks at no parameters of its context.
	ZSTD_CCtx_setParameter(w->encoder, ZSTD_c_dictIDFlag, 0);
	ZSTD_CCtx_setParameter(w->encoder, ZSTD_c_contentSizeFlag, 0);
}

static uint32_t zstd_encode(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	struct zstd_workspace *w = workspace;
	size_t n = ZSTD_compressCCtx(w->encoder, out, room, in, size, level);

	return ZSTD_isError(n) ? 0 : (uint32_t)n;
}

static bool zstd_decode(
	void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	struct zstd_workspace *w = workspace;

	// One shot: `out` is the window, whatever window a frame asks for.
	return ZSTD_decompressDCtx(w->decoder, out, raw_size, in, size) == raw_size;
}

static uint32_t zstd_encode_with(void *workspace, const struct dictionary *dictionary,
	uint8_t level, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room)
{
	struct zstd_workspace *w = workspace;
	size_t n;

	// A record that found no room leaves the context in its middle, where it takes no other
	// dictionary.
	ZSTD_CCtx_reset(w->encoder, ZSTD_reset_session_only);
	n = ZSTD_CCtx_refCDict(w->encoder, dictionary->encoder[level - 1]); // it has its level
	if (ZSTD_isError(n))
		return 0;
	n = ZSTD_compress2(w->encoder, out, room, in, size);
	return ZSTD_isError(n) ? 0 : (uint32_t)n;
}

static bool zstd_decode_with(void *workspace, const struct dictionary *dictionary,
	const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	struct zstd_workspace *w = workspace;

	return ZSTD_decompress_usingDDict(
		       w->decoder, out, raw_size, in, size, dictionary->decoder) == raw_size;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.id = CODEC_ZSTD,
	.level_min = 1,
	.level_max = 19,
	.level_default = 1,
	.level_slow = 5,
	.workspace_size = sizeof(struct zstd_workspace),
	.init = zstd_init,
	.encode = zstd_encode,
	.decode = zstd_decode,
	.encode_with = zstd_encode_with,
	.decode_with = zstd_decode_with,
};
