// Requests meet the state: comparisons, then one of two lists of operations, all or none.
#include <assert.h>

#include "control/cluster/kv/check.h"
#include "control/cluster/kv/state.h"

// What one request does.
struct step {
	uint64_t revision; // of what it changes
	bool changed;
	uint64_t deleted;
	uint64_t bytes;           // of the items in result
	struct kv_result *result; // or NULL
};

static bool relation_holds(enum kv_relation relation, int order)
{
	switch (relation) {
	case KV_EQUAL:
		return order == 0;
	case KV_NOT_EQUAL:
		return order != 0;
	case KV_LESS:
		return order < 0;
	case KV_GREATER:
		return order > 0;
	}
	return false;
}

static uint64_t number_of(const struct kv_entry *entry, enum kv_target target)
{
	if (!entry)
		return 0;
	if (target == KV_VERSION)
		return entry->version;
	return target == KV_CREATE_REVISION ? entry->create_revision : entry->mod_revision;
}

static bool compare_holds(const struct kv *kv, const struct kv_compare *compare)
{
	const struct kv_entry *entry = tree_find(&kv->tree, compare->key);
	uint64_t number;

	if (compare->target == KV_VALUE)
		return entry && relation_holds(compare->relation,
					bytes_compare(entry_item(entry).value, compare->value));
	number = number_of(entry, compare->target);
	return relation_holds(
		compare->relation, (number > compare->number) - (number < compare->number));
}

// The operations that are to be done.
struct ops {
	const struct kv_op *op;
	uint32_t count;
	bool held;
};

static struct ops ops_choose(const struct kv *kv, const struct kv_request *request)
{
	for (uint32_t i = 0; i < request->compares; i++) {
		if (!compare_holds(kv, &request->compare[i]))
			return (struct ops){request->op + request->thens, request->elses, false};
	}
	return (struct ops){request->op, request->thens, true};
}

static uint64_t cost_of(const struct kv_op *op)
{
	return KV_ENTRY_COST + (uint64_t)op->range.key.size + op->value.size;
}

// Bytes of quota that the puts need. What the same operations free makes no room for them.
static uint64_t growth_of(const struct kv *kv, struct ops ops)
{
	uint64_t growth = 0;

	for (uint32_t i = 0; i < ops.count; i++) {
		const struct kv_op *op = &ops.op[i];
		const struct kv_entry *old;
		uint64_t had;

		if (op->kind != KV_PUT)
			continue;
		old = tree_find(&kv->tree, op->range.key);
		had = old ? entry_cost(old) : 0;
		growth += cost_of(op) > had ? cost_of(op) - had : 0;
	}
	return growth;
}

// Before anything is done: whether all of it can be. Only near the quota it matters what is there.
static enum kv_status ops_admit(const struct kv *kv, struct ops ops)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < ops.count; i++) {
		if (ops.op[i].kind != KV_PUT)
			continue;
		if (ops.op[i].value.size > kv->value_max)
			return KV_TOO_LARGE;
		most += cost_of(&ops.op[i]);
	}
	if (most == 0 || kv->used + most <= kv->quota)
		return KV_OK;
	most = growth_of(kv, ops);
	return most > 0 && kv->used + most > kv->quota ? KV_FULL : KV_OK;
}

static void get_run(
	const struct kv *kv, struct step *step, const struct kv_op *op, struct kv_op_result *done)
{
	struct kv_result *result = step->result;
	struct kv_bytes after = op->after;
	const struct kv_entry *entry;

	done->first = result->items;
	while ((entry = range_next(kv, &op->range, after))) {
		uint64_t bytes = (uint64_t)entry->key_size + entry->value_size;

		done->more = (op->limit && done->items == op->limit) ||
			     result->items == KV_ITEMS_MAX || step->bytes + bytes > KV_RESULT_MAX;
		if (done->more)
			return;
		step->bytes += bytes;
		result->item[result->items++] = entry_item(entry);
		done->items++;
		after = entry_key(entry);
	}
}

static void delete_run(
	struct kv *kv, struct step *step, const struct kv_op *op, struct kv_op_result *done)
{
	struct kv_entry *entry;

	while ((entry = range_next(kv, &op->range, (struct kv_bytes){0}))) {
		done->more = (op->limit && done->deleted == op->limit) ||
			     step->deleted == KV_DELETES_MAX;
		if (done->more)
			return;
		state_delete(kv, entry, step->revision);
		done->deleted++;
		step->deleted++;
		step->changed = true;
	}
}

static void op_run(
	struct kv *kv, struct step *step, const struct kv_op *op, struct kv_op_result *done)
{
	switch (op->kind) {
	case KV_GET:
		if (step->result)
			get_run(kv, step, op, done);
		break;
	case KV_PUT:
		done->version = state_put(kv, op->range.key, op->value, step->revision);
		step->changed = true;
		break;
	case KV_DELETE:
		delete_run(kv, step, op, done);
		break;
	case KV_LIMITS:
		step->changed |= kv->value_max != op->value_max || kv->quota != op->quota;
		kv->value_max = op->value_max;
		kv->quota = op->quota;
		break;
	}
}

// Where the answer of the next operation goes.
static struct kv_op_result *result_next(
	struct kv_result *result, enum kv_op_kind kind, struct kv_op_result *nowhere)
{
	struct kv_op_result *next = result ? &result->op[result->ops++] : nowhere;

	*next = (struct kv_op_result){.kind = kind};
	return next;
}

static void result_begin(struct kv_result *result, const struct kv *kv)
{
	if (!result)
		return;
	result->status = KV_OK;
	result->held = false;
	result->revision = kv->revision;
	result->ops = result->items = 0;
}

static enum kv_status request_run(
	struct kv *kv, const struct kv_request *request, struct kv_result *result)
{
	struct step step = {.revision = kv->revision + 1, .result = result};
	struct ops ops = ops_choose(kv, request);
	enum kv_status status = ops_admit(kv, ops);
	struct kv_op_result nowhere;

	if (result)
		result->held = ops.held;
	if (status != KV_OK)
		return status;
	for (uint32_t i = 0; i < ops.count; i++)
		op_run(kv, &step, &ops.op[i], result_next(result, ops.op[i].kind, &nowhere));
	kv->revision += step.changed;
	return KV_OK;
}

enum kv_status kv_apply(struct kv *kv, uint64_t index, const uint8_t *bytes, size_t size,
	struct kv_request *request, struct kv_result *result)
{
	enum kv_status status;

	assert(index > kv->applied);
	limbo_free(&kv->limbo);
	result_begin(result, kv);
	request = request ? request : &kv->scratch;
	status = kv_request_parse(request, bytes, size);
	if (status != KV_TOO_NEW)
		kv->applied = index;
	if (status == KV_OK)
		status = origins_admit(&kv->origins, request, index);
	if (status == KV_OK)
		status = request_run(kv, request, result);
	if (result) {
		result->status = status;
		result->revision = kv->revision;
	}
	return status;
}

void kv_pass(struct kv *kv, uint64_t index)
{
	assert(index > kv->applied);
	kv->applied = index;
}

static bool only_reads(const struct kv_request *request)
{
	for (uint32_t i = 0; i < request->thens + request->elses; i++) {
		if (request->op[i].kind != KV_GET)
			return false;
	}
	return true;
}

enum kv_status kv_read(
	const struct kv *kv, const struct kv_request *request, struct kv_result *result)
{
	struct step step = {.result = result};
	struct ops ops;

	result_begin(result, kv);
	if (!request_valid(request) || !only_reads(request))
		return result->status = KV_MALFORMED;
	ops = ops_choose(kv, request);
	result->held = ops.held;
	for (uint32_t i = 0; i < ops.count; i++)
		get_run(kv, &step, &ops.op[i], result_next(result, KV_GET, NULL));
	return KV_OK;
}

enum kv_status kv_admit(const struct kv *kv, const struct kv_request *request)
{
	if (!request_valid(request))
		return KV_MALFORMED;
	return ops_admit(kv, ops_choose(kv, request));
}
