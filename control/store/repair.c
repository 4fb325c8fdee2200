// Makes of a folder that was read what the store goes on with.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/internal.h"
#include "control/store/recover.h"

// One step that the disk may refuse; the ones after it are not done.
static bool done(struct recovery *r, const char *what, int64_t error)
{
	if (error >= 0)
		return true;
	recover_why(r, STORE_REFUSED, "%s: %s", what, strerror((int)-error));
	return false;
}

// ---- metadata ----------------------------------------------------------------------------------

static bool meta_open(struct store *store, struct recovery *r)
{
	uint64_t size;

	store->meta_file = store->disk->ops->open(store->disk, "meta", true, &size);
	return done(r, "the metadata cannot be opened", store->meta_file);
}

static bool meta_write(struct store *store, struct recovery *r)
{
	const struct disk_ops *ops = store->disk->ops;
	uint8_t *bytes = store->commit.slot_bytes;

	meta_seal(bytes, &store->meta);
	for (uint32_t i = 0; i < META_SLOTS; i++) {
		int error = ops->write_now(
			store->disk, store->meta_file, i * META_SLOT_SIZE, bytes, META_SLOT_SIZE);

		if (error == 0)
			error = ops->flush_now(store->disk, store->meta_file);
		if (!done(r, "the metadata cannot be written", error))
			return false;
	}
	return true;
}

static bool meta_new(struct store *store, struct recovery *r)
{
	memcpy(store->meta.cluster, store->config.cluster, sizeof(store->meta.cluster));
	store->meta.node = store->config.node;
	store->meta.sequence = 1;
	return meta_open(store, r) && meta_write(store, r) &&
	       done(r, "the folder cannot be flushed",
		       store->disk->ops->flush_now(store->disk, DISK_FOLDER));
}

// Before anything that is lost could be forgotten.
static bool meta_repair(struct store *store, struct recovery *r)
{
	store->meta = r->meta;
	if (!meta_open(store, r))
		return false;
	if (r->quarantined) {
		store->meta.durable_sequence = r->sequence;
		store->meta.durable_index = r->lost_index;
		store->meta.durable_term = r->lost_term;
	}
	if (!r->slots_differ && memcmp(&store->meta, &r->meta, sizeof(r->meta)) == 0)
		return true;
	store->meta.sequence++;
	return meta_write(store, r);
}

// ---- segments ----------------------------------------------------------------------------------

static bool set_aside(struct store *store, struct recovery *r, const char *name)
{
	char to[DISK_NAME_MAX];

	snprintf(to, sizeof(to), "%.48s.damaged", name);
	return done(r, "what is damaged cannot be set aside",
		store->disk->ops->rename(store->disk, name, to));
}

// What is good of a damaged segment, in a file of its own.
static bool copy_good(struct store *store, struct recovery *r, const char *name)
{
	const struct disk_ops *ops = store->disk->ops;
	const struct recover_segment *s = &r->segment[r->end];
	uint64_t size, at = 0;
	int file = ops->open(store->disk, "next", true, &size);
	int error = file < 0 ? file : ops->allocate(store->disk, file, s->size);

	while (error == 0 && at < s->size) {
		uint64_t end = at < r->offset ? r->offset : s->size;
		uint32_t piece =
			end - at < store->zeros_bytes ? (uint32_t)(end - at) : store->zeros_bytes;

		error = ops->write_now(store->disk, file, at,
			at < r->offset ? s->bytes + at : store->zeros, piece);
		at += piece;
	}
	if (error == 0)
		error = ops->flush_now(store->disk, file);
	if (file >= 0)
		ops->close(store->disk, file);
	return done(r, "the good part of a damaged segment cannot be copied (is there room?)",
		       error) &&
	       set_aside(store, r, name) &&
	       done(r, "the copy of a segment cannot be renamed",
		       ops->rename(store->disk, "next", name));
}

static bool is_zero(const struct recover_segment *s, uint64_t from)
{
	return group_is_zero(s->bytes + from, s->size - from);
}

// Everything behind the good end becomes evidence.
static bool cut_rotten(struct store *store, struct recovery *r)
{
	char name[DISK_NAME_MAX];

	for (uint32_t i = r->segments; i-- > r->end;) {
		uint64_t from = i == r->end ? r->offset : 0;

		if (is_zero(&r->segment[i], from))
			continue;
		segment_name(name, r->segment[i].number);
		if (from > 0) {
			if (!copy_good(store, r, name))
				return false;
			memset(r->segment[i].bytes + from, 0, r->segment[i].size - from);
			continue;
		}
		if (!set_aside(store, r, name))
			return false;
		store->other_bytes += r->segment[i].size;
		r->segment[i].size = 0; // it is not there any more
	}
	return true;
}

// Writes zeros where a torn write left something.
static bool zero_torn(struct store *store, struct recovery *r)
{
	const struct disk_ops *ops = store->disk->ops;

	for (uint32_t i = r->end; i < r->segments; i++) {
		struct recover_segment *s = &r->segment[i];
		uint64_t at = i == r->end ? r->offset : 0;
		char name[DISK_NAME_MAX];
		uint64_t size;
		int file, error = 0;

		if (is_zero(s, at))
			continue;
		segment_name(name, s->number);
		file = ops->open(store->disk, name, false, &size);
		for (; file >= 0 && error == 0 && at < s->size; at += store->zeros_bytes) {
			uint32_t piece = s->size - at < store->zeros_bytes
						 ? (uint32_t)(s->size - at)
						 : store->zeros_bytes;

			if (!group_is_zero(s->bytes + at, piece))
				error = ops->write_now(store->disk, file, at, store->zeros, piece);
			memset(s->bytes + at, 0, piece);
		}
		if (file >= 0 && error == 0)
			error = ops->flush_now(store->disk, file);
		if (file >= 0)
			ops->close(store->disk, file);
		if (!done(r, "the torn end cannot be cut off", file < 0 ? file : error))
			return false;
	}
	return true;
}

static bool remove_name(struct store *store, struct recovery *r, const char *name)
{
	return done(r, "a leftover cannot be removed", store->disk->ops->remove(store->disk, name));
}

// Dead ones before the log, and what lies behind it but for the one that was prepared.
static bool drop_segments(struct store *store, struct recovery *r)
{
	char name[DISK_NAME_MAX];

	for (uint32_t i = 0; i < r->segments; i++) {
		const struct recover_segment *s = &r->segment[i];
		bool next = i == r->end + 1 && s->number == r->segment[r->end].number + 1 &&
			    s->size == store->config.segment_bytes;

		if (s->size == 0 && i >= r->end && r->cut)
			continue; // set aside
		if ((i >= r->start && i <= r->end) || next)
			continue;
		segment_name(name, s->number);
		if (!remove_name(store, r, name))
			return false;
	}
	return true;
}

static bool keep_segments(struct store *store, struct recovery *r)
{
	const struct disk_ops *ops = store->disk->ops;
	char name[DISK_NAME_MAX];
	uint64_t size;

	for (uint32_t i = r->start; i < r->segments && i <= r->end; i++) {
		const struct recover_segment *s = &r->segment[i];

		if (s->size == 0 && i == r->end) {
			// All of it was damaged: another of its number is made.
			store->tail.segment = s->number - 1;
			return true;
		}
		if (!segment_add(store, &(struct segment){.number = s->number,
						.index_first = s->index_first,
						.index_max = s->index_max}))
			return done(r, "there is no memory", -ENOMEM);
		if (i < r->end)
			continue;
		segment_name(name, s->number);
		store->tail.file = ops->open(store->disk, name, false, &size);
		if (!done(r, "the last segment cannot be opened", store->tail.file) ||
			!done(r, "the last segment cannot be flushed",
				ops->flush_now(store->disk, store->tail.file)))
			return false;
		store->tail.segment = s->number;
		store->tail.size = s->size;
		store->tail.offset = r->offset;
	}
	return true;
}

// The one that was prepared before the stop.
static bool keep_prepared(struct store *store, struct recovery *r)
{
	uint32_t next = r->end + 1;
	char name[DISK_NAME_MAX];
	uint64_t size;
	int file;

	if (next >= r->segments || r->segment[next].size != store->config.segment_bytes ||
		r->segment[next].number != store->tail.segment + 1)
		return true;
	segment_name(name, r->segment[next].number);
	file = store->disk->ops->open(store->disk, name, false, &size);
	store->prepare = (struct prepare){
		.phase = PREPARE_READY,
		.file = file,
		.number = r->segment[next].number,
		.size = size,
	};
	return done(r, "the next segment cannot be opened", file);
}

static bool keep_log(struct store *store, struct recovery *r)
{
	bool good = r->cut ? cut_rotten(store, r) : zero_torn(store, r);

	if (!good || !drop_segments(store, r) || !keep_segments(store, r) ||
		!keep_prepared(store, r))
		return false;
	store->tail.sequence = r->sequence;
	store->tail.chain = r->chain;
	store->tail.last_index = r->last;
	store->tail.last_term = r->last_term;
	store->reset_pending = r->reset_pending;
	return true;
}

// ---- snapshots and leftovers -------------------------------------------------------------------

static bool keep_snapshot(struct store *store, struct recovery *r, uint32_t i)
{
	const struct recover_snapshot *s = &r->snapshot[i];
	char name[DISK_NAME_MAX];
	uint64_t size;
	int file;

	snapshot_name(name, s->index);
	if (!s->whole)
		return set_aside(store, r, name);
	if (store->snapshot_count == STORE_SNAPSHOTS)
		return remove_name(store, r, name);
	file = store->disk->ops->open(store->disk, name, false, &size);
	if (!done(r, "a snapshot cannot be opened", file))
		return false;
	store->snapshots[store->snapshot_count++] = (struct snapshot){
		.index = s->index,
		.term = s->term,
		.size = s->size,
		.file_bytes = s->file_bytes,
		.file = file,
	};
	return true;
}

static bool leftovers(struct store *store, struct recovery *r)
{
	const struct disk_ops *ops = store->disk->ops;

	if (r->has_temporary && !remove_name(store, r, "snap.tmp"))
		return false;
	if (r->has_next && r->has_spare && !remove_name(store, r, "next"))
		return false;
	if (r->has_next && !r->has_spare &&
		!done(r, "a leftover cannot be renamed", ops->rename(store->disk, "next", "spare")))
		return false;
	store->spare = r->has_next || r->has_spare;
	return true;
}

static void take_entries(struct store *store, struct recovery *r)
{
	store->log = (struct recovered_log){
		.entry = r->entry,
		.first = r->first,
		.last = r->last,
		.segment = r->segment,
		.segments = r->segments,
	};
	r->entry = NULL;
	r->segment = NULL;
	r->segments = 0;
}

void repair(struct store *store, struct recovery *r)
{
	if (!r->has_meta) {
		if (meta_new(store, r))
			store->tail.last_index = 0;
		return;
	}
	if (!meta_repair(store, r) || !leftovers(store, r) || !keep_log(store, r))
		return;
	for (uint32_t i = 0; i < r->snapshots; i++)
		if (!keep_snapshot(store, r, i))
			return;
	store->quarantined = r->quarantined;
	store->other_bytes += r->other_bytes;
	if (done(r, "the folder cannot be flushed",
		    store->disk->ops->flush_now(store->disk, DISK_FOLDER)))
		take_entries(store, r);
}
