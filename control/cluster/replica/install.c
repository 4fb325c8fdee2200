// Snapshots between nodes: chunks of ours that are read and sent, chunks of the leader's that are
// written and become our state.
#include <errno.h>

#include "control/cluster/replica/internal.h"

// Without a free slot it is as if it were lost.
void install_send(struct replica *replica, const struct raft_message *message)
{
	for (uint32_t i = 0; i < REPLICA_SENDS_MAX; i++) {
		struct sending *sending = &replica->sending[i];

		if (sending->used)
			continue;
		sending->message = *message;
		sending->conf = *message->conf;
		sending->message.conf = &sending->conf;
		sending->message.data = sending->bytes;
		sending->used = store_snapshot_read(replica->store, i + 1, message->index,
					message->offset, sending->bytes, message->size) >= 0;
		replica->stirred = true;
		return;
	}
}

void install_on_sent(struct replica *replica, uint64_t number, int error)
{
	struct sending *sending = &replica->sending[number];

	sending->used = false;
	if (error)
		return;
	replica->chunks_sent++;
	pump_send(replica, &sending->message);
}

static void give_up(struct replica *replica)
{
	store_snapshot_abort(replica->store);
	replica->receiving = RECEIVING_NONE;
	replica->generation++;
	replica->stirred = true;
	raft_on_chunk(replica->raft, replica->now_ns, false);
}

static bool begin(struct replica *replica, const struct raft_chunk *chunk)
{
	if (replica->making)
		snapshot_abort(replica);
	if (replica->receiving)
		store_snapshot_abort(replica->store);
	replica->generation++;
	replica->receiving = RECEIVING_CHUNKS;
	replica->received_index = chunk->index;
	replica->received_term = chunk->term;
	kv_restore_begin(replica->kv);
	return store_snapshot_begin(replica->store, chunk->index, chunk->term, chunk->conf, true) >=
	       0;
}

void install_take(struct replica *replica, const struct raft_chunk *chunk)
{
	bool ok = !chunk->offset ? begin(replica, chunk)
				 : replica->receiving == RECEIVING_CHUNKS &&
					   replica->received_index == chunk->index &&
					   replica->received_term == chunk->term;

	replica->received_last = chunk->offset + chunk->size == chunk->total;
	replica->stirred = true;
	if (!ok || kv_restore_add(replica->kv, chunk->data, chunk->size) != KV_RESTORE_OK ||
		store_snapshot_add(
			replica->store, snapshot_cookie(replica), chunk->data, chunk->size) < 0)
		give_up(replica);
}

void install_on_chunk(struct replica *replica, int error)
{
	if (error) {
		give_up(replica);
		return;
	}
	raft_on_chunk(replica->raft, replica->now_ns, true);
	if (!replica->received_last)
		return;
	replica->receiving = RECEIVING_END;
	replica->stirred = true;
	store_snapshot_end(replica->store);
}

// It is the new beginning on the disk: the state must follow, or this process is of no use.
static bool adopt(struct replica *replica)
{
	struct kv_state state;

	if (kv_restore_end(replica->kv) != KV_RESTORE_OK)
		return false;
	kv_state(replica->kv, &state);
	if (state.applied != replica->received_index)
		return false;
	replica->applied = replica->received_index;
	replica->applied_term = replica->received_term;
	replica->since_entries = replica->since_bytes = 0;
	replica->installs++;
	return true;
}

void install_on_end(struct replica *replica, int error)
{
	replica->receiving = RECEIVING_NONE;
	if (error && error != -ENOSPC)
		disk_failed(replica);
	if (!error && !adopt(replica)) {
		replica->halted = true;
		disk_failed(replica);
		error = -EILSEQ;
	}
	raft_on_installed(replica->raft, replica->now_ns, error == 0);
	if (error)
		return;
	disk_on_installed(replica);
	requests_lost(replica, NEVER);
	requests_on_applied(replica);
}
