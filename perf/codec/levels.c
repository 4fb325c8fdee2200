// The codecs' other levels: run with --full, or by name. There are some 2,000 rows of them.
#include <assert.h>

#include "dataplane/transform/codec_brotli.h"
#include "perf/codec/rows.h"

#define LZ4(level)     CODEC_LEVEL("lz4", CODEC_LZ4, level, "codec_lz4.c", true)
#define ZSTD(level)    CODEC_LEVEL("zstd", CODEC_ZSTD, level, "codec_zstd.c", true)
#define DEFLATE(level) CODEC_LEVEL("deflate", CODEC_DEFLATE, level, "codec_deflate.c", true)
#define BROTLI(level)  CODEC_LEVEL("brotli", CODEC_BROTLI, level, "codec_brotli.c", true)

static_assert(BROTLI_QUALITY_TOP == 9, "a row of every quality");

const struct bench codec_levels_benches[] = {
	// clang-format off
	LZ4(2) LZ4(3) LZ4(4) LZ4(5) LZ4(6) LZ4(7) LZ4(8)
	LZ4(9) LZ4(10) LZ4(11) LZ4(12) LZ4(13) LZ4(14) LZ4(15) LZ4(16)
	ZSTD(2) ZSTD(3) ZSTD(4) ZSTD(5) ZSTD(6) ZSTD(7) ZSTD(8) ZSTD(9)
	ZSTD(10) ZSTD(11) ZSTD(12) ZSTD(13) ZSTD(14) ZSTD(15) ZSTD(16) ZSTD(17) ZSTD(18) ZSTD(19)
	DEFLATE(2) DEFLATE(3)
	BROTLI(1) BROTLI(2) BROTLI(3) BROTLI(4) BROTLI(5) BROTLI(7) BROTLI(8) BROTLI(9)
	// clang-format on
};
const size_t codec_levels_benches_count =
	sizeof(codec_levels_benches) / sizeof(codec_levels_benches[0]);
