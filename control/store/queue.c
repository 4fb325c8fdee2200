// What waits to become durable: batches in order, and who is told when.
#include "control/store/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static bool waiters_add(struct waiters *waiters, uint64_t id, uint64_t ticket)
{
	if (waiters->count == waiters->room) {
		uint32_t room = waiters->room ? 2 * waiters->room : 64;
		struct waiter *grown = malloc(room * sizeof(*grown));

		if (!grown)
			return false;
		for (uint32_t i = 0; i < waiters->count; i++)
			grown[i] = waiters->waiter[(waiters->first + i) & (waiters->room - 1)];
		free(waiters->waiter);
		*waiters = (struct waiters){.waiter = grown, .count = waiters->count, .room = room};
	}
	waiters->waiter[(waiters->first + waiters->count) & (waiters->room - 1)] =
		(struct waiter){.id = id, .ticket = ticket};
	waiters->count++;
	return true;
}

static struct batch *batch_new(struct store *store)
{
	struct batch *batch = store->unused;
	uint8_t *bytes;

	if (batch) {
		store->unused = batch->next;
		bytes = batch->bytes;
	} else {
		batch = malloc(sizeof(*batch));
		bytes = batch ? store_blocks(store->config.group_bytes) : NULL;
		if (!bytes) {
			free(batch);
			store_fail(store, -ENOMEM);
			return NULL;
		}
	}
	*batch = (struct batch){
		.bytes = bytes,
		.ticket = ++store->ticket,
		.last_index = store->queued_index,
		.last_term = store->queued_term,
	};
	if (store->last)
		store->last->next = batch;
	else
		store->first = batch;
	store->last = batch;
	return batch;
}

// The last batch, if it has room for a record of so many bytes (0: none), or a new one.
struct batch *queue_batch(struct store *store, uint32_t record_size)
{
	uint32_t room = group_room(store->config.group_bytes);

	if (record_size > room) {
		store_fail(store, -EMSGSIZE);
		return NULL;
	}
	if (store->last && store->last->payload + record_size <= room)
		return store->last;
	return batch_new(store);
}

static bool add(struct store *store, const struct record *record)
{
	struct batch *batch = queue_batch(store, group_record_size(record->size));

	if (!batch)
		return false;
	batch->payload = group_add(batch->bytes, batch->payload, record);
	batch->records++;
	batch->last_index = store->queued_index;
	batch->last_term = store->queued_term;
	return true;
}

static void cut(struct store *store, uint64_t index)
{
	struct batch *batch = store->last;

	if (batch && (batch->cut == 0 || index < batch->cut))
		batch->cut = index;
}

// The log on the disk is void since a snapshot took its place, but does not say so yet.
static bool add_pending_reset(struct store *store)
{
	if (!store->reset_pending)
		return true;
	if (!add(store, &(struct record){.type = RECORD_RESET,
				.index = store->queued_index,
				.term = store->queued_term}))
		return false;
	store->reset_pending = false;
	store->last->reset = true;
	cut(store, store->queued_index + 1);
	return true;
}

static bool add_truncate(struct store *store, uint64_t index)
{
	store->queued_index = index - 1;
	store->queued_term = 0; // nobody says; entries follow, as a rule
	if (!add(store, &(struct record){.type = RECORD_TRUNCATE, .index = index}))
		return false;
	cut(store, index);
	return true;
}

static bool add_entry(struct store *store, const struct raft_entry *entry)
{
	store->queued_index = entry->index;
	store->queued_term = entry->term;
	if (!add(store, &(struct record){.type = RECORD_ENTRY,
				.kind = (uint8_t)entry->kind,
				.index = entry->index,
				.term = entry->term,
				.size = entry->size,
				.data = entry->data}))
		return false;
	if (entry->index > store->last->index_max)
		store->last->index_max = entry->index;
	store->last->entries++;
	store->last->entry_bytes += entry->size;
	return true;
}

static bool add_entries(
	struct store *store, const struct raft_write *write, const struct raft_entry *entry)
{
	uint64_t from = write->truncate;

	if (write->first <= write->last && (from == 0 || write->first < from))
		from = write->first; // what is written again takes the place of what was there
	if ((from != 0 && from <= store->queued_index) || write->first <= write->last)
		if (!add_pending_reset(store))
			return false;
	if (from != 0 && from <= store->queued_index && !add_truncate(store, from))
		return false;
	for (uint64_t i = write->first; i <= write->last; i++) {
		assert(entry[i - write->first].index == i);
		if (!add_entry(store, &entry[i - write->first]))
			return false;
	}
	return true;
}

static void add_state(struct store *store, const struct raft_write *write)
{
	struct batch *batch = queue_batch(store, 0);

	if (!batch)
		return;
	batch->state = true;
	batch->term = store->queued_state_term = write->term;
	batch->vote = store->queued_state_vote = write->vote;
}

// What was written last has this number.
static uint64_t newest_ticket(const struct store *store)
{
	if (store->last)
		return store->last->ticket;
	return store->commit.batch ? store->commit.batch->ticket : 0;
}

void store_write(
	struct store *store, const struct raft_write *write, const struct raft_entry *entry)
{
	bool entries = write->first <= write->last;
	bool gap = entries && write->first > store->queued_index + 1;

	assert(!store->stopping && (!gap || store->refused || store->failed));
	store->counted.writes++;
	if (gap && !store->failed) { // the one before it was refused for want of room
		if (!waiters_add(&store->waiters, write->id, UINT64_MAX))
			store_fail(store, -ENOMEM);
		return;
	}
	if (!store->failed) {
		// Metadata goes first, so that no entry is of a later term than it.
		if (write->state || write->term > store->queued_state_term)
			add_state(store, write);
		if (!store->failed && (entries || write->truncate != 0) &&
			add_entries(store, write, entry))
			store->refused = false;
	}
	// Of a store that stopped nothing is durable, whatever its last ticket was.
	if (!waiters_add(
		    &store->waiters, write->id, store->failed ? UINT64_MAX : newest_ticket(store)))
		store_fail(store, -ENOMEM);
}

void queue_reset(struct store *store, uint64_t index, uint64_t term)
{
	store->reset_pending = false;
	store->queued_index = index;
	store->queued_term = term;
	if (!add(store, &(struct record){.type = RECORD_RESET, .index = index, .term = term}))
		return;
	cut(store, index + 1);
	store->last->reset = true;
	store->last->installed = true;
}

static struct waiter waiters_take(struct waiters *waiters)
{
	struct waiter waiter = waiters->waiter[waiters->first];

	waiters->first = (waiters->first + 1) & (waiters->room - 1);
	waiters->count--;
	return waiter;
}

// Tells everybody whose ticket is done. One that was refused is told in its turn.
void queue_end(struct store *store, uint64_t ticket, int error)
{
	while (store->waiters.count > 0) {
		const struct waiter *next = &store->waiters.waiter[store->waiters.first];
		struct waiter waiter;
		int why = error;

		if (next->ticket == UINT64_MAX && error == 0)
			why = store->failed ? store->failed : -ENOSPC;
		if (next->ticket > ticket && next->ticket != UINT64_MAX)
			break;
		waiter = waiters_take(&store->waiters);
		store->callbacks.on_written(store->callbacks.owner, waiter.id, why);
	}
}

static void batch_drop(struct store *store, struct batch *batch)
{
	batch->next = store->unused;
	store->unused = batch;
}

// All that waits is refused, and the log goes on where the disk has it.
void queue_refuse(struct store *store, int error)
{
	bool installed = false;

	while (store->first) {
		struct batch *batch = store->first;

		store->first = batch->next;
		store->reset_pending |= batch->reset && !batch->installed;
		installed |= batch->installed;
		batch_drop(store, batch);
	}
	store->last = NULL;
	store->refused = true;
	if (installed)
		snapshot_refused(store);
	store->queued_index = store->tail.last_index;
	store->queued_term = store->tail.last_term;
	store->queued_state_term = store->meta.term;
	store->queued_state_vote = store->meta.vote;
	queue_end(store, store->ticket, error);
}

void queue_free(struct store *store)
{
	while (store->first) {
		struct batch *batch = store->first;

		store->first = batch->next;
		batch_drop(store, batch);
	}
	if (store->commit.batch)
		batch_drop(store, store->commit.batch);
	while (store->unused) {
		struct batch *batch = store->unused;

		store->unused = batch->next;
		free(batch->bytes);
		free(batch);
	}
	free(store->waiters.waiter);
}
