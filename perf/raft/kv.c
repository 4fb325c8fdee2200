// What the replicated state machine costs: entries applied, held against an array that allocates,
// copies and frees the same bytes; a snapshot written, held against copying them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/kv/kv.h"
#include "lib/base/bytes.h"
#include "perf/bench.h"

enum {
	ENTRIES = 8192, // encoded once, applied again and again
	VALUE = 256,
	ENTRY_MAX = VALUE + 64,
	SEQUENCE_AT = 17, // of an encoded request
	SLICE = 64 * 1024,
};

struct state {
	struct kv *kv;
	uint64_t index;
	uint32_t keys;
	uint32_t at; // of the entries, in turn
	size_t size[ENTRIES];
	uint32_t key[ENTRIES];
	uint8_t entry[ENTRIES][ENTRY_MAX];
	uint8_t **array; // of the limit: an allocation a key
	uint8_t slice[2][SLICE];
	bool snapshot;
};

// A put of one of the keys, which have the long beginning in common that real ones have.
static size_t entry_make(struct kv_request *request, uint32_t key, uint8_t *bytes)
{
	static const uint8_t value[VALUE];
	char name[32];
	int size = snprintf(name, sizeof(name), "config/nodes/%08u", key);

	request->origin = request->boot = request->sequence = request->thens = 1;
	request->op[0] = (struct kv_op){.kind = KV_PUT,
		.range = {.reach = KV_KEY, .key = {(const uint8_t *)name, (uint32_t)size}},
		.value = {value, VALUE}};
	return kv_request_encode(request, bytes, ENTRY_MAX);
}

static void apply_next(struct state *s)
{
	uint8_t *bytes = s->entry[s->at];

	s->index++;
	be64_put(bytes + SEQUENCE_AT, s->index); // else it would be a repetition
	kv_apply(s->kv, s->index, bytes, s->size[s->at], NULL, NULL);
	s->at = (s->at + 1) % ENTRIES;
}

// Every key is there, so that all puts replace.
static bool fill(struct state *s, struct kv_request *request)
{
	uint64_t random = 1;

	for (uint32_t key = 0; key < s->keys; key++) {
		s->size[0] = entry_make(request, key, s->entry[0]);
		s->at = 0;
		apply_next(s);
		s->array[key] = malloc(s->size[0]);
		if (!s->array[key])
			return false;
	}
	for (uint32_t i = 0; i < ENTRIES; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		s->key[i] = (uint32_t)(random >> 33) % s->keys;
		s->size[i] = entry_make(request, s->key[i], s->entry[i]);
	}
	return true;
}

static void kv_close(void *state)
{
	struct state *s = state;

	for (uint32_t key = 0; s->array && key < s->keys; key++)
		free(s->array[key]);
	free(s->array);
	kv_free(s->kv);
	free(s);
}

static void *kv_open(const struct bench *bench)
{
	struct state *s = calloc(1, sizeof(*s));
	struct kv_request *request = calloc(1, sizeof(*request));
	bool filled = false;

	if (s && request) {
		s->keys = bench->param;
		s->kv = kv_new(NULL);
		s->array = calloc(s->keys, sizeof(s->array[0]));
		filled = s->array && fill(s, request);
	}
	free(request);
	if (filled)
		return s;
	if (s)
		kv_close(s);
	return NULL;
}

static uint64_t put_body(void *state, uint64_t operations)
{
	struct state *s = state;

	while (operations--)
		apply_next(s);
	return kv_hash(s->kv);
}

static uint64_t array_body(void *state, uint64_t operations)
{
	struct state *s = state;

	for (; operations--; s->at = (s->at + 1) % ENTRIES) {
		uint8_t **place = &s->array[s->key[s->at]], *fresh = malloc(s->size[s->at]);

		if (!fresh)
			abort();
		memcpy(fresh, s->entry[s->at], s->size[s->at]);
		free(*place);
		*place = fresh;
	}
	return s->array[0][0];
}

// Slices of the state, one snapshot after the other.
static uint64_t snapshot_body(void *state, uint64_t operations)
{
	struct state *s = state;

	while (operations--) {
		size_t left = SLICE, got;

		for (; left > 0; left -= got) {
			if (!s->snapshot)
				kv_snapshot_begin(s->kv);
			s->snapshot = true;
			got = kv_snapshot_next(s->kv, s->slice[0] + SLICE - left, left);
			if (got == 0) {
				kv_snapshot_end(s->kv);
				s->snapshot = false;
			}
		}
	}
	return kv_hash(s->kv);
}

static uint64_t copy_body(void *state, uint64_t operations)
{
	struct state *s = state;

	while (operations--) {
		memcpy(s->slice[operations & 1], s->slice[~operations & 1], SLICE);
		s->slice[0][operations % SLICE]++;
	}
	return 1;
}

#define KV(ID, LIMIT, UNIT, AMOUNT, KEYS, BODY)                                                    \
	{                                                                                          \
		.id = (ID), .limit = (LIMIT), .unit = (UNIT), .amount = (AMOUNT), .param = (KEYS), \
		.location = "control/cluster/kv/apply.c", .open = kv_open, .body = (BODY),         \
		.close = kv_close                                                                  \
	}

const struct bench kv_benches[] = {
	KV("raft/kv/limit/array/1000", NULL, "1/s", 1, 1000, array_body),
	KV("raft/kv/limit/array/100000", NULL, "1/s", 1, 100000, array_body),
	KV("raft/kv/limit/copy", NULL, "B/s", SLICE, 1000, copy_body),
	KV("raft/kv/put/1000", "raft/kv/limit/array/1000", "1/s", 1, 1000, put_body),
	KV("raft/kv/put/100000", "raft/kv/limit/array/100000", "1/s", 1, 100000, put_body),
	KV("raft/kv/snapshot", "raft/kv/limit/copy", "B/s", SLICE, 100000, snapshot_body),
};
const size_t kv_benches_count = sizeof(kv_benches) / sizeof(kv_benches[0]);
