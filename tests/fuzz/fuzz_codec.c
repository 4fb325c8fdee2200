// Every codec's decoder: what a peer may send as the stored bytes of a record. Nothing may be
// written beyond the record or read beyond its stored bytes, and what a codec packed comes back.
#include "dataplane/transform/codec.h"
#include "dataplane/wire/wire.h"
#include "tests/fuzz/fuzz.h"

static struct codec_workspace *workspace(void)
{
	static struct codec_workspace *taken;

	if (!taken) {
		size_t size = (codec_workspace_size() + 63) & ~(size_t)63;
		void *memory = aligned_alloc(64, size);

		if (!memory)
			abort();
		memset(memory, 0, size);
		taken = codec_workspace_init(memory);
	}
	return taken;
}

static void decode(const struct codec *codec, const uint8_t *in, size_t size, uint32_t raw_size)
{
	uint8_t *stored = fuzz_copy(in, size), *raw = calloc(1, raw_size);

	if (!raw)
		abort();
	(void)codec->decode(
		codec_workspace_of(workspace(), codec), stored, (uint32_t)size, raw, raw_size);
	free(raw);
	free(stored);
}

// What was packed comes back; then with a byte changed, which gets past more of a decoder's checks
// than bytes at random.
static void trip(const struct codec *codec, uint8_t level, struct fuzz_input input)
{
	uint32_t at = (uint32_t)fuzz_number(&input, 2), bits = (uint32_t)fuzz_number(&input, 1);
	uint32_t raw_size = (uint32_t)input.left, levels, n;
	uint8_t *raw = fuzz_copy(input.at, raw_size), *back = fuzz_copy(input.at, raw_size);
	uint8_t *stored = calloc(2, RECORD_RAW_MAX);
	void *part = codec_workspace_of(workspace(), codec);

	if (!stored)
		abort();
	levels = codec->level_max - codec->level_min + 1u;
	n = raw_size ? codec->encode(part, (uint8_t)(codec->level_min + level % levels), raw,
			       raw_size, stored, 2 * RECORD_RAW_MAX)
		     : 0;
	FUZZ_CHECK(n > 0 || raw_size == 0);
	if (n > 0) {
		memset(back, 0, raw_size);
		FUZZ_CHECK(codec->decode(part, stored, n, back, raw_size));
		FUZZ_CHECK(memcmp(back, raw, raw_size) == 0);
		stored[at % n] ^= (uint8_t)bits;
		decode(codec, stored, n, raw_size);
	}
	free(stored);
	free(back);
	free(raw);
}

// One byte says which codec, one whether to decode (0) or to make the trip at which level.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct codec *const codecs[] = {
		&codec_lz4, &codec_zstd, &codec_deflate, &codec_brotli, &codec_snappy};
	struct fuzz_input input = {data, size};
	const struct codec *codec = codecs[fuzz_number(&input, 1) % 5];
	uint8_t level = (uint8_t)fuzz_number(&input, 1);
	uint32_t raw_size = 1 + (uint32_t)fuzz_number(&input, 2);

	if (level == 0)
		decode(codec, input.at, input.left, raw_size);
	else if (input.left <= RECORD_RAW_MAX)
		trip(codec, level, input);
	return 0;
}
