// What a request may be, whoever made it.
#include "control/cluster/kv/check.h"

static bool key_valid(struct kv_bytes key)
{
	return key.size >= 1 && key.size <= KV_KEY_MAX;
}

static bool range_valid(const struct kv_range *range)
{
	switch (range->reach) {
	case KV_KEY:
		return key_valid(range->key);
	case KV_PREFIX:
		return range->key.size <= KV_KEY_MAX;
	case KV_RANGE:
		return range->key.size <= KV_KEY_MAX && range->end.size <= KV_KEY_MAX;
	}
	return false;
}

static bool compare_valid(const struct kv_compare *compare)
{
	if (compare->target < KV_VALUE || compare->target > KV_MOD_REVISION)
		return false;
	if (compare->relation < KV_EQUAL || compare->relation > KV_GREATER)
		return false;
	if (compare->target == KV_VALUE && compare->value.size > KV_VALUE_MAX)
		return false;
	return key_valid(compare->key);
}

static bool op_valid(const struct kv_op *op)
{
	switch (op->kind) {
	case KV_GET:
		return range_valid(&op->range) && op->after.size <= KV_KEY_MAX;
	case KV_PUT:
		return op->range.reach == KV_KEY && key_valid(op->range.key) &&
		       op->value.size <= KV_VALUE_MAX;
	case KV_DELETE:
		return range_valid(&op->range);
	case KV_LIMITS:
		return op->value_max >= 1 && op->value_max <= KV_VALUE_MAX &&
		       op->quota >= KV_QUOTA_MIN && op->quota <= KV_QUOTA_MAX;
	}
	return false;
}

bool request_valid(const struct kv_request *request)
{
	if (request->compares > KV_COMPARES_MAX || request->thens > KV_OPS_MAX ||
		request->elses > KV_OPS_MAX - request->thens)
		return false;
	if (request->thens + request->elses == 0)
		return false;
	for (uint32_t i = 0; i < request->compares; i++) {
		if (!compare_valid(&request->compare[i]))
			return false;
	}
	for (uint32_t i = 0; i < request->thens + request->elses; i++) {
		if (!op_valid(&request->op[i]))
			return false;
	}
	return true;
}
