// A state out of the bytes of a snapshot, which may come from anybody, in pieces of any size. It
// grows beside the one that is there and takes its place when it is whole.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/kv/format.h"
#include "control/cluster/kv/state.h"
#include "control/cluster/kv/wire.h"

struct restore {
	struct kv *fresh;
	enum kv_restore_result result;
	// which part comes, and where its bytes go
	bool (*on_part)(struct restore *restore);
	uint8_t *to;
	size_t have, want;
	uint64_t origins, keys; // that are still to come
	struct kv_entry *entry; // whose key and value come, or NULL
	bool whole;
	uint8_t part[FORMAT_ORIGIN > FORMAT_HEAD ? FORMAT_ORIGIN : FORMAT_HEAD];
};

static bool on_head(struct restore *restore);
static bool on_origin(struct restore *restore);
static bool on_entry_head(struct restore *restore);
static bool on_entry(struct restore *restore);
static bool on_tail(struct restore *restore);

static bool expect(
	struct restore *restore, bool (*on_part)(struct restore *restore), uint8_t *to, size_t want)
{
	restore->on_part = on_part;
	restore->to = to;
	restore->have = 0;
	restore->want = want;
	return true;
}

static bool expect_next(struct restore *restore)
{
	if (restore->origins > 0)
		return expect(restore, on_origin, restore->part, FORMAT_ORIGIN);
	if (restore->keys > 0)
		return expect(restore, on_entry_head, restore->part, FORMAT_ENTRY);
	return expect(restore, on_tail, restore->part, FORMAT_TAIL);
}

static bool on_head(struct restore *restore)
{
	struct kv_in in = {restore->part, FORMAT_HEAD, false};
	struct kv *fresh = restore->fresh;
	bool ours = in_u32(&in) == FORMAT_MAGIC;
	uint32_t version = in_u32(&in);

	if (ours && version > FORMAT_VERSION)
		restore->result = KV_RESTORE_TOO_NEW;
	if (!ours || version != FORMAT_VERSION)
		return false;
	fresh->revision = in_u64(&in);
	fresh->applied = in_u64(&in);
	restore->keys = in_u64(&in);
	fresh->quota = in_u64(&in);
	fresh->value_max = in_u32(&in);
	restore->origins = in_u32(&in);
	if (fresh->quota < KV_QUOTA_MIN || fresh->quota > KV_QUOTA_MAX)
		return false;
	if (fresh->value_max < 1 || fresh->value_max > KV_VALUE_MAX)
		return false;
	return restore->origins <= KV_ORIGINS_MAX && expect_next(restore);
}

static bool on_origin(struct restore *restore)
{
	struct kv_in in = {restore->part, FORMAT_ORIGIN, false};
	struct origin origin = {.origin = in_u64(&in)};

	origin.boot = in_u64(&in);
	origin.highest = in_u64(&in);
	origin.applied = in_u64(&in);
	for (uint32_t word = 0; word < KV_WINDOW / 64; word++)
		origin.seen[word] = in_u64(&in);
	restore->origins--;
	return origins_restore(&restore->fresh->origins, &origin, restore->fresh->applied) &&
	       expect_next(restore);
}

static bool on_entry_head(struct restore *restore)
{
	struct kv_in in = {restore->part, FORMAT_ENTRY, false};
	uint32_t key_size = in_u16(&in), value_size = in_u32(&in);
	struct kv_entry *entry;

	if (key_size < 1 || key_size > KV_KEY_MAX || value_size > KV_VALUE_MAX)
		return false;
	restore->entry = entry = entry_new(key_size, value_size);
	entry->create_revision = in_u64(&in);
	entry->mod_revision = in_u64(&in);
	entry->version = in_u64(&in);
	if (entry->create_revision < 1 || entry->create_revision > entry->mod_revision ||
		entry->mod_revision > restore->fresh->revision || entry->version < 1)
		return false;
	return expect(restore, on_entry, entry->bytes, (size_t)key_size + value_size);
}

static bool on_entry(struct restore *restore)
{
	struct kv_entry *entry = restore->entry;

	if (tree_find(&restore->fresh->tree, entry_key(entry)))
		return false;
	state_add(restore->fresh, entry);
	restore->entry = NULL;
	restore->keys--;
	return expect_next(restore);
}

static bool on_tail(struct restore *restore)
{
	restore->whole = be64_get(restore->part) == kv_hash(restore->fresh);
	restore->want = restore->have = 0;
	return restore->whole;
}

void kv_restore_begin(struct kv *kv)
{
	restore_free(kv);
	kv->restore = kv_alloc(sizeof(*kv->restore));
	kv->restore->fresh = kv_new(&(struct kv_config){.history_events = 1});
	kv->restore->result = KV_RESTORE_OK;
	expect(kv->restore, on_head, kv->restore->part, FORMAT_HEAD);
}

void restore_free(struct kv *kv)
{
	struct restore *restore = kv->restore;

	if (!restore)
		return;
	free(restore->entry);
	kv_free(restore->fresh);
	free(restore);
	kv->restore = NULL;
}

enum kv_restore_result kv_restore_add(struct kv *kv, const uint8_t *bytes, size_t size)
{
	struct restore *restore = kv->restore;

	assert(restore);
	while (size > 0 && restore->result == KV_RESTORE_OK) {
		size_t left = restore->want - restore->have, n = size < left ? size : left;

		if (restore->whole) {
			restore->result = KV_RESTORE_MALFORMED; // something follows
			break;
		}
		memcpy(restore->to + restore->have, bytes, n);
		restore->have += n;
		bytes += n;
		size -= n;
		if (restore->have == restore->want && !restore->on_part(restore) &&
			restore->result == KV_RESTORE_OK)
			restore->result = KV_RESTORE_MALFORMED;
	}
	return restore->result;
}

// What `kv` held goes; what watches have not seen of it is lost to them.
static void take_over(struct kv *kv, struct kv *fresh)
{
	kv_snapshot_end(kv);
	tree_clear(&kv->tree, &kv->limbo);
	kv->tree = fresh->tree;
	fresh->tree = (struct tree){0};
	kv->origins = fresh->origins;
	kv->revision = fresh->revision;
	kv->applied = fresh->applied;
	kv->used = fresh->used;
	kv->quota = fresh->quota;
	kv->value_max = fresh->value_max;
	kv->sum = fresh->sum;
	history_begin_anew(&kv->history, kv->revision, &kv->limbo);
	limbo_free(&kv->limbo);
}

enum kv_restore_result kv_restore_end(struct kv *kv)
{
	struct restore *restore = kv->restore;
	enum kv_restore_result result;

	assert(restore);
	result = restore->result;
	if (result == KV_RESTORE_OK && !restore->whole)
		result = KV_RESTORE_MALFORMED;
	if (result == KV_RESTORE_OK)
		take_over(kv, restore->fresh);
	restore_free(kv);
	return result;
}
