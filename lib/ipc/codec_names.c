// Names and levels of the codecs.
#include "lib/ipc/codec_names.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t level_max;
	const char *levels;
} codecs[CODEC_COUNT] = {
	[CODEC_NONE] = {"none", 0, "the codec none has no levels"},
	[CODEC_LZ4] = {"lz4", 16, "the codec lz4 has levels 1 to 16, and 0 for its default"},
	// Not in this build.
	[CODEC_ZSTD] = {"zstd", UINT8_MAX, "no codec has such a level"},
	[CODEC_DEFLATE] = {"deflate", UINT8_MAX, "no codec has such a level"},
	[CODEC_BROTLI] = {"brotli", UINT8_MAX, "no codec has such a level"},
	[CODEC_SNAPPY] = {"snappy", UINT8_MAX, "no codec has such a level"},
};

const char *const codec_choices[] = {"none", "lz4", NULL};

const char *codec_name(uint32_t id)
{
	return id < CODEC_COUNT ? codecs[id].name : "unknown";
}

int codec_find(const char *name)
{
	for (int id = 0; id < CODEC_COUNT; id++)
		if (strcmp(codecs[id].name, name) == 0)
			return id;
	return -1;
}

const char *codec_level_refuse(uint32_t id, uint32_t level)
{
	return id < CODEC_COUNT && level > codecs[id].level_max ? codecs[id].levels : NULL;
}
