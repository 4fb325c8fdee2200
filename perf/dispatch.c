// What a call through a strategy table costs. First four strategies of our own (so that a direct
// call of the same code exists): predicted, mixed at random, the same mix sorted by type. Then the
// tables of the project, looked up per call against a pointer that the loop keeps; of ciphers and
// codecs also work of several kinds, sorted, against one loop a kind (dispatch_sorted.c).
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/codec.h"
#include "dataplane/transform/seal.h"
#include "dataplane/transport/cc.h"
#include "perf/bench.h"

enum { OBJECTS = 1024, KINDS = 4, SEAL_SIZE = 64, RECORD_SIZE = 4096 };

struct object;

struct strategy {
	uint64_t (*step)(struct object *o, uint64_t value);
};

struct object {
	const struct strategy *strategy;
	uint64_t sum;
};

#define STEP(name, constant)                                                             \
	static __attribute__((noinline)) uint64_t name(struct object *o, uint64_t value) \
	{                                                                                \
		o->sum += (value ^ constant) * 0x100000001b3ull;                         \
		return o->sum;                                                           \
	}
STEP(step_a, 0x0123)
STEP(step_b, 0x4567)
STEP(step_c, 0x89ab)
STEP(step_d, 0xcdef)

static const struct strategy strategies[KINDS] = {{step_a}, {step_b}, {step_c}, {step_d}};

enum order { PREDICTED, MIXED, SORTED };

static void *objects_open(const struct bench *bench)
{
	struct object *o = calloc(OBJECTS, sizeof(*o));
	uint64_t seed = 1;

	for (uint32_t i = 0; o && i < OBJECTS; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		o[i].strategy = &strategies[bench->param == PREDICTED ? 0
					    : bench->param == MIXED   ? seed >> 62
								      : i * KINDS / OBJECTS];
	}
	return o;
}

static uint64_t direct_body(void *state, uint64_t operations)
{
	struct object *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++)
		hash += step_a(&o[i % OBJECTS], i);
	return hash;
}

static uint64_t table_body(void *state, uint64_t operations)
{
	struct object *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		struct object *one = &o[i % OBJECTS];

		hash += one->strategy->step(one, i);
	}
	return hash;
}

// The project's tables. One state for all three: each body uses its part.
struct tables {
	struct cc cc[OBJECTS];
	struct cc_ack ack;
	const struct codec *codec;
	void *workspace;           // the codec's part of `workspaces`
	struct seal_engine engine; // not started: null needs none
	uint8_t cipher;
	uint8_t header[64], in[RECORD_SIZE], out[RECORD_SIZE];
	_Alignas(64) uint8_t workspaces[];
};

static void *tables_open(const struct bench *bench)
{
	size_t size = sizeof(struct tables) + codec_workspace_size();
	struct tables *t = aligned_alloc(64, (size + 63) / 64 * 64);

	(void)bench;
	if (!t)
		return NULL;
	memset(t, 0, size);
	for (uint32_t i = 0; i < OBJECTS; i++) {
		t->cc[i].ops = &cc_aimd;
		t->cc[i].ops->init(&t->cc[i]);
	}
	t->ack = (struct cc_ack){.segments = 1, .limited = true, .next_pn = 1};
	t->codec = codec_by_id(CODEC_LZ4);
	t->workspace = codec_workspace_of(codec_workspace_init(t->workspaces), t->codec);
	for (uint32_t i = 0; i < RECORD_SIZE; i++)
		t->in[i] = (uint8_t)(i * i >> 7);
	return t;
}

static uint64_t cc_table(void *state, uint64_t operations)
{
	struct tables *t = state;

	for (uint64_t i = 0; i < operations; i++) {
		struct cc *cc = &t->cc[i % OBJECTS];

		cc->ops->on_ack(cc, &t->ack);
	}
	return (uint64_t)(t->cc[0].cwnd * 1e6);
}

static uint64_t cc_kept(void *state, uint64_t operations)
{
	struct tables *t = state;
	const struct cc_ops kept = cc_aimd;

	for (uint64_t i = 0; i < operations; i++)
		kept.on_ack(&t->cc[i % OBJECTS], &t->ack);
	return (uint64_t)(t->cc[0].cwnd * 1e6);
}

static uint64_t seal_table(void *state, uint64_t operations)
{
	struct tables *t = state;
	struct seal_source in = {t->in, SEAL_SIZE};
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++)
		hash += cipher_by_id(&t->engine, t->cipher)
				->seal(NULL, i, t->header, &in, 1, t->out);
	return hash + t->out[SEAL_SIZE - 1];
}

static uint64_t seal_kept(void *state, uint64_t operations)
{
	struct tables *t = state;
	struct seal_source in = {t->in, SEAL_SIZE};
	const struct cipher *cipher = cipher_by_id(&t->engine, t->cipher);
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++)
		hash += cipher->seal(NULL, i, t->header, &in, 1, t->out);
	return hash + t->out[SEAL_SIZE - 1];
}

static uint64_t codec_table(void *state, uint64_t operations)
{
	struct tables *t = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		const struct codec *codec = codec_by_id((uint8_t)t->codec->id);

		hash += codec->encode(t->workspace, codec->level_default, t->in, RECORD_SIZE,
			t->out, RECORD_SIZE);
	}
	return hash;
}

static uint64_t codec_kept(void *state, uint64_t operations)
{
	struct tables *t = state;
	const struct codec *codec = t->codec;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++)
		hash += codec->encode(t->workspace, codec->level_default, t->in, RECORD_SIZE,
			t->out, RECORD_SIZE);
	return hash;
}

#define CALL(name, order)                                                                     \
	{                                                                                     \
		.id = "dispatch/call/" name, .unit = "1/s", .limit = "dispatch/limit/direct", \
		.amount = 1, .param = order, .open = objects_open, .body = table_body,        \
		.close = free                                                                 \
	}
#define TABLE(what, ours, its, its_bytes, where)                                              \
	{.id = "dispatch/" what,                                                              \
		.unit = "1/s",                                                                \
		.limit = "dispatch/limit/" what,                                              \
		.amount = 1,                                                                  \
		.bytes = its_bytes,                                                           \
		.location = where,                                                            \
		.open = tables_open,                                                          \
		.body = ours,                                                                 \
		.close = free},                                                               \
	{                                                                                     \
		.id = "dispatch/limit/" what, .unit = "1/s", .amount = 1, .bytes = its_bytes, \
		.open = tables_open, .body = its, .close = free                               \
	}

const struct bench dispatch_benches[] = {
	CALL("predicted", PREDICTED),
	CALL("mixed", MIXED),
	CALL("sorted", SORTED),
	{.id = "dispatch/limit/direct",
		.unit = "1/s",
		.amount = 1,
		.param = PREDICTED,
		.open = objects_open,
		.body = direct_body,
		.close = free},
	TABLE("cc/on_ack", cc_table, cc_kept, 0, "dataplane/transport/cc.h:cc_ops"),
	TABLE("cipher/null/seal/64", seal_table, seal_kept, SEAL_SIZE,
		"dataplane/transform/seal.c:cipher_by_id"),
	TABLE("codec/lz4/encode/4K", codec_table, codec_kept, RECORD_SIZE,
		"dataplane/transform/codec.c:codec_by_id"),
};
const size_t dispatch_benches_count = sizeof(dispatch_benches) / sizeof(dispatch_benches[0]);
