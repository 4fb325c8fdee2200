// LZ4 block format (liblz4): the default codec. Level
// is the acceleration: 1 packs best, larger is faster.
#include <lz4.h>

#include "dataplane/transform/codec.h"

static uint32_t lz4_encode(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	// extState: no allocation, no 16 KiB table on
	// the stack. Returns 0 when `room` is too small.
	int n = LZ4_compress_fast_extState(
		workspace, (const char *)in, (char *)out, (int)size, (int)room, level);

	return n > 0 ? (uint32_t)n : 0;
}

static bool lz4_decode(
	void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	(void)workspace;
	return LZ4_decompress_safe((const char *)in, (char *)out, (int)size, (int)raw_size) ==
	       (int)raw_size;
}

const struct codec codec_lz4 = {
	.name = "lz4",
	.id = CODEC_LZ4,
	.level_min = 1,
	.level_max = 16,
	.level_default = 1,
	.workspace_size = 16416, // sizeof(LZ4_stream_t) of liblz4 1.9; checked by a test against
				 // LZ4_sizeofState()
	.encode = lz4_encode,
	.decode = lz4_decode,
};
