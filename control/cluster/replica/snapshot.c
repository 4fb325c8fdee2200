// Snapshots of our own state, so that the log may go: made in chunks while entries are applied.
#include <errno.h>

#include "control/cluster/replica/internal.h"

enum { ENTRY_COST = 32 }; // of an entry in memory, beside its data

// The low byte: 0, of the snapshot that is made or received; else 1 + number of what is sent.
uint64_t snapshot_cookie(const struct replica *replica)
{
	return replica->generation << 8;
}

void snapshot_on_applied(struct replica *replica, const struct raft_entry *entry)
{
	replica->since_entries++;
	replica->since_bytes += entry->size + ENTRY_COST;
}

// Not again at once: what hindered it is still there. But as soon as it is not: what was to be in
// this one still waits, and the log may be full of it.
static void rest(struct replica *replica)
{
	replica->since_entries += replica->made_entries;
	replica->since_bytes += replica->made_bytes;
	replica->made_entries = replica->made_bytes = 0;
	replica->rest_ns = replica->now_ns + replica_ms(replica->config.retry_ms);
}

void snapshot_abort(struct replica *replica)
{
	if (replica->making == MAKING_CHUNKS)
		kv_snapshot_end(replica->kv);
	store_snapshot_abort(replica->store);
	replica->making = MAKING_NONE;
	replica->generation++;
	replica->stirred = true;
	rest(replica);
}

static void next(struct replica *replica)
{
	size_t size =
		kv_snapshot_next(replica->kv, replica->chunk, replica->config.raft.chunk_bytes);

	replica->stirred = true;
	replica->made_size += size;
	if (!size) {
		kv_snapshot_end(replica->kv);
		replica->making = MAKING_END;
		store_snapshot_end(replica->store);
	} else if (store_snapshot_add(replica->store, snapshot_cookie(replica), replica->chunk,
			   (uint32_t)size) < 0) {
		snapshot_abort(replica);
	}
}

static bool is_due(const struct replica *replica)
{
	if (replica->making || replica->receiving || replica->failed || replica->halted ||
		replica->now_ns < replica->rest_ns)
		return false;
	return replica->since_entries >= replica->config.snapshot_entries ||
	       replica->since_bytes >= replica->config.snapshot_bytes;
}

void snapshot_begin_due(struct replica *replica)
{
	struct raft_conf conf;

	if (!is_due(replica) || !raft_conf_at(replica->raft, replica->applied, &conf))
		return;
	if (store_snapshot_begin(
		    replica->store, replica->applied, replica->applied_term, &conf, false) < 0) {
		rest(replica);
		return;
	}
	kv_snapshot_begin(replica->kv);
	replica->generation++;
	replica->making = MAKING_CHUNKS;
	replica->made_index = replica->applied;
	replica->made_size = 0;
	replica->made_entries = replica->since_entries;
	replica->made_bytes = replica->since_bytes;
	replica->since_entries = replica->since_bytes = 0;
	next(replica);
}

static void on_chunk(struct replica *replica, int error)
{
	if (replica->making != MAKING_CHUNKS)
		return;
	if (error)
		snapshot_abort(replica);
	else
		next(replica);
}

void snapshot_on_chunk(void *owner, uint64_t cookie, int error)
{
	struct replica *replica = owner;

	if (cookie & 0xff)
		install_on_sent(replica, (cookie & 0xff) - 1, error);
	else if (cookie != snapshot_cookie(replica))
		return;
	else if (replica->receiving)
		install_on_chunk(replica, error);
	else
		on_chunk(replica, error);
}

void snapshot_on_end(void *owner, uint64_t index, int error)
{
	struct replica *replica = owner;

	if (replica->receiving == RECEIVING_END && index == replica->received_index) {
		install_on_end(replica, error);
		return;
	}
	if (replica->making != MAKING_END || index != replica->made_index)
		return;
	replica->making = MAKING_NONE;
	if (error) {
		rest(replica);
		return;
	}
	replica->made_entries = replica->made_bytes = 0;
	replica->snapshots++;
	raft_compacted(replica->raft, index, replica->made_size);
	store_compact(replica->store, index);
	replica->stirred = true;
}
