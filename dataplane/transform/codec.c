// The codec table: the ids of the wire against what this build has.
#include "dataplane/transform/codec.h"

#define ALIGNMENT 64u // of each codec's part: a cache line, and what libzstd and ISA-L ask for

static const struct codec codec_none = {
	.name = "none",
	.id = CODEC_NONE,
};

static const struct codec *const codecs[CODEC_COUNT] = {
	[CODEC_NONE] = &codec_none,
	[CODEC_LZ4] = &codec_lz4,
	[CODEC_ZSTD] = &codec_zstd,
	[CODEC_DEFLATE] = &codec_deflate,
	[CODEC_BROTLI] = &codec_brotli,
	[CODEC_SNAPPY] = &codec_snappy,
};

const struct codec *codec_by_id(uint8_t id)
{
	return id < CODEC_COUNT ? codecs[id] : NULL;
}

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

size_t codec_workspace_size(void)
{
	size_t size = aligned(sizeof(struct codec_workspace));

	for (uint32_t i = 0; i < CODEC_COUNT; i++)
		if (codecs[i])
			size += aligned(codecs[i]->workspace_size);
	return size;
}

struct codec_workspace *codec_workspace_init(void *memory)
{
	struct codec_workspace *workspace = memory;
	uint8_t *part = (uint8_t *)memory + aligned(sizeof(*workspace));

	for (uint32_t i = 0; i < CODEC_COUNT; i++) {
		workspace->part[i] = codecs[i] && codecs[i]->workspace_size ? part : NULL;
		if (!workspace->part[i])
			continue;
		if (codecs[i]->init)
			codecs[i]->init(part);
		part += aligned(codecs[i]->workspace_size);
	}
	return workspace;
}
