// Deflate (RFC 1951, without a zlib or gzip wrapper) by ISA-L's igzip. Level 1 is faster than zstd
// 1 at 64 KiB; at 1,350 bytes its Huffman tables make it slow.
#include <isa-l/igzip_lib.h>

#include "dataplane/transform/codec.h"

struct deflate_workspace {
	struct isal_zstream encoder;
	struct inflate_state decoder;
	_Alignas(64) uint8_t level_memory[ISAL_DEF_LVL3_DEFAULT]; // the largest of the levels
};

static uint32_t deflate_encode(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	struct deflate_workspace *w = workspace;
	struct isal_zstream *stream = &w->encoder;

	isal_deflate_stateless_init(stream);
	stream->level = level;
	stream->level_buf = w->level_memory;
	stream->level_buf_size = sizeof(w->level_memory);
	stream->end_of_stream = 1;
	// ISA-L reads only, its fields lack the const.
	stream->next_in = (uint8_t *)(uintptr_t)in;
	stream->avail_in = size;
	stream->next_out = out;
	stream->avail_out = room;
	return isal_deflate_stateless(stream) == COMP_OK ? stream->total_out : 0;
}

static bool deflate_decode(
	void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	struct deflate_workspace *w = workspace;
	struct inflate_state *state = &w->decoder;

	isal_inflate_init(state);
	state->next_in = (uint8_t *)(uintptr_t)in;
	state->avail_in = size;
	state->next_out = out;
	state->avail_out = raw_size;
	return isal_inflate_stateless(state) == ISAL_DECOMP_OK && state->avail_out == 0 &&
	       state->avail_in == 0;
}

const struct codec codec_deflate = {
	.name = "deflate",
	.id = CODEC_DEFLATE,
	.level_min = 1,
	.level_max = 3,
	.level_default = 1,
	.workspace_size = sizeof(struct deflate_workspace),
	.encode = deflate_encode,
	.decode = deflate_decode,
};
