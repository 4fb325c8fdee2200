// The state machine a second time, naive: a sorted array that is copied for every request. What the
// two disagree about is a bug of one of them.
#pragma once

#include "control/cluster/kv/kv.h"

enum {
	MODEL_KEYS = 128,
	MODEL_KEY = 16,
	MODEL_VALUE = 600,
	MODEL_EVENTS = 8192,
	MODEL_SEEN = 4096
};

struct model_key {
	uint8_t key[MODEL_KEY], value[MODEL_VALUE];
	uint32_t key_size, value_size;
	uint64_t create, mod, version;
};

struct model_event {
	enum kv_event_kind kind;
	uint64_t revision;
	uint32_t key_size;
	uint8_t key[MODEL_KEY];
};

struct model_seen {
	uint64_t origin, boot, sequence;
};

struct model {
	struct model_key key[MODEL_KEYS];
	uint32_t count;
	uint64_t revision, quota;
	uint32_t value_max;
	struct model_event event[MODEL_EVENTS]; // all that ever were
	uint32_t events;
	struct model_seen seen[MODEL_SEEN];
	uint32_t seens;
};

void model_init(struct model *model);
// Applies it, and fails the test where `result` says something else. Returns what it did.
enum kv_status model_apply(
	struct model *model, const struct kv_request *request, const struct kv_result *result);
// Whether both hold the same keys.
bool model_is(const struct model *model, const struct kv *kv);
uint64_t model_used(const struct model *model);
bool model_range_has(const struct kv_range *range, const uint8_t *key, uint32_t size);
