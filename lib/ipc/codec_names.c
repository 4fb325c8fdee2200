// Names and levels of the codecs.
#include "lib/ipc/codec_names.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t level_max;
	const char *levels;
} codecs[CODEC_COUNT] = {
	[CODEC_NONE] = {"none", 0, "the codec none has no levels"},
	[CODEC_LZ4] = {"lz4", 16, "the codec lz4 has levels 1 to 16, and 0 for its default"},
	[CODEC_ZSTD] = {"zstd", 19, "the codec zstd has levels 1 to 19, and 0 for its default"},
	[CODEC_DEFLATE] = {"deflate", 3,
		"the codec deflate has levels 1 to 3, and 0 for its default"},
	[CODEC_BROTLI] = {"brotli", 9,
		"the codec brotli has levels (its qualities) 1 to 9, and 0 for its default, 6: 10 "
		"and 11 take a worker from its other sessions for too long"},
	[CODEC_SNAPPY] = {"snappy", 0, "the codec snappy has no levels"},
	[CODEC_AUTO] = {"auto", 0, "the codec auto has no levels: it finds them itself"},
};

const char *const codec_choices[] = {
	"none", "lz4", "zstd", "deflate", "brotli", "snappy", "auto", NULL};

static const char *const raw_reasons[RAW_REASONS] = {
	[RAW_LITTLE] = "the codec would have saved less than 12.5 % of them",
	[RAW_URGENT] = "they were urgent, and the codec had no room or no time in that turn",
	[RAW_NO_ROOM] = "the application's arena has no room for packed records",
	[RAW_FAST] = "the flow did not wait for its path, so packing would have gained nothing",
	[RAW_SMALL] = "they were smaller than 256 bytes",
	[RAW_RANDOM] = "they look as if they were packed or encrypted already",
	[RAW_SKIPPED] = "those before them did not pack; one is tried again now and then",
	[RAW_BUSY] = "the worker had no time to pack them, though the flow waited for its path",
	[RAW_HELD] = "auto packs only after 8 records in a row that waited for their path, and "
		     "later after a codec was too slow",
};

const char *raw_reason_sentence(uint32_t reason)
{
	return reason < RAW_REASONS ? raw_reasons[reason] : "unknown";
}

uint32_t raw_reason_most(const uint64_t by[RAW_REASONS])
{
	uint32_t most = 0;

	for (uint32_t i = 1; i < RAW_REASONS; i++)
		most = by[i] > by[most] ? i : most;
	return by[most] ? most : RAW_REASONS;
}

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

const char *codec_dictionary_refuse(uint32_t id, uint32_t level, uint32_t dictionary)
{
	static_assert(DICTIONARY_LEVEL_MAX == 4, "the sentences say so");
	if (dictionary == 0)
		return NULL;
	if (dictionary > DICTIONARY_ID_MAX)
		return "dictionaries have ids from 1 to 255";
	if (id != CODEC_ZSTD)
		return "only the codec zstd can use a dictionary; ask for it too";
	return level > DICTIONARY_LEVEL_MAX ? "with a dictionary zstd has levels 1 to 4" : NULL;
}

const char *dictionary_state_sentence(uint32_t state)
{
	static const char *const sentences[DICTIONARY_STATE_COUNT] = {
		[DICTIONARY_NONE] = "was not asked for",
		[DICTIONARY_AGREED] = "is in use: both nodes have the same",
		[DICTIONARY_MISSING] =
			"is not in use: the peer has none of this id; name it in its "
			"configuration too",
		[DICTIONARY_DIFFERS] = "is not in use: the peer has another file under this id; "
				       "copy one to both",
	};

	return state < DICTIONARY_STATE_COUNT ? sentences[state] : "unknown";
}
