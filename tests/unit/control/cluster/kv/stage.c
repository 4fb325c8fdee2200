// Requests in one line.
#include "tests/unit/control/cluster/kv/stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct stage *stage_new(const struct kv_config *config)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	assert(stage);
	stage->kv = kv_new(config);
	return stage;
}

void stage_free(struct stage *stage)
{
	kv_check(stage->kv);
	kv_free(stage->kv);
	free(stage);
}

struct kv_range key_range(const char *key)
{
	return (struct kv_range){.reach = KV_KEY, .key = text(key)};
}

struct kv_range prefix_range(const char *key)
{
	return (struct kv_range){.reach = KV_PREFIX, .key = text(key)};
}

struct kv_range from_to(const char *key, const char *end)
{
	return (struct kv_range){.reach = KV_RANGE, .key = text(key), .end = text(end)};
}

void add_compare(struct stage *stage, struct kv_compare compare)
{
	stage->request.compare[stage->request.compares++] = compare;
}

void add_then(struct stage *stage, struct kv_op op)
{
	assert(stage->request.elses == 0);
	stage->request.op[stage->request.thens++] = op;
}

void add_else(struct stage *stage, struct kv_op op)
{
	stage->request.op[stage->request.thens + stage->request.elses++] = op;
}

struct kv_op op_get(struct kv_range range, uint32_t limit)
{
	return (struct kv_op){.kind = KV_GET, .range = range, .limit = limit};
}

struct kv_op op_put(const char *key, struct kv_bytes value)
{
	return (struct kv_op){.kind = KV_PUT, .range = key_range(key), .value = value};
}

struct kv_op op_delete(struct kv_range range, uint32_t limit)
{
	return (struct kv_op){.kind = KV_DELETE, .range = range, .limit = limit};
}

struct kv_op op_limits(uint32_t value_max, uint64_t quota)
{
	return (struct kv_op){.kind = KV_LIMITS, .value_max = value_max, .quota = quota};
}

enum kv_status stage_apply(struct stage *stage)
{
	size_t size = kv_request_encode(&stage->request, stage->bytes, sizeof(stage->bytes));
	enum kv_status status;

	assert(size > 0);
	status = kv_apply(
		stage->kv, ++stage->index, stage->bytes, size, &stage->applied, &stage->result);
	assert(status == stage->result.status);
	stage->request.compares = stage->request.thens = stage->request.elses = 0;
	stage->request.origin = stage->request.boot = stage->request.sequence = 0;
	return status;
}

enum kv_status put(struct stage *stage, const char *key, const char *value)
{
	add_then(stage, op_put(key, text(value)));
	return stage_apply(stage);
}

enum kv_status put_size(struct stage *stage, const char *key, uint32_t size)
{
	static uint8_t bytes[KV_VALUE_MAX];

	add_then(stage, op_put(key, (struct kv_bytes){bytes, size}));
	return stage_apply(stage);
}

enum kv_status delete_range(struct stage *stage, struct kv_range range)
{
	add_then(stage, op_delete(range, 0));
	return stage_apply(stage);
}

const char *value_of(const struct kv *kv, const char *key)
{
	static char value[256];
	struct kv_item item;

	if (!kv_get(kv, text(key), &item))
		return "(none)";
	assert(item.value.size < sizeof(value));
	memcpy(value, item.value.data, item.value.size);
	value[item.value.size] = 0;
	return value;
}

struct kv_state state_of(const struct kv *kv)
{
	struct kv_state state;

	kv_state(kv, &state);
	return state;
}

uint8_t *snapshot_take(struct kv *kv, size_t slice, size_t *size)
{
	uint8_t *bytes = NULL;
	size_t got = 1;

	kv_snapshot_begin(kv);
	for (*size = 0; got > 0; *size += got) {
		bytes = realloc(bytes, *size + slice);
		assert(bytes);
		got = kv_snapshot_next(kv, bytes + *size, slice);
	}
	kv_snapshot_end(kv);
	return bytes;
}

enum kv_restore_result snapshot_put(struct kv *kv, const uint8_t *bytes, size_t size, size_t slice)
{
	kv_restore_begin(kv);
	for (size_t at = 0; at < size; at += slice)
		kv_restore_add(kv, bytes + at, size - at < slice ? size - at : slice);
	return kv_restore_end(kv);
}
