// The state machine a second time, naive.
#include "tests/unit/control/cluster/kv/model.h"

#include <assert.h>
#include <string.h>

void model_init(struct model *model)
{
	memset(model, 0, sizeof(*model));
	model->quota = KV_QUOTA_DEFAULT;
	model->value_max = KV_VALUE_DEFAULT;
}

static int order(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size)
{
	for (uint32_t i = 0; i < a_size && i < b_size; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return a_size == b_size ? 0 : a_size < b_size ? -1 : 1;
}

bool model_range_has(const struct kv_range *range, const uint8_t *key, uint32_t size)
{
	const struct kv_bytes *first = &range->key, *end = &range->end;

	if (range->reach == KV_KEY)
		return order(key, size, first->data, first->size) == 0;
	if (range->reach == KV_PREFIX)
		return size >= first->size &&
		       order(key, first->size, first->data, first->size) == 0;
	return order(key, size, first->data, first->size) >= 0 &&
	       (end->size == 0 || order(key, size, end->data, end->size) < 0);
}

static struct model_key *find(struct model *model, struct kv_bytes key)
{
	for (uint32_t i = 0; i < model->count; i++) {
		struct model_key *at = &model->key[i];

		if (order(at->key, at->key_size, key.data, key.size) == 0)
			return at;
	}
	return NULL;
}

uint64_t model_used(const struct model *model)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < model->count; i++)
		used += KV_ENTRY_COST + model->key[i].key_size + model->key[i].value_size;
	return used;
}

static bool holds(struct model *model, const struct kv_compare *compare)
{
	const struct model_key *key = find(model, compare->key);
	uint64_t numbers[] = {key ? key->version : 0, key ? key->create : 0, key ? key->mod : 0};
	int relation;

	if (compare->target == KV_VALUE) {
		if (!key)
			return false;
		relation = order(
			key->value, key->value_size, compare->value.data, compare->value.size);
	} else {
		uint64_t number = numbers[compare->target - KV_VERSION];

		relation = number == compare->number ? 0 : number < compare->number ? -1 : 1;
	}
	switch (compare->relation) {
	case KV_EQUAL:
		return relation == 0;
	case KV_NOT_EQUAL:
		return relation != 0;
	case KV_LESS:
		return relation == -1;
	case KV_GREATER:
		return relation == 1;
	}
	return false;
}

static void event_add(struct model *model, enum kv_event_kind kind, uint64_t revision,
	const struct model_key *key)
{
	struct model_event *event = &model->event[model->events++];

	assert(model->events <= MODEL_EVENTS);
	*event =
		(struct model_event){.kind = kind, .revision = revision, .key_size = key->key_size};
	memcpy(event->key, key->key, key->key_size);
}

static uint64_t do_put(struct model *model, const struct kv_op *op, uint64_t revision)
{
	struct model_key *key = find(model, op->range.key);
	uint32_t at = 0;

	if (!key) {
		while (at < model->count && order(model->key[at].key, model->key[at].key_size,
						    op->range.key.data, op->range.key.size) < 0)
			at++;
		assert(model->count < MODEL_KEYS);
		key = &model->key[at];
		memmove(key + 1, key, (model->count++ - at) * sizeof(*key));
		*key = (struct model_key){.create = revision, .key_size = op->range.key.size};
		memcpy(key->key, op->range.key.data, op->range.key.size);
	}
	if (op->value.size)
		memcpy(key->value, op->value.data, op->value.size);
	key->value_size = op->value.size;
	key->mod = revision;
	key->version++;
	event_add(model, KV_EVENT_PUT, revision, key);
	return key->version;
}

static void do_delete(struct model *model, const struct kv_op *op, uint64_t revision,
	const struct kv_op_result *done)
{
	uint64_t deleted = 0;
	bool more = false;

	for (uint32_t i = 0; i < model->count && !more;) {
		struct model_key *key = &model->key[i];

		if (!model_range_has(&op->range, key->key, key->key_size)) {
			i++;
			continue;
		}
		more = op->limit && deleted == op->limit;
		if (more)
			break;
		event_add(model, KV_EVENT_DELETE, revision, key);
		memmove(key, key + 1, (model->count - i - 1) * sizeof(*key));
		model->count--;
		deleted++;
	}
	assert(done->deleted == deleted && done->more == more);
}

static void item_check(const struct kv_item *item, const struct model_key *key)
{
	assert(order(item->key.data, item->key.size, key->key, key->key_size) == 0);
	assert(order(item->value.data, item->value.size, key->value, key->value_size) == 0);
	assert(item->create_revision == key->create && item->mod_revision == key->mod);
	assert(item->version == key->version);
}

static void check_get(const struct model *model, const struct kv_op *op,
	const struct kv_result *result, const struct kv_op_result *done)
{
	uint32_t items = 0;
	bool more = false;

	for (uint32_t i = 0; i < model->count; i++) {
		const struct model_key *key = &model->key[i];

		if (!model_range_has(&op->range, key->key, key->key_size) ||
			(op->after.size && order(key->key, key->key_size, op->after.data,
						   op->after.size) <= 0))
			continue;
		more = op->limit && items == op->limit;
		if (more)
			break;
		assert(items < done->items);
		item_check(&result->item[done->first + items++], key);
	}
	assert(items == done->items && more == done->more);
}

static enum kv_status admitted(struct model *model, const struct kv_request *request)
{
	struct model_seen want = {request->origin, request->boot, request->sequence};
	enum kv_status status = KV_OK;
	uint64_t highest = want.sequence;

	if (want.sequence == 0)
		return KV_OK;
	for (uint32_t i = 0; i < model->seens; i++) {
		const struct model_seen *seen = &model->seen[i];

		if (seen->origin != want.origin || seen->boot != want.boot)
			continue;
		if (seen->sequence == want.sequence)
			status = KV_REPEATED;
		highest = seen->sequence > highest ? seen->sequence : highest;
	}
	if (highest - want.sequence >= KV_WINDOW)
		return KV_EXPIRED;
	assert(model->seens < MODEL_SEEN);
	model->seen[model->seens++] = want;
	return status;
}

static enum kv_status room(struct model *model, const struct kv_op *op, uint32_t count)
{
	uint64_t growth = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct model_key *key;
		uint32_t had;

		if (op[i].kind != KV_PUT)
			continue;
		if (op[i].value.size > model->value_max)
			return KV_TOO_LARGE;
		key = find(model, op[i].range.key);
		had = key ? key->value_size : 0;
		if (!key)
			growth += KV_ENTRY_COST + op[i].range.key.size;
		if (op[i].value.size > had)
			growth += op[i].value.size - had;
	}
	return growth && model_used(model) + growth > model->quota ? KV_FULL : KV_OK;
}

static bool do_op(struct model *model, const struct kv_op *op, uint64_t revision,
	const struct kv_result *result, const struct kv_op_result *done)
{
	uint32_t events = model->events;
	bool changed;

	assert(done->kind == op->kind);
	switch (op->kind) {
	case KV_GET:
		check_get(model, op, result, done);
		break;
	case KV_PUT:
		assert(do_put(model, op, revision) == done->version);
		break;
	case KV_DELETE:
		do_delete(model, op, revision, done);
		break;
	case KV_LIMITS:
		changed = model->quota != op->quota || model->value_max != op->value_max;
		model->quota = op->quota;
		model->value_max = op->value_max;
		return changed;
	}
	return model->events != events;
}

enum kv_status model_apply(
	struct model *model, const struct kv_request *request, const struct kv_result *result)
{
	enum kv_status status = admitted(model, request);
	const struct kv_op *op = request->op;
	uint32_t count = request->thens;
	bool held = true, changed = false;

	for (uint32_t i = 0; i < request->compares; i++)
		held &= holds(model, &request->compare[i]);
	if (!held) {
		op += request->thens;
		count = request->elses;
	}
	if (status == KV_OK)
		status = room(model, op, count);
	assert(result->status == status);
	if (status != KV_OK)
		return status;
	assert(result->held == held && result->ops == count);
	for (uint32_t i = 0; i < count; i++)
		changed |= do_op(model, &op[i], model->revision + 1, result, &result->op[i]);
	model->revision += changed;
	assert(result->revision == model->revision);
	return status;
}

bool model_is(const struct model *model, const struct kv *kv)
{
	struct kv_state state;

	kv_state(kv, &state);
	for (uint32_t i = 0; i < model->count; i++) {
		const struct model_key *key = &model->key[i];
		struct kv_item item;

		if (!kv_get(kv, (struct kv_bytes){key->key, key->key_size}, &item))
			return false;
		item_check(&item, key);
	}
	return state.keys == model->count && state.revision == model->revision &&
	       state.used == model_used(model) && state.quota == model->quota &&
	       state.value_max == model->value_max;
}
