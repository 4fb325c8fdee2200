// One commit after the other: metadata (if it changes) to both slots, then a group, each with its
// flush. What is written meanwhile gathers for the next one: no timer.
#include "control/store/internal.h"

#include <errno.h>
#include <string.h>

static void slot_begin(struct store *store)
{
	struct commit *commit = &store->commit;

	commit->phase = COMMIT_SLOT;
	meta_seal(commit->slot_bytes, &commit->meta);
	store_submit(store, DISK_WRITE, store->meta_file, commit->slot * META_SLOT_SIZE,
		commit->slot_bytes, META_SLOT_SIZE, TOKEN_COMMIT, 0);
}

static void group_begin(struct store *store)
{
	struct commit *commit = &store->commit;
	struct batch *batch = commit->batch;
	const struct tail *tail = &store->tail;

	commit->phase = COMMIT_GROUP;
	commit->group = (struct group){
		.node = store->meta.node,
		.segment = tail->segment,
		.offset = tail->offset,
		.sequence = tail->sequence + 1,
		.durable_sequence = tail->sequence,
		.before_index = tail->last_index,
		.before_term = tail->last_term,
		.last_index = batch->last_index,
		.last_term = batch->last_term,
		.payload = batch->payload,
		.records = batch->records,
		.chain = tail->chain,
	};
	memcpy(commit->group.cluster, store->meta.cluster, sizeof(commit->group.cluster));
	group_seal(batch->bytes, &commit->group);
	store_submit(store, DISK_WRITE, tail->file, tail->offset, batch->bytes, commit->group.size,
		TOKEN_COMMIT, 0);
}

// Later in Raft's order of logs.
static bool is_before(uint64_t term, uint64_t index, uint64_t than_term, uint64_t than_index)
{
	return term < than_term || (term == than_term && index < than_index);
}

// What the metadata shall say when this batch (NULL: a clean stop) is written. True: it differs.
static bool meta_next(struct store *store, const struct batch *batch, bool rotated)
{
	struct meta *meta = &store->commit.meta;

	*meta = store->meta;
	if (batch && batch->state) {
		meta->term = batch->term;
		meta->vote = batch->vote;
	}
	if (rotated || !batch) {
		meta->durable_sequence = store->tail.sequence;
		if (!store->quarantined) {
			meta->durable_index = store->tail.last_index;
			meta->durable_term = store->tail.last_term;
		}
	}
	// What is cut off is no loss later.
	if (batch && batch->cut != 0 && !store->quarantined && batch->cut <= meta->durable_index)
		meta->durable_index = meta->durable_term = 0;
	if (memcmp(meta, &store->meta, sizeof(*meta)) == 0)
		return false;
	meta->sequence++;
	return true;
}

static void tail_advance(struct store *store)
{
	const struct group *group = &store->commit.group;
	const struct batch *batch = store->commit.batch;
	struct segment *segment = &store->segments[store->segment_count - 1];

	store->tail.offset += group->size;
	store->tail.sequence = group->sequence;
	store->tail.chain = group->crc;
	store->tail.last_index = group->last_index;
	store->tail.last_term = group->last_term;
	if (batch->index_max > segment->index_max)
		segment->index_max = batch->index_max;
	if (store->quarantined && !is_before(group->last_term, group->last_index,
					  store->meta.durable_term, store->meta.durable_index))
		store->quarantined = false;
	store->counted.groups++;
	store->counted.entries += batch->entries;
	store->counted.entry_bytes += batch->entry_bytes;
}

static void commit_end(struct store *store)
{
	struct batch *batch = store->commit.batch;
	uint64_t ticket = batch ? batch->ticket : 0;
	bool installed = batch && batch->installed;

	store->commit.phase = COMMIT_IDLE;
	store->commit.batch = NULL;
	if (!batch) {
		store->stopped = true;
		return;
	}
	batch->next = store->unused;
	store->unused = batch;
	store->done_ticket = ticket;
	if (installed)
		snapshot_on_reset(store);
}

static void group_or_end(struct store *store)
{
	if (store->commit.batch && store->commit.batch->payload > 0)
		group_begin(store);
	else
		commit_end(store);
}

// What was under way ended well.
void commit_on_done(struct store *store)
{
	struct commit *commit = &store->commit;

	switch (commit->phase) {
	case COMMIT_IDLE:
		break;
	case COMMIT_SLOT:
		commit->phase = COMMIT_SLOT_FLUSH;
		store_submit(store, DISK_FLUSH, store->meta_file, 0, NULL, 0, TOKEN_COMMIT, 0);
		break;
	case COMMIT_SLOT_FLUSH:
		if (++commit->slot < META_SLOTS) {
			slot_begin(store);
			break;
		}
		store->meta = commit->meta;
		group_or_end(store);
		break;
	case COMMIT_GROUP:
		commit->phase = COMMIT_GROUP_FLUSH;
		store_submit(store, DISK_FLUSH, store->tail.file, 0, NULL, 0, TOKEN_COMMIT, 0);
		break;
	case COMMIT_GROUP_FLUSH:
		tail_advance(store);
		commit_end(store);
		break;
	}
}

static void commit_begin(struct store *store, struct batch *batch, bool rotated)
{
	store->commit.batch = batch;
	if (!meta_next(store, batch, rotated)) {
		group_or_end(store);
		return;
	}
	store->commit.slot = 0;
	slot_begin(store);
}

static bool tail_has_room(const struct store *store, const struct batch *batch)
{
	const struct tail *tail = &store->tail;

	return batch->payload == 0 ||
	       (tail->segment != 0 && tail->offset + group_size(batch->payload) <= tail->size);
}

void commit_step(struct store *store)
{
	struct batch *batch = store->first;
	bool rotate;

	if (store->failed || store->commit.phase != COMMIT_IDLE)
		return;
	if (!batch) {
		if (store->stopping && !store->stopped)
			commit_begin(store, NULL, false);
		return;
	}
	rotate = !tail_has_room(store, batch);
	if (rotate && store->prepare.phase == PREPARE_FULL)
		segment_retry(store);
	if (store->failed)
		return;
	if (rotate && store->prepare.phase == PREPARE_FULL) {
		queue_refuse(store, -ENOSPC);
		return;
	}
	if (rotate && store->prepare.phase != PREPARE_READY)
		return; // it goes on when the segment is there
	store->first = batch->next;
	if (!store->first)
		store->last = NULL;
	batch->next = NULL;
	if (rotate)
		segment_rotate(store);
	commit_begin(store, batch, rotate && store->tail.sequence != 0);
}
