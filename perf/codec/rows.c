// The rows codec/* (a codec alone), dictionary/* (the same with one) and pipeline/* (a record's way
// through compress.c), each against the bare library at the same block size, level, corpus and
// room.
#include <assert.h>

#include "dataplane/transform/codec_brotli.h"
#include "perf/codec/rows.h"

// With a dictionary of other records of the same corpus.
#define DICTIONARY(level, size_name, size)                                          \
	CODEC_PAIR("dictionary", "zstd/" #level "/" size_name "/json/encode", size, \
		SCENE(CODEC_ZSTD, level, CORPUS_JSON), SCENE_DICTIONARY,            \
		"dataplane/transform/codec_zstd.c:zstd_encode_with", false)         \
	CODEC_PAIR("dictionary", "zstd/" #level "/" size_name "/json/decode", size, \
		SCENE(CODEC_ZSTD, level, CORPUS_JSON), SCENE_DICTIONARY | SCENE_IN, \
		"dataplane/transform/codec_zstd.c:zstd_decode_with", false)

#define PIPELINE_PAIR(codec, id, level, size_name, size, corpus_name, corpus)    \
	CODEC_PAIR("pipeline", codec "/" size_name "/" corpus_name "/out", size, \
		SCENE(id, level, corpus), SCENE_PIPELINE,                        \
		"dataplane/transform/compress.c:compress_record", false)         \
	CODEC_PAIR("pipeline", codec "/" size_name "/" corpus_name "/in", size,  \
		SCENE(id, level, corpus), SCENE_PIPELINE | SCENE_IN,             \
		"dataplane/transform/compress.c:expand_record", false)
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

// Codecs at their default levels (the others: levels.c), and what a record goes through.
const struct bench codec_benches[] = {
	// clang-format off
	CODEC_LEVEL("lz4", CODEC_LZ4, 1, "codec_lz4.c", false)
	CODEC_LEVEL("zstd", CODEC_ZSTD, 1, "codec_zstd.c", false)
	CODEC_LEVEL("deflate", CODEC_DEFLATE, 1, "codec_deflate.c", false)
	CODEC_LEVEL("brotli", CODEC_BROTLI, 6, "codec_brotli.c", false)
	CODEC_LEVEL("snappy", CODEC_SNAPPY, 0, "codec_snappy.c", false)
	DICTIONARY(1, "512", 512)
	DICTIONARY(1, "1350", 1350)
	DICTIONARY(3, "512", 512)
	PIPELINE("lz4", CODEC_LZ4, 1)
	PIPELINE("zstd", CODEC_ZSTD, 1)
	PIPELINE("deflate", CODEC_DEFLATE, 1)
	PIPELINE("brotli", CODEC_BROTLI, 6)
	PIPELINE("snappy", CODEC_SNAPPY, 0)
	// clang-format on
};
const size_t codec_benches_count = sizeof(codec_benches) / sizeof(codec_benches[0]);
