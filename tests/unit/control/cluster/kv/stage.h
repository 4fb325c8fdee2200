// Requests in one line, applied to a state machine as encoded bytes, as Raft would bring them.
#pragma once

#include "control/cluster/kv/kv.h"

struct stage {
	struct kv *kv;
	uint64_t index;
	struct kv_request request; // being made
	struct kv_request applied;
	struct kv_result result;
	uint8_t bytes[KV_REQUEST_MAX];
};

static inline struct kv_bytes text(const char *text)
{
	uint32_t size = 0;

	while (text[size])
		size++;
	return (struct kv_bytes){(const uint8_t *)text, size};
}

struct stage *stage_new(const struct kv_config *config);
void stage_free(struct stage *stage);

struct kv_range key_range(const char *key);
struct kv_range prefix_range(const char *key);
struct kv_range from_to(const char *key, const char *end);

// Add to stage->request.
void add_compare(struct stage *stage, struct kv_compare compare);
void add_then(struct stage *stage, struct kv_op op);
void add_else(struct stage *stage, struct kv_op op);
struct kv_op op_get(struct kv_range range, uint32_t limit);
struct kv_op op_put(const char *key, struct kv_bytes value);
struct kv_op op_delete(struct kv_range range, uint32_t limit);
struct kv_op op_limits(uint32_t value_max, uint64_t quota);

// Encodes and applies stage->request and begins a new one.
enum kv_status stage_apply(struct stage *stage);
enum kv_status put(struct stage *stage, const char *key, const char *value);
enum kv_status put_size(struct stage *stage, const char *key, uint32_t size);
enum kv_status delete_range(struct stage *stage, struct kv_range range);

// The value of a key, or "(none)"; borrowed until the next call.
const char *value_of(const struct kv *kv, const char *key);
struct kv_state state_of(const struct kv *kv);
// A snapshot of what is there, in slices of `slice` bytes; to be freed.
uint8_t *snapshot_take(struct kv *kv, size_t slice, size_t *size);
enum kv_restore_result snapshot_put(struct kv *kv, const uint8_t *bytes, size_t size, size_t slice);
