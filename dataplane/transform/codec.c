// The codec table: the ids of the wire against what this build has.
#include "dataplane/transform/codec.h"

static const struct codec codec_none = {
	.name = "none",
	.id = CODEC_NONE,
};

static const struct codec *const codecs[CODEC_COUNT] = {
	[CODEC_NONE] = &codec_none,
	[CODEC_LZ4] = &codec_lz4,
};

const struct codec *codec_by_id(uint8_t id)
{
	return id < CODEC_COUNT ? codecs[id] : NULL;
}

size_t codec_workspace_size(void)
{
	size_t largest = 0;

	for (uint32_t i = 0; i < CODEC_COUNT; i++)
		if (codecs[i] && codecs[i]->workspace_size > largest)
			largest = codecs[i]->workspace_size;
	return largest;
}
