// The store: opened by what the disk has, turned by what the disk has done.
#include "control/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/internal.h"
#include "control/store/recover.h"

enum { TOKEN_SHIFT = 56 };

void *store_blocks(size_t size)
{
	return aligned_alloc(DISK_BLOCK, (size + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK);
}

bool store_submit(struct store *store, enum disk_op op, int file, uint64_t offset, void *bytes,
	uint32_t size, enum token token, uint64_t whose)
{
	if (store->failed)
		return false;
	if (!store->disk->ops->submit(store->disk, op, file, offset, bytes, size,
		    (uint64_t)token << TOKEN_SHIFT | whose)) {
		store_fail(store, -EAGAIN); // never: we keep far below DISK_REQUESTS_MAX
		return false;
	}
	store->under_way++;
	store->counted.flushes += op == DISK_FLUSH;
	return true;
}

// Nothing is begun any more. Everybody who waits is told by the next turn.
void store_fail(struct store *store, int error)
{
	if (!store->failed)
		store->failed = error;
}

uint64_t store_bytes(const struct store *store)
{
	uint64_t segments = store->segment_count + (store->prepare.file >= 0) + store->spare;
	uint64_t bytes = META_SLOTS * META_SLOT_SIZE + store->other_bytes + store->write.offset;

	for (uint32_t i = 0; i < store->snapshot_count; i++)
		bytes += store->snapshots[i].file_bytes;
	return bytes + segments * store->config.segment_bytes;
}

// ---- turn --------------------------------------------------------------------------------------

static void on_done(struct store *store, const struct disk_done *done)
{
	uint64_t whose = done->token & ((1ull << TOKEN_SHIFT) - 1);
	bool room = done->error == -ENOSPC || done->error == -EDQUOT;

	store->under_way--;
	switch ((enum token)(done->token >> TOKEN_SHIFT)) {
	case TOKEN_COMMIT:
		if (done->error < 0)
			store_fail(store, done->error);
		else if (!store->failed)
			commit_on_done(store);
		break;
	case TOKEN_SEGMENT:
		if (done->error < 0 && !room)
			store_fail(store, done->error);
		else if (!store->failed)
			segment_on_done(store, done->error);
		break;
	case TOKEN_SNAPSHOT:
		if (done->error < 0 && !room)
			store_fail(store, done->error);
		else if (!store->failed)
			snapshot_on_done(store, done->error);
		break;
	case TOKEN_NAMES:
		store->names_flushing = false;
		if (done->error < 0)
			store_fail(store, done->error);
		break;
	case TOKEN_READ:
		snapshot_read_on_done(store, whose, done->error);
		break;
	}
}

static void tell_failed(struct store *store)
{
	queue_end(store, UINT64_MAX, store->failed);
	snapshot_fail(store, store->failed);
}

void store_turn(struct store *store)
{
	struct disk_done done;

	if (store->in_turn) // from a callback
		return;
	store->in_turn = true;
	while (store->disk->ops->poll(store->disk, &done)) {
		on_done(store, &done);
		queue_end(store, store->done_ticket, 0);
	}
	snapshot_step(store);
	queue_end(store, store->done_ticket, 0);
	segment_step(store);
	commit_step(store);
	segment_names_step(store);
	queue_end(store, store->done_ticket, 0);
	if (store->failed)
		tell_failed(store);
	store->in_turn = false;
}

void store_stop(struct store *store)
{
	store->stopping = true;
}

bool store_idle(const struct store *store)
{
	if (store->under_way > 0)
		return false;
	if (store->failed)
		return store->waiters.count == 0;
	return !store->first && store->commit.phase == COMMIT_IDLE && store->waiters.count == 0 &&
	       !snapshot_busy(store) && (!store->stopping || store->stopped);
}

// ---- open --------------------------------------------------------------------------------------

static const char *config_wrong(const struct store_config *config)
{
	if (config->node == RAFT_NOBODY)
		return "a store belongs to a node: its id is 0";
	if (config->group_bytes < 2 * GROUP_BLOCK || config->group_bytes > STORE_GROUP_MAX ||
		config->group_bytes % GROUP_BLOCK != 0)
		return "group_bytes must be whole blocks of 4096, from 8192 to 4194304";
	if (config->segment_bytes % GROUP_BLOCK != 0 || config->segment_bytes < config->group_bytes)
		return "segment_bytes must be whole blocks of 4096, and hold a group";
	return NULL;
}

static void fill_recovered(struct store_recovered *out, const struct store *store,
	const struct recovery *r, uint64_t first, uint64_t last)
{
	const struct recover_snapshot *s =
		r->chosen < r->snapshots ? &r->snapshot[r->chosen] : NULL;

	out->verdict = r->verdict;
	memcpy(out->why, r->why, sizeof(out->why));
	if (r->verdict == STORE_REFUSED)
		return;
	out->first = first;
	out->last = last;
	out->torn_bytes = r->verdict == STORE_TORN ? r->torn_bytes : 0;
	out->boot.term = store->meta.term;
	out->boot.vote = store->meta.vote;
	if (s) {
		out->boot.snapshot_index = s->index;
		out->boot.snapshot_term = s->term;
		out->boot.snapshot_size = s->size;
		out->boot.conf = s->conf;
	}
	if (r->quarantined) {
		out->rotten_index = last + 1;
		out->boot.quarantined = true;
		out->boot.last_index = r->lost_index;
		out->boot.last_term = r->lost_term;
	}
}

static bool open_memory(struct store *store)
{
	uint32_t zeros = store->config.segment_bytes;

	if (zeros == 0 || zeros > STORE_ZEROS)
		zeros = STORE_ZEROS;
	store->zeros_bytes = zeros;
	store->zeros = store_blocks(zeros);
	store->commit.slot_bytes = store_blocks(META_SLOT_SIZE);
	if (!store->zeros || !store->commit.slot_bytes)
		return false;
	memset(store->zeros, 0, zeros);
	return true;
}

static bool open_recovered(struct store *store, struct store_recovered *recovered)
{
	struct recovery r = {0};
	const char *wrong = config_wrong(&store->config);
	uint64_t first, last;

	if (wrong)
		recover_why(&r, STORE_REFUSED, "%s", wrong);
	else if (!recover(&r, store->disk, &store->config)) {
		recover_free(&r);
		return false;
	}
	first = r.first;
	last = r.last;
	if (r.verdict != STORE_REFUSED)
		repair(store, &r);
	fill_recovered(recovered, store, &r, first, last);
	recover_free(&r);
	if (recovered->verdict == STORE_REFUSED)
		store->failed = -EINVAL;
	store->queued_index = store->tail.last_index;
	store->queued_term = store->tail.last_term;
	store->queued_state_term = store->meta.term;
	store->queued_state_vote = store->meta.vote;
	return true;
}

struct store *store_open(struct disk *disk, const struct store_config *config,
	const struct store_callbacks *callbacks, struct store_recovered *recovered)
{
	struct store *store = calloc(1, sizeof(*store));

	*recovered = (struct store_recovered){.first = 1};
	if (!store)
		return NULL;
	store->disk = disk;
	store->config = *config;
	store->callbacks = *callbacks;
	store->meta_file = store->tail.file = STORE_NO_FILE;
	store->prepare.file = store->write.file = STORE_NO_FILE;
	store->log.first = 1;
	if (!open_memory(store) || !open_recovered(store, recovered)) {
		store_free(store);
		return NULL;
	}
	return store;
}

static void close_file(struct store *store, int file)
{
	if (file >= 0)
		store->disk->ops->close(store->disk, file);
}

void store_free(struct store *store)
{
	close_file(store, store->meta_file);
	close_file(store, store->tail.file);
	close_file(store, store->prepare.file);
	close_file(store, store->write.file);
	for (uint32_t i = 0; i < store->snapshot_count; i++)
		close_file(store, store->snapshots[i].file);
	store_forget_recovered(store);
	queue_free(store);
	snapshot_free(store);
	snapshot_read_free(store);
	free(store->segments);
	free(store->zeros);
	free(store->commit.slot_bytes);
	free(store);
}

bool store_entry(struct store *store, uint64_t index, struct raft_entry *entry)
{
	const struct recovered_log *log = &store->log;

	if (!log->entry || index < log->first || index > log->last)
		return false;
	*entry = log->entry[index - log->first];
	return true;
}

void store_forget_recovered(struct store *store)
{
	struct recovered_log *log = &store->log;

	for (uint32_t i = 0; i < log->segments; i++)
		free(log->segment[i].bytes);
	free(log->segment);
	free(log->entry);
	*log = (struct recovered_log){.first = 1};
}

void store_status(const struct store *store, struct store_status *status)
{
	*status = store->counted;
	status->backend = store->disk->ops->name;
	status->failed = store->failed;
	status->full = store->full;
	status->durable = store->tail.last_index;
	status->first = store->segment_count > 0 ? store->segments[0].index_first : 0;
	status->snapshot_index = store->snapshot_count > 0 ? store->snapshots[0].index : 0;
	status->snapshot_size = store->snapshot_count > 0 ? store->snapshots[0].size : 0;
	status->segments = store->segment_count;
	status->bytes = store_bytes(store);
}
