// The state as bytes, a slice at a time, while entries are applied: the index is walked in order,
// and an entry of that time that leaves the index before the walk has come to it is kept, and
// written next.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/cluster/kv/format.h"
#include "control/cluster/kv/state.h"
#include "control/cluster/kv/wire.h"

enum part { PART_HEAD, PART_ENTRIES, PART_TAIL, PART_END };

struct snapshot {
	enum part part;
	uint64_t revision;
	uint64_t hash;
	uint64_t keys;           // that are still to be written
	struct kv_entry *cursor; // the walk has passed it; NULL: has not begun
	struct kv_entry *kept, **kept_end;
	// what is being written: head, then the bytes of entry
	size_t at, head_size;
	struct kv_entry *entry; // NULL: only the head
	uint8_t head[FORMAT_HEAD + KV_ORIGINS_MAX * FORMAT_ORIGIN];
};

static void head_write(const struct kv *kv, struct snapshot *snapshot)
{
	struct kv_out out = {snapshot->head, sizeof(snapshot->head), false};

	out_u32(&out, FORMAT_MAGIC);
	out_u32(&out, FORMAT_VERSION);
	out_u64(&out, kv->revision);
	out_u64(&out, kv->applied);
	out_u64(&out, kv->tree.count);
	out_u64(&out, kv->quota);
	out_u32(&out, kv->value_max);
	out_u32(&out, kv->origins.count);
	for (uint32_t i = 0; i < kv->origins.count; i++) {
		const struct origin *origin = &kv->origins.origin[i];

		out_u64(&out, origin->origin);
		out_u64(&out, origin->boot);
		out_u64(&out, origin->highest);
		out_u64(&out, origin->applied);
		for (uint32_t word = 0; word < KV_WINDOW / 64; word++)
			out_u64(&out, origin->seen[word]);
	}
	snapshot->head_size = (size_t)(out.at - snapshot->head);
}

void kv_snapshot_begin(struct kv *kv)
{
	struct snapshot *snapshot;

	assert(!kv->snapshot);
	kv->snapshot = snapshot = kv_alloc(sizeof(*snapshot));
	snapshot->revision = kv->revision;
	snapshot->keys = kv->tree.count;
	snapshot->hash = kv_hash(kv);
	snapshot->kept_end = &snapshot->kept;
	head_write(kv, snapshot);
}

// Whether the walk will not see it any more, and must.
void snapshot_keep(struct kv *kv, struct kv_entry *entry)
{
	struct snapshot *snapshot = kv->snapshot;

	if (!snapshot || entry->mod_revision > snapshot->revision)
		return;
	if (snapshot->cursor && bytes_compare(entry_key(entry), entry_key(snapshot->cursor)) <= 0)
		return;
	entry_get(entry)->next = NULL;
	*snapshot->kept_end = entry;
	snapshot->kept_end = &entry->next;
}

static struct kv_entry *kept_take(struct snapshot *snapshot)
{
	struct kv_entry *entry = snapshot->kept;

	if (!entry)
		return NULL;
	snapshot->kept = entry->next;
	if (!snapshot->kept)
		snapshot->kept_end = &snapshot->kept;
	return entry;
}

// The next one of that time in the index, with a reference.
static struct kv_entry *walk(struct kv *kv, struct snapshot *snapshot)
{
	const struct kv_range all = {.reach = KV_PREFIX};
	struct kv_bytes after = {0};
	struct kv_entry *entry;

	do {
		if (snapshot->cursor)
			after = entry_key(snapshot->cursor);
		entry = range_next(kv, &all, after);
		if (!entry)
			return NULL;
		if (snapshot->cursor)
			entry_put(snapshot->cursor, &kv->limbo);
		snapshot->cursor = entry_get(entry);
	} while (entry->mod_revision > snapshot->revision);
	return entry_get(entry);
}

static void entry_write(struct snapshot *snapshot, struct kv_entry *entry)
{
	struct kv_out out = {snapshot->head, FORMAT_ENTRY, false};

	out_u16(&out, entry->key_size);
	out_u32(&out, entry->value_size);
	out_u64(&out, entry->create_revision);
	out_u64(&out, entry->mod_revision);
	out_u64(&out, entry->version);
	snapshot->head_size = FORMAT_ENTRY;
	snapshot->entry = entry;
}

static size_t piece_size(const struct snapshot *snapshot)
{
	const struct kv_entry *entry = snapshot->entry;

	return snapshot->head_size + (entry ? (size_t)entry->key_size + entry->value_size : 0);
}

// What is to be written next. False: nothing.
static bool piece_next(struct kv *kv, struct snapshot *snapshot)
{
	struct kv_entry *entry;

	snapshot->at = snapshot->head_size = 0;
	if (snapshot->entry)
		entry_put(snapshot->entry, &kv->limbo);
	snapshot->entry = NULL;
	if (snapshot->part < PART_TAIL) {
		snapshot->part = PART_ENTRIES;
		entry = kept_take(snapshot);
		entry = entry ? entry : walk(kv, snapshot);
		if (entry) {
			assert(snapshot->keys > 0);
			snapshot->keys--;
			entry_write(snapshot, entry);
			return true;
		}
		assert(snapshot->keys == 0);
		be64_put(snapshot->head, snapshot->hash);
		snapshot->head_size = FORMAT_TAIL;
		snapshot->part = PART_TAIL;
		return true;
	}
	snapshot->part = PART_END;
	return false;
}

static size_t piece_copy(struct snapshot *snapshot, uint8_t *bytes, size_t room)
{
	const uint8_t *from = snapshot->head + snapshot->at;
	size_t left = snapshot->head_size - snapshot->at;

	if (snapshot->at >= snapshot->head_size) {
		from = snapshot->entry->bytes + (snapshot->at - snapshot->head_size);
		left = piece_size(snapshot) - snapshot->at;
	}
	left = left < room ? left : room;
	memcpy(bytes, from, left);
	snapshot->at += left;
	return left;
}

size_t kv_snapshot_next(struct kv *kv, uint8_t *bytes, size_t room)
{
	struct snapshot *snapshot = kv->snapshot;
	size_t done = 0;

	assert(snapshot && room > 0);
	while (done < room) {
		if (snapshot->at == piece_size(snapshot) && !piece_next(kv, snapshot))
			break;
		done += piece_copy(snapshot, bytes + done, room - done);
	}
	return done;
}

void kv_snapshot_end(struct kv *kv)
{
	struct snapshot *snapshot = kv->snapshot;
	struct kv_entry *entry;

	if (!snapshot)
		return;
	while ((entry = kept_take(snapshot)))
		entry_put(entry, &kv->limbo);
	if (snapshot->cursor)
		entry_put(snapshot->cursor, &kv->limbo);
	if (snapshot->entry)
		entry_put(snapshot->entry, &kv->limbo);
	free(snapshot);
	kv->snapshot = NULL;
}
