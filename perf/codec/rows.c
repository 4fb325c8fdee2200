// The rows codec/* (a codec alone) and pipeline/* (a record's way through compress.c), each against
// the bare library at the same block size, level, corpus and room.
#include <assert.h>

#include "dataplane/transform/codec_brotli.h"
#include "lib/ipc/names.h"
#include "perf/codec/scene.h"

#define ROW(name, its_size, scene, task, where) \
	{.id = name,                            \
		.unit = "B/s",                  \
		.amount = its_size,             \
		.bytes = 1,                     \
		.param = scene,                 \
		.argument = task,               \
		.location = where,              \
		.open = scene_open,             \
		.sample = scene_sample,         \
		.close = scene_close},
#define PAIR(domain, name, size, scene, task, where) \
	{.id = domain "/" name,                      \
		.unit = "B/s",                       \
		.limit = domain "/limit/" name,      \
		.amount = size,                      \
		.bytes = 1,                          \
		.param = scene,                      \
		.argument = task,                    \
		.location = where,                   \
		.open = scene_open,                  \
		.sample = scene_sample,              \
		.close = scene_close},               \
		ROW(domain "/limit/" name, size, scene, (task) | SCENE_LIMIT, NULL)

#define CODEC_PAIR(codec, id, level, size_name, size, corpus_name, corpus, file)              \
	PAIR("codec", codec "/" #level "/" size_name "/" corpus_name "/encode", size,         \
		SCENE(id, level, corpus), 0, "dataplane/transform/" file ":" codec "_encode") \
	PAIR("codec", codec "/" #level "/" size_name "/" corpus_name "/decode", size,         \
		SCENE(id, level, corpus), SCENE_IN,                                           \
		"dataplane/transform/" file ":" codec "_decode")
#define CODEC_CORPORA(codec, id, level, name, size, file)                       \
	CODEC_PAIR(codec, id, level, name, size, "text", CORPUS_TEXT, file)     \
	CODEC_PAIR(codec, id, level, name, size, "binary", CORPUS_BINARY, file) \
	CODEC_PAIR(codec, id, level, name, size, "json", CORPUS_JSON, file)     \
	CODEC_PAIR(codec, id, level, name, size, "zero", CORPUS_ZERO, file)     \
	CODEC_PAIR(codec, id, level, name, size, "random", CORPUS_RANDOM, file)
#define CODEC_LEVEL(codec, id, level, file)                 \
	CODEC_CORPORA(codec, id, level, "512", 512, file)   \
	CODEC_CORPORA(codec, id, level, "1350", 1350, file) \
	CODEC_CORPORA(codec, id, level, "4K", 4096, file)   \
	CODEC_CORPORA(codec, id, level, "16K", 16384, file) \
	CODEC_CORPORA(codec, id, level, "64K", 65536, file)

#define PIPELINE_PAIR(codec, id, level, size_name, size, corpus_name, corpus) \
	PAIR("pipeline", codec "/" size_name "/" corpus_name "/out", size,    \
		SCENE(id, level, corpus), SCENE_PIPELINE,                     \
		"dataplane/transform/compress.c:compress_record")             \
	PAIR("pipeline", codec "/" size_name "/" corpus_name "/in", size,     \
		SCENE(id, level, corpus), SCENE_PIPELINE | SCENE_IN,          \
		"dataplane/transform/compress.c:expand_record")
#define PIPELINE_CORPORA(codec, id, level, name, size)                       \
	PIPELINE_PAIR(codec, id, level, name, size, "text", CORPUS_TEXT)     \
	PIPELINE_PAIR(codec, id, level, name, size, "binary", CORPUS_BINARY) \
	PIPELINE_PAIR(codec, id, level, name, size, "json", CORPUS_JSON)     \
	PIPELINE_PAIR(codec, id, level, name, size, "random", CORPUS_RANDOM)
#define PIPELINE(codec, id, level)                       \
	PIPELINE_CORPORA(codec, id, level, "1350", 1350) \
	PIPELINE_CORPORA(codec, id, level, "16K", 16384) \
	PIPELINE_CORPORA(codec, id, level, "64K", 65536)

static_assert(BROTLI_QUALITY_DEFAULT == 6, "the row of the default quality is brotli/6");

// Default levels first, then what else people choose.
const struct bench codec_benches[] = {
	// clang-format off
	CODEC_LEVEL("lz4", CODEC_LZ4, 1, "codec_lz4.c")
	CODEC_LEVEL("zstd", CODEC_ZSTD, 1, "codec_zstd.c")
	CODEC_LEVEL("deflate", CODEC_DEFLATE, 1, "codec_deflate.c")
	CODEC_LEVEL("brotli", CODEC_BROTLI, 6, "codec_brotli.c")
	CODEC_LEVEL("snappy", CODEC_SNAPPY, 0, "codec_snappy.c")
	CODEC_LEVEL("lz4", CODEC_LZ4, 8, "codec_lz4.c")
	CODEC_LEVEL("zstd", CODEC_ZSTD, 3, "codec_zstd.c")
	CODEC_LEVEL("zstd", CODEC_ZSTD, 9, "codec_zstd.c")
	CODEC_LEVEL("deflate", CODEC_DEFLATE, 3, "codec_deflate.c")
	CODEC_LEVEL("brotli", CODEC_BROTLI, 1, "codec_brotli.c")
	PIPELINE("lz4", CODEC_LZ4, 1)
	PIPELINE("zstd", CODEC_ZSTD, 1)
	PIPELINE("deflate", CODEC_DEFLATE, 1)
	PIPELINE("brotli", CODEC_BROTLI, 6)
	PIPELINE("snappy", CODEC_SNAPPY, 0)
	// clang-format on
};
const size_t codec_benches_count = sizeof(codec_benches) / sizeof(codec_benches[0]);
