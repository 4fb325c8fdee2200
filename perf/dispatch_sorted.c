// What looking up the strategy of each packet and record costs when work is sorted by kind: through
// the tables of ciphers and codecs, against one loop a kind that calls its function by a pointer it
// keeps. Packets and records are small, so that the call shows.
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/codec.h"
#include "dataplane/transform/seal.h"
#include "dataplane/wire/wire.h"
#include "perf/bench.h"
#include "perf/codec/scene.h"

enum { OBJECTS = 1024, KINDS = 2, SIZE = 64, ROOM = 128 };

// Kinds in this order, as many of each.
static const enum cipher_id ciphers[KINDS] = {CIPHER_AES_128_GCM, CIPHER_AES_256_GCM};
static const enum codec_id codecs[KINDS] = {CODEC_LZ4, CODEC_SNAPPY};

struct sorted {
	uint8_t kind[OBJECTS]; // its id in the table
	struct seal_engine engine;
	struct seal_key key[CIPHER_COUNT];
	struct codec_workspace *workspace;
	uint8_t header[WIRE_HEADER_SIZE], in[SIZE], out[ROOM];
	uint8_t packed[CODEC_COUNT][ROOM];
	uint32_t packed_size[CODEC_COUNT];
};

static void sorted_close(void *state)
{
	struct sorted *s = state;

	for (int i = 0; i < KINDS && s->engine.backend; i++)
		cipher_by_id(&s->engine, (uint8_t)ciphers[i])->key_wipe(&s->key[ciphers[i]]);
	seal_engine_fini(&s->engine);
	scene_workspace_free(s->workspace);
	free(s);
}

static struct sorted *sorted_new(void)
{
	struct sorted *s = aligned_alloc(64, (sizeof(*s) + 63) / 64 * 64);

	if (s)
		memset(s, 0, sizeof(*s));
	return s;
}

static void *ciphers_open(const struct bench *bench)
{
	static const uint8_t key[SEAL_KEY_MAX] = "sorted by kind: thirty-two bytes";
	struct sorted *s = sorted_new();
	char why[96];
	bool good;

	(void)bench;
	if (!s)
		return NULL;
	good = seal_engine_init(&s->engine, CIPHER_AUTO, why, sizeof(why)) == 0;
	for (int i = 0; good && i < KINDS; i++) {
		const struct cipher *c = cipher_by_id(&s->engine, (uint8_t)ciphers[i]);

		s->key[ciphers[i]].header_size = WIRE_HEADER_SIZE;
		good = c->key_set(&s->key[ciphers[i]], c, s->engine.library, key, true);
	}
	for (uint32_t i = 0; i < OBJECTS; i++)
		s->kind[i] = (uint8_t)ciphers[i * KINDS / OBJECTS];
	if (good)
		return s;
	sorted_close(s);
	return NULL;
}

static void *codecs_open(const struct bench *bench)
{
	struct sorted *s = sorted_new();
	bool good;

	(void)bench;
	if (!s)
		return NULL;
	s->workspace = scene_workspace_new();
	good = s->workspace != NULL;
	for (int i = 0; good && i < KINDS; i++) {
		const struct codec *c = codec_by_id((uint8_t)codecs[i]);

		s->packed_size[codecs[i]] = c->encode(codec_workspace_of(s->workspace, c),
			c->level_default, s->in, SIZE, s->packed[codecs[i]], ROOM);
		good = s->packed_size[codecs[i]] > 0;
	}
	for (uint32_t i = 0; i < OBJECTS; i++)
		s->kind[i] = (uint8_t)codecs[i * KINDS / OBJECTS];
	if (good)
		return s;
	sorted_close(s);
	return NULL;
}

// How many of the next ones are of one kind.
static uint64_t run_of(const struct sorted *s, uint64_t next, uint64_t operations)
{
	uint64_t first = next, left = operations - next;

	while (next < operations && s->kind[next % OBJECTS] == s->kind[first % OBJECTS] &&
		(next == first || next % OBJECTS != 0))
		next++;
	return next - first < left ? next - first : left;
}

static uint64_t ciphers_table(void *state, uint64_t operations)
{
	struct sorted *s = state;
	const struct seal_source in = {s->in, SIZE};
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t id = s->kind[i % OBJECTS];

		hash += cipher_by_id(&s->engine, id)
				->seal(&s->key[id], i + 1, s->header, &in, 1, s->out);
	}
	return hash + s->out[SIZE];
}

static uint64_t ciphers_direct(void *state, uint64_t operations)
{
	struct sorted *s = state;
	const struct seal_source in = {s->in, SIZE};
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations;) {
		uint8_t id = s->kind[i % OBJECTS];
		const struct cipher kept = *cipher_by_id(&s->engine, id);

		for (uint64_t end = i + run_of(s, i, operations); i < end; i++)
			hash += kept.seal(&s->key[id], i + 1, s->header, &in, 1, s->out);
	}
	return hash + s->out[SIZE];
}

static uint64_t codecs_table(void *state, uint64_t operations)
{
	struct sorted *s = state;
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t id = s->kind[i % OBJECTS];
		const struct codec *c = codec_by_id(id);

		hash += c->decode(codec_workspace_of(s->workspace, c), s->packed[id],
			s->packed_size[id], s->out, SIZE);
	}
	return hash;
}

static uint64_t codecs_direct(void *state, uint64_t operations)
{
	struct sorted *s = state;
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations;) {
		uint8_t id = s->kind[i % OBJECTS];
		const struct codec kept = *codec_by_id(id);
		void *workspace = codec_workspace_of(s->workspace, &kept);

		for (uint64_t end = i + run_of(s, i, operations); i < end; i++)
			hash += kept.decode(
				workspace, s->packed[id], s->packed_size[id], s->out, SIZE);
	}
	return hash;
}

#define SORTED(NAME, OPEN, TABLE, DIRECT, WHERE)                                                   \
	{.id = "dispatch/" NAME "/sorted",                                                         \
		.unit = "1/s",                                                                     \
		.limit = "dispatch/limit/" NAME "/sorted",                                         \
		.amount = 1,                                                                       \
		.bytes = SIZE,                                                                     \
		.location = WHERE,                                                                 \
		.open = OPEN,                                                                      \
		.body = TABLE,                                                                     \
		.close = sorted_close},                                                            \
	{                                                                                          \
		.id = "dispatch/limit/" NAME "/sorted", .unit = "1/s", .amount = 1, .bytes = SIZE, \
		.open = OPEN, .body = DIRECT, .close = sorted_close                                \
	}

const struct bench dispatch_sorted_benches[] = {
	SORTED("cipher", ciphers_open, ciphers_table, ciphers_direct,
		"dataplane/transform/seal.c:cipher_by_id"),
	SORTED("codec", codecs_open, codecs_table, codecs_direct,
		"dataplane/transform/codec.c:codec_by_id"),
};
const size_t dispatch_sorted_benches_count =
	sizeof(dispatch_sorted_benches) / sizeof(dispatch_sorted_benches[0]);
