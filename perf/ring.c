// Our ring over shared memory against DPDK's bare SPSC ring: the same 32-byte slots, put and taken
// by one thread, so that the figure is the code's and not that of two caches. What ours adds:
// indices that are checked because the other side is hostile. The bare ring has each slot as two
// elements of 16 bytes, which is its fast copy (32-byte elements go by four bytes at a time).
#include "lib/shm/ring.h"

#include <rte_ring_elem.h>
#include <stdlib.h>
#include <string.h>

#include "perf/bench.h"

enum { SLOT_SIZE = 32, SLOTS = 1024, BATCH_MAX = 64, ELEMENT_SIZE = 16, ELEMENTS = 2 };

struct slots {
	_Alignas(64) uint64_t word[BATCH_MAX][SLOT_SIZE / 8];
};

struct ours {
	struct ring_tail tail;
	struct ring_head head;
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint8_t memory[SLOTS * SLOT_SIZE];
	struct slots in, out;
	uint32_t batch;
	double copied; // bytes
};

struct bare {
	struct rte_ring *ring;
	struct slots in, out;
	uint32_t batch;
};

static void slots_fill(struct slots *s)
{
	for (uint32_t i = 0; i < BATCH_MAX; i++)
		for (uint32_t w = 0; w < SLOT_SIZE / 8; w++)
			s->word[i][w] = i * 0x9e3779b97f4a7c15ull + w;
}

static uint64_t slots_hash(uint64_t hash, const struct slots *s, uint32_t count)
{
	return (hash ^ s->word[count - 1][0]) * 0x100000001b3ull;
}

static void *ours_open(const struct bench *bench)
{
	struct ours *o = aligned_alloc(64, sizeof(*o));

	if (!o)
		return NULL;
	memset(o, 0, sizeof(*o));
	ring_producer_init(&o->producer, o->memory, &o->tail, &o->head, SLOT_SIZE, SLOTS);
	ring_consumer_init(&o->consumer, o->memory, &o->tail, &o->head, SLOT_SIZE, SLOTS);
	slots_fill(&o->in);
	o->batch = bench->param;
	return o;
}

static uint64_t ours_body(void *state, uint64_t operations)
{
	struct ours *o = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		o->in.word[o->batch - 1][0] = i;
		ring_put(&o->producer, &o->in, o->batch);
		ring_take(&o->consumer, &o->out, o->batch);
		hash = slots_hash(hash, &o->out, o->batch);
	}
	o->copied += (double)operations * o->batch * SLOT_SIZE * 2;
	return hash;
}

// What a ring is for: each slot is copied in, and out.
static void ours_counters(void *state, struct bench_counters *total)
{
	const struct ours *o = state;

	total->bytes_memcpy = o->copied;
}

static void *bare_open(const struct bench *bench)
{
	ssize_t size = rte_ring_get_memsize_elem(ELEMENT_SIZE, SLOTS * ELEMENTS);
	struct bare *b = aligned_alloc(64, sizeof(*b));

	if (!b || size < 0)
		goto no_memory;
	memset(b, 0, sizeof(*b));
	b->ring = aligned_alloc(64, ((size_t)size + 63) / 64 * 64);
	if (!b->ring)
		goto no_memory;
	rte_ring_init(b->ring, "bare", SLOTS * ELEMENTS, RING_F_SP_ENQ | RING_F_SC_DEQ);
	slots_fill(&b->in);
	b->batch = bench->param;
	return b;
no_memory:
	free(b);
	return NULL;
}

static uint64_t bare_body(void *state, uint64_t operations)
{
	struct bare *b = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		b->in.word[b->batch - 1][0] = i;
		rte_ring_sp_enqueue_burst_elem(
			b->ring, &b->in, ELEMENT_SIZE, b->batch * ELEMENTS, NULL);
		rte_ring_sc_dequeue_burst_elem(
			b->ring, &b->out, ELEMENT_SIZE, b->batch * ELEMENTS, NULL);
		hash = slots_hash(hash, &b->out, b->batch);
	}
	return hash;
}

static void bare_close(void *state)
{
	struct bare *b = state;

	free(b->ring);
	free(b);
}

#define OURS(n)                                                                                    \
	{                                                                                          \
		.id = "ring/spsc/batch-" #n, .unit = "1/s",                                        \
		.limit = "ring/limit/rte_ring/batch-" #n, .amount = n, .bytes = 2 * n * SLOT_SIZE, \
		.param = n, .open = ours_open, .body = ours_body, .counters = ours_counters,       \
		.close = free, .location = "lib/shm/ring.c:ring_put"                               \
	}
#define BARE(n)                                                                               \
	{                                                                                     \
		.id = "ring/limit/rte_ring/batch-" #n, .unit = "1/s", .amount = n,            \
		.bytes = 2 * n * SLOT_SIZE, .param = n, .open = bare_open, .body = bare_body, \
		.close = bare_close                                                           \
	}

const struct bench ring_benches[] = {
	OURS(1), OURS(8), OURS(32), OURS(64), BARE(1), BARE(8), BARE(32), BARE(64)};
const size_t ring_benches_count = sizeof(ring_benches) / sizeof(ring_benches[0]);
