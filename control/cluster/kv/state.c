// What the state machine holds: made, changed, asked and freed.
#include "control/cluster/kv/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/kv/hash.h"

void kv_config_init(struct kv_config *config)
{
	*config = (struct kv_config){.history_events = 16384, .history_bytes = 16 << 20};
}

struct kv *kv_new(const struct kv_config *config)
{
	struct kv *kv = kv_alloc(sizeof(*kv));

	kv_config_init(&kv->config);
	if (config)
		kv->config = *config;
	kv->quota = KV_QUOTA_DEFAULT;
	kv->value_max = KV_VALUE_DEFAULT;
	history_init(&kv->history, kv->config.history_events, kv->config.history_bytes);
	return kv;
}

void kv_free(struct kv *kv)
{
	if (!kv)
		return;
	restore_free(kv);
	kv_snapshot_end(kv);
	history_fini(&kv->history, &kv->limbo);
	tree_clear(&kv->tree, &kv->limbo);
	limbo_free(&kv->limbo);
	free(kv);
}

static void state_remove(struct kv *kv, struct kv_entry *entry)
{
	kv->sum -= entry->hash;
	kv->used -= entry_cost(entry);
	snapshot_keep(kv, entry);
	entry_put(entry, &kv->limbo);
}

// It is in the index, instead of `old` (or NULL).
static void state_count(struct kv *kv, struct kv_entry *entry, struct kv_entry *old)
{
	entry_seal(entry);
	kv->sum += entry->hash;
	kv->used += entry_cost(entry);
	if (old)
		state_remove(kv, old);
}

void state_add(struct kv *kv, struct kv_entry *entry)
{
	state_count(kv, entry, tree_put(&kv->tree, entry));
}

uint64_t state_put(struct kv *kv, struct kv_bytes key, struct kv_bytes value, uint64_t revision)
{
	struct kv_entry *entry = entry_new(key.size, value.size), *old;

	memcpy(entry->bytes, key.data, key.size);
	if (value.size)
		memcpy(entry->bytes + key.size, value.data, value.size);
	old = tree_put(&kv->tree, entry); // one search for both
	entry->create_revision = old ? old->create_revision : revision;
	entry->version = old ? old->version + 1 : 1;
	entry->mod_revision = revision;
	state_count(kv, entry, old);
	history_add(&kv->history, KV_EVENT_PUT, revision, entry, &kv->limbo);
	return entry->version;
}

void state_delete(struct kv *kv, struct kv_entry *entry, uint64_t revision)
{
	struct kv_entry *taken = tree_take(&kv->tree, entry_key(entry));

	assert(taken == entry);
	history_add(&kv->history, KV_EVENT_DELETE, revision, entry, &kv->limbo);
	state_remove(kv, entry);
}

bool kv_range_has(const struct kv_range *range, struct kv_bytes key)
{
	switch (range->reach) {
	case KV_KEY:
		return bytes_compare(key, range->key) == 0;
	case KV_PREFIX:
		return key.size >= range->key.size &&
		       (range->key.size == 0 ||
			       memcmp(key.data, range->key.data, range->key.size) == 0);
	case KV_RANGE:
		return bytes_compare(key, range->key) >= 0 &&
		       (range->end.size == 0 || bytes_compare(key, range->end) < 0);
	}
	return false;
}

struct kv_entry *range_next(
	const struct kv *kv, const struct kv_range *range, struct kv_bytes after)
{
	bool behind = after.size > 0 && bytes_compare(after, range->key) >= 0;
	struct kv_entry *entry = tree_seek(&kv->tree, behind ? after : range->key, behind);

	return entry && kv_range_has(range, entry_key(entry)) ? entry : NULL;
}

bool kv_get(const struct kv *kv, struct kv_bytes key, struct kv_item *item)
{
	const struct kv_entry *entry = tree_find(&kv->tree, key);

	if (entry)
		*item = entry_item(entry);
	return entry;
}

void kv_state(const struct kv *kv, struct kv_state *state)
{
	*state = (struct kv_state){
		.revision = kv->revision,
		.applied = kv->applied,
		.keys = kv->tree.count,
		.used = kv->used,
		.quota = kv->quota,
		.value_max = kv->value_max,
		.oldest = kv->history.oldest,
		.events = (uint32_t)(kv->history.head - kv->history.tail),
		.event_bytes = kv->history.bytes,
		.snapshot = kv->snapshot,
	};
}

uint64_t kv_hash(const struct kv *kv)
{
	uint64_t hash = hash_word(kv->sum, kv->revision);

	hash = hash_word(hash_word(hash, kv->tree.count), kv->used);
	hash = hash_word(hash_word(hash, kv->quota), kv->value_max);
	return hash_word(hash, kv->origins.hash);
}

void kv_check(const struct kv *kv)
{
	const struct kv_range all = {.reach = KV_PREFIX};
	struct kv_bytes after = {0};
	uint64_t sum = 0, used = 0, keys = 0, origins = 0;
	struct kv_entry *entry;

	tree_check(&kv->tree);
	for (; (entry = range_next(kv, &all, after)); keys++) {
		assert(entry->refs > 0);
		assert(entry->create_revision >= 1 && entry->version >= 1);
		assert(entry->create_revision <= entry->mod_revision);
		assert(entry->mod_revision <= kv->revision);
		sum += entry->hash;
		used += entry_cost(entry);
		after = entry_key(entry);
	}
	for (uint32_t i = 0; i < kv->origins.count; i++)
		origins += origin_hash(&kv->origins.origin[i]);
	assert(keys == kv->tree.count && used == kv->used);
	assert(sum == kv->sum && origins == kv->origins.hash);
	history_check(&kv->history, kv->revision);
}
