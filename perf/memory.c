// The copy that the null cipher is, against bare memcpy of the same bytes from the same places:
// payloads of 1500 bytes inside a level-2 cache, through 8 MiB in order, and scattered over 64 MiB.
// The limits are what nothing that moves plain payload by CPU can beat.
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/seal.h"
#include "perf/bench.h"

enum { PAYLOAD = 1500, SLOT = 2048, PACKETS = 64, PIECES = 3 };

enum { IN_L2 = 64 << 10, IN_ORDER = 8 << 20, SCATTERED = 64 << 20 };

struct copy {
	const struct cipher *cipher;
	uint32_t slots; // of the region, a power of two
	uint32_t size;  // PAYLOAD, read at run time as a cipher reads it: no copy of a known size
	uint32_t step;  // odd: each slot once before one comes again
	uint64_t next;
	double copied; // bytes
	uint8_t header[64];
	uint8_t packet[PACKETS][SLOT];
	uint8_t region[];
};

static void *copy_open(const struct bench *bench)
{
	struct copy *c = malloc(sizeof(*c) + bench->param);

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->cipher = &cipher_null;
	c->size = bench->amount;
	c->slots = bench->param / SLOT;
	c->step = bench->param == SCATTERED ? c->slots / 2 + c->slots / 8 + 1 : 1;
	for (uint32_t i = 0; i < sizeof(c->packet); i++)
		c->packet[i / SLOT][i % SLOT] = (uint8_t)(i * 2246822519u >> 24 | 1);
	for (uint32_t i = 0; i < bench->param; i++)
		c->region[i] = (uint8_t)(i * 2654435761u >> 24);
	return c;
}

static uint8_t *slot_next(struct copy *c)
{
	return c->region + (c->next++ * c->step & (c->slots - 1)) * SLOT;
}

static uint64_t hash_of(uint64_t hash, const uint8_t *bytes)
{
	return (hash ^ bytes[PAYLOAD - 1]) * 0x100000001b3ull;
}

static uint64_t limit_out(void *state, uint64_t operations)
{
	struct copy *c = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *packet = c->packet[i % PACKETS];

		memcpy(packet, slot_next(c), c->size);
		hash = hash_of(hash, packet);
	}
	return hash;
}

static uint64_t limit_in(void *state, uint64_t operations)
{
	struct copy *c = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *slot = slot_next(c);

		memcpy(slot, c->packet[i % PACKETS], c->size);
		hash = hash_of(hash, slot);
	}
	return hash;
}

static uint64_t seal_out(void *state, uint64_t operations)
{
	struct copy *c = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *packet = c->packet[i % PACKETS];
		const struct seal_source piece = {slot_next(c), PAYLOAD};

		c->copied += c->cipher->seal(NULL, i, c->header, &piece, 1, packet);
		hash = hash_of(hash, packet);
	}
	return hash;
}

// A packet with the ends of two small records: three pieces of one place.
static uint64_t seal_gather(void *state, uint64_t operations)
{
	struct copy *c = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *packet = c->packet[i % PACKETS], *slot = slot_next(c);
		struct seal_source pieces[PIECES];

		for (uint32_t p = 0; p < PIECES; p++)
			pieces[p] = (struct seal_source){
				slot + p * (PAYLOAD / PIECES), PAYLOAD / PIECES};
		c->copied += c->cipher->seal(NULL, i, c->header, pieces, PIECES, packet);
		hash = hash_of(hash, packet);
	}
	return hash;
}

static uint64_t open_in(void *state, uint64_t operations)
{
	struct copy *c = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *slot = slot_next(c);
		const struct seal_piece piece = {slot, PAYLOAD};

		if (c->cipher->open(NULL, i, c->header, c->packet[i % PACKETS], PAYLOAD, &piece, 1))
			c->copied += PAYLOAD;
		hash = hash_of(hash, slot);
	}
	return hash;
}

static void copy_counters(void *state, struct bench_counters *total)
{
	const struct copy *c = state;

	total->bytes_memcpy = c->cipher->copies ? c->copied : 0;
}

#define SUBJECT(what, its_body, against, place, size, where)                                  \
	{                                                                                     \
		.id = "memory/null/" what "/" place "/1500", .unit = "B/s",                   \
		.limit = "memory/limit/memcpy/" against "/" place "/1500", .amount = PAYLOAD, \
		.bytes = PAYLOAD, .param = size, .open = copy_open, .body = its_body,         \
		.counters = copy_counters, .close = free,                                     \
		.location = "dataplane/transform/seal.c:" where                               \
	}
#define LIMIT(what, its_body, place, size)                                             \
	{                                                                              \
		.id = "memory/limit/memcpy/" what "/" place "/1500", .unit = "B/s",    \
		.amount = PAYLOAD, .bytes = PAYLOAD, .param = size, .open = copy_open, \
		.body = its_body, .counters = copy_counters, .close = free             \
	}
#define PLACE(place, size)                                                            \
	SUBJECT("seal", seal_out, "out", place, size, "null_seal"),                   \
		SUBJECT("seal-gather", seal_gather, "out", place, size, "null_seal"), \
		SUBJECT("open", open_in, "in", place, size, "null_open"),             \
		LIMIT("out", limit_out, place, size), LIMIT("in", limit_in, place, size)

const struct bench memory_benches[] = {
	PLACE("L2", IN_L2), PLACE("8M", IN_ORDER), PLACE("scattered", SCATTERED)};
const size_t memory_benches_count = sizeof(memory_benches) / sizeof(memory_benches[0]);
