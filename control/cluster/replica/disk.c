// What the core wants to be durable, and what the store says became of it. Without room for it
// everything that follows waits, too: it is tried again as one write, until there is room.
#include <assert.h>
#include <errno.h>

#include "control/cluster/replica/internal.h"

static bool has_entries(const struct raft_write *write)
{
	return write->first <= write->last;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a && a < b ? a : b;
}

// `into` and then `next`, as one.
static void merge(struct raft_write *into, const struct raft_write *next)
{
	if (!into->id) {
		*into = *next;
		return;
	}
	into->id = next->id;
	into->term = next->term;
	into->vote = next->vote;
	into->state |= next->state;
	if (next->truncate && has_entries(into) && next->truncate > into->first) {
		if (into->last >= next->truncate)
			into->last = next->truncate - 1;
	} else if (next->truncate) {
		into->last = into->first - 1;
		into->truncate = lesser(into->truncate, next->truncate);
	}
	if (has_entries(next) && !has_entries(into))
		into->first = next->first;
	if (has_entries(next))
		into->last = next->last;
}

static void give(struct replica *replica, const struct raft_write *write)
{
	uint64_t count = has_entries(write) ? write->last - write->first + 1 : 0;

	assert(count <= replica->config.raft.log_entries && replica->gives < RAFT_WRITES_MAX);
	for (uint64_t i = 0; i < count; i++) {
		bool there = raft_entry(replica->raft, write->first + i, &replica->entry[i]);

		assert(there);
		(void)there;
	}
	replica->given[(replica->give_oldest + replica->gives++) % RAFT_WRITES_MAX] = *write;
	replica->stirred = true;
	store_write(replica->store, write, replica->entry);
}

bool disk_take_writes(struct replica *replica)
{
	struct raft_write write;
	bool any = false;

	for (; raft_take_write(replica->raft, replica->now_ns, &write); any = true) {
		if (replica->full.id)
			merge(&replica->full, &write);
		else
			give(replica, &write);
	}
	return any;
}

void disk_failed(struct replica *replica)
{
	if (replica->failed)
		return;
	replica->failed = true;
	replica->retry_ns = NEVER;
	raft_on_failed(replica->raft, replica->now_ns);
}

void disk_turn(struct replica *replica)
{
	struct store_status status;

	replica->stirred = false;
	store_turn(replica->store);
	// It may have stopped although no write of ours was under way.
	store_status(replica->store, &status);
	if (status.failed)
		disk_failed(replica);
}

void disk_on_written(void *owner, uint64_t id, int error)
{
	struct replica *replica = owner;
	const struct raft_write *write = &replica->given[replica->give_oldest];

	assert(replica->gives && write->id == id);
	replica->give_oldest = (replica->give_oldest + 1) % RAFT_WRITES_MAX;
	replica->gives--;
	if (error == -ENOSPC) {
		merge(&replica->full, write);
		replica->retry_ns = replica->now_ns + replica_ms(replica->config.retry_ms);
	} else if (error || replica->full.id) {
		// A write behind one that is not there: there would be a gap.
		disk_failed(replica);
	} else {
		raft_on_written(replica->raft, replica->now_ns, id);
	}
}

void disk_on_tick(struct replica *replica)
{
	struct raft_write write = replica->full;

	if (replica->now_ns < replica->retry_ns || replica->failed)
		return;
	// A snapshot is taking the place of this log: what is older must not come after it.
	if (replica->gives || replica->receiving == RECEIVING_END) {
		replica->retry_ns = replica->now_ns + replica_ms(replica->config.retry_ms);
		return;
	}
	replica->full = (struct raft_write){0};
	replica->retry_ns = NEVER;
	give(replica, &write);
}

void disk_on_installed(struct replica *replica)
{
	if (!replica->full.id)
		return;
	replica->full.first = 1;
	replica->full.last = replica->full.truncate = 0;
}
