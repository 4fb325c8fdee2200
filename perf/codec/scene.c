// Records of a corpus packed or unpacked for some time, and checked.
#include "perf/codec/scene.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <x86intrin.h>

#include "dataplane/transform/compress.h"
#include "perf/clock.h"
#include "perf/codec/library.h"
#include "perf/count.h"

enum { BLOCKS_MAX = 16, SPARE = 128 << 10, DICTIONARY_SIZE = 32 << 10 };

// One record: where it is, packed as ours packs it, and how it came out.
struct block {
	const uint8_t *raw;
	uint8_t header[BLOCK_HEADER_SIZE];
	uint32_t stored_size;
	bool packed;
	uint8_t stored[SPARE];
};

struct scene {
	const struct codec *codec;
	uint8_t level;
	uint32_t task, size, blocks, next;
	struct library *library;
	struct codec_workspace *workspace;
	const struct dictionary *dictionary; // NULL: without
	uint8_t *back, *spare;
	uint64_t raw_bytes;
	uint64_t hash; // of what was checked; 0: nothing yet
	struct block block[];
};

struct codec_workspace *scene_workspace_new(void)
{
	size_t size = codec_workspace_size();
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_HUGEPAGE);
	return codec_workspace_init(p);
}

void scene_workspace_free(struct codec_workspace *workspace)
{
	if (workspace)
		munmap(workspace, codec_workspace_size());
}

static uint32_t room_of(const struct scene *s)
{
	return compress_room(s->size);
}

// ---- one record -------------------------------------------------------------------------------

// Ours, into at most `room` bytes.
static uint32_t encode(struct scene *s, struct block *b, uint32_t room)
{
	void *part = codec_workspace_of(s->workspace, s->codec);

	if (s->dictionary)
		return s->codec->encode_with(
			part, s->dictionary, s->level, b->raw, s->size, b->stored, room);
	return s->codec->encode(part, s->level, b->raw, s->size, b->stored, room);
}

static bool decode(struct scene *s, struct block *b)
{
	void *part = codec_workspace_of(s->workspace, s->codec);

	if (s->dictionary)
		return s->codec->decode_with(
			part, s->dictionary, b->stored, b->stored_size, s->back, s->size);
	return s->codec->decode(part, b->stored, b->stored_size, s->back, s->size);
}

static void pack(struct scene *s, struct block *b)
{
	struct compressed c;

	if (!(s->task & SCENE_PIPELINE)) {
		b->stored_size = encode(s, b, room_of(s));
		b->packed = b->stored_size > 0;
		return;
	}
	compress_record(
		&c, s->codec, s->workspace, s->level, NULL, b->raw, s->size, b->stored, true);
	block_header_frame(b->header, &c.header);
	b->packed = c.compressed;
	b->stored_size = c.header.stored_size;
}

static void pack_limit(struct scene *s, struct block *b)
{
	uint32_t n = library_pack(s->library, s->codec->id, s->level, b->raw, s->size, b->stored,
		room_of(s), s->spare);

	b->packed = n > 0;
	b->stored_size = n;
	if (s->task & SCENE_PIPELINE) {
		uint32_t crc = n ? library_crc32c(b->stored, n) : library_crc32c(b->raw, s->size);

		memcpy(b->header + BLOCK_HEADER_SIZE - sizeof(crc), &crc, sizeof(crc));
	}
}

static bool unpack(struct scene *s, struct block *b)
{
	struct block_header header;

	if (!(s->task & SCENE_PIPELINE))
		return decode(s, b);
	return block_header_parse(&header, b->header, BLOCK_HEADER_SIZE) &&
	       expand_record(&header, b->packed, b->packed ? b->stored : b->raw, s->workspace, NULL,
		       s->back, true) == VERDICT_ACCEPT;
}

static bool unpack_limit(struct scene *s, struct block *b)
{
	const uint8_t *stored = b->packed ? b->stored : b->raw;

	if (s->task & SCENE_PIPELINE && library_crc32c(stored, b->stored_size) !=
						__builtin_bswap32(*(uint32_t *)(b->header + 12)))
		return false;
	return !b->packed ||
	       library_unpack(s->library, s->codec->id, stored, b->stored_size, s->back, s->size);
}

// ---- setting up -------------------------------------------------------------------------------

// Packed as it is to be unpacked: by ours, whoever unpacks. The codec alone packs what does not
// shrink too.
static bool prepare(struct scene *s, struct block *b)
{
	if (s->task & SCENE_PIPELINE) {
		pack(s, b);
		return true;
	}
	b->stored_size = encode(s, b, SPARE);
	b->packed = true;
	return b->stored_size > 0;
}

// Where record `i` lies: spread over the corpus, so that small ones are not all of its beginning.
static size_t place_of(uint32_t i)
{
	return (size_t)i * (CORPUS_SIZE / BLOCKS_MAX);
}

// Made of the records that lie between those that are packed, for both sides.
static bool dictionary_new(struct scene *s, const uint8_t *bytes)
{
	uint32_t each = (CORPUS_SIZE / BLOCKS_MAX - s->size) / s->size, n = 0, size;
	uint8_t made[DICTIONARY_SIZE], *samples = malloc((size_t)each * BLOCKS_MAX * s->size);
	void *memory;

	for (uint32_t i = 0; samples && i < BLOCKS_MAX; i++, n += each)
		memcpy(samples + (size_t)n * s->size, bytes + place_of(i) + s->size,
			(size_t)each * s->size);
	size = samples ? library_train(made, sizeof(made), samples, s->size, n) : 0;
	free(samples);
	if (size == 0 || !library_dictionary(s->library, made, size, s->level))
		return false;
	memory = mmap(NULL, dictionary_memory(size), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	s->dictionary = dictionary_init(memory, 1, made, size);
	return s->dictionary != NULL;
}

static bool prepare_all(struct scene *s, enum corpus corpus)
{
	const uint8_t *bytes = corpus_bytes(corpus);

	if (!bytes || !s->library || !s->workspace || !s->back || !s->spare ||
		(s->task & SCENE_DICTIONARY && !dictionary_new(s, bytes)))
		return false;
	for (uint32_t i = 0; i < s->blocks; i++) {
		s->block[i].raw = bytes + place_of(i);
		s->raw_bytes += s->size;
		if (s->task & SCENE_IN && !prepare(s, &s->block[i]))
			return false;
	}
	return true;
}

void *scene_open(const struct bench *bench)
{
	uint32_t blocks = bench_instant ? 1 : BLOCKS_MAX;
	struct scene *s = calloc(1, sizeof(*s) + blocks * sizeof(s->block[0]));

	if (!s)
		return NULL;
	s->codec = codec_by_id((uint8_t)bench->param);
	s->level = (uint8_t)(bench->param >> 8);
	s->task = bench->argument;
	s->size = bench->amount;
	s->blocks = blocks;
	s->library = library_new();
	s->workspace = scene_workspace_new();
	s->back = malloc(RECORD_RAW_MAX);
	s->spare = malloc(SPARE);
	if (prepare_all(s, (enum corpus)(bench->param >> 16)))
		return s;
	scene_close(s);
	return NULL;
}

void scene_close(void *state)
{
	struct scene *s = state;

	if (s->dictionary)
		munmap((void *)(uintptr_t)s->dictionary, dictionary_memory(s->dictionary->size));
	library_free(s->library);
	scene_workspace_free(s->workspace);
	free(s->back);
	free(s->spare);
	free(s);
}

// ---- samples ----------------------------------------------------------------------------------

static bool once(struct scene *s, struct block *b)
{
	bool limit = s->task & SCENE_LIMIT;

	if (s->task & SCENE_IN)
		return limit ? unpack_limit(s, b) : unpack(s, b);
	if (limit)
		pack_limit(s, b);
	else
		pack(s, b);
	return true;
}

// Once, after the warm-up: that it is the work it should be. What is checked is the record itself,
// which is the same for ours and the library.
static bool check(struct scene *s)
{
	struct block *b = &s->block[0];
	const uint8_t *out = b->packed ? s->back : b->raw;

	if (b->packed) {
		bool spared = s->codec->id == CODEC_SNAPPY && s->task & SCENE_LIMIT &&
			      !(s->task & SCENE_IN);
		const uint8_t *stored = spared ? s->spare : b->stored;

		if (spared)
			once(s, b); // the spare is that of the last block
		if (!library_unpack(
			    s->library, s->codec->id, stored, b->stored_size, s->back, s->size))
			return false;
	}
	s->hash = library_crc32c(out, s->size) | 1ull << 32;
	return memcmp(out, b->raw, s->size) == 0;
}

static double ratio_of(const struct scene *s)
{
	uint64_t stored = 0;

	for (uint32_t i = 0; i < s->blocks; i++)
		stored += s->block[i].packed ? s->block[i].stored_size : s->size;
	return (double)s->raw_bytes / (double)stored;
}

int scene_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct scene *s = state;
	// The clock is read once for 64 KiB and more; every block gets its turn.
	uint32_t chunk = bench_instant ? 1 : 1 + (RECORD_RAW_MAX - 1) / s->size;
	uint64_t start = clock_ns(), cycles = __rdtsc(), n = 0, least = s->blocks;
	int64_t allocs = allocs_total();

	do {
		for (uint32_t i = 0; i < chunk; i++, n++)
			if (!once(s, &s->block[s->next++ % s->blocks]))
				goto wrong;
		out->ns = clock_ns() - start;
	} while (!bench_instant && (out->ns < duration_ns || s->next < least));
	out->counters.cycles = (double)(__rdtsc() - cycles);
	if (allocs >= 0)
		out->counters.allocs = (double)(allocs_total() - allocs);
	out->counters.bytes_memcpy = 0; // nothing here moves bytes without transforming them
	out->units = n * s->size;
	if (!s->hash && !check(s))
		goto wrong;
	out->hash = s->hash;
	out->extra = json_pack("{s:f}", "ratio", ratio_of(s));
	return 0;
wrong:
	snprintf(out->error, sizeof(out->error), "a record does not come back");
	return -1;
}
