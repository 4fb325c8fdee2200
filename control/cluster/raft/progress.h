// What a leader knows of one member, and what is under way to it. PROBE: one message at a time,
// until it is known where the logs meet. REPLICATE: messages follow each other without waiting,
// bounded in number and bytes. SNAPSHOT: chunk by chunk.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

struct progress_message {
	uint64_t last; // index of its last entry
	uint32_t bytes;
};

struct progress {
	uint64_t id, session;
	uint64_t match; // durable there
	uint64_t next;  // to be sent; in REPLICATE it runs ahead of what was answered
	enum raft_progress_state state;
	bool waits;                       // PROBE, SNAPSHOT: for an answer to what was sent
	bool active;                      // heard of; whoever judges that sets it back
	bool quarantined;                 // as it says of itself
	bool idle;                        // nothing came since the last progress_on_heartbeat
	uint64_t snapshot, offset, total; // SNAPSHOT: which, the next byte wanted, all of it
	struct progress_message *message; // in flight, oldest at `oldest`
	uint32_t messages_max, bytes_max;
	uint32_t oldest, messages, bytes;
};

// Bytes of memory for messages in flight, aligned to 8.
size_t progress_size(uint32_t messages_max);
// Borrows memory, for as long as the struct is used for whomever.
void progress_init(
	struct progress *progress, void *memory, uint32_t messages_max, uint32_t bytes_max);
// Nothing is known of this one; try `next`.
void progress_reset(struct progress *progress, uint64_t id, uint64_t session, uint64_t next);

// Nothing may be sent now.
bool progress_is_paused(const struct progress *progress);
// Entries next to last were sent, `bytes` of them; last < next: none, a question. Not in SNAPSHOT.
void progress_sent(struct progress *progress, uint64_t last, uint32_t bytes);

// It has everything up to `index`. False: that was known. In PROBE, and in SNAPSHOT when that
// covers the snapshot, REPLICATE begins.
bool progress_accept(struct progress *progress, uint64_t index);
// It does not have `index` as we do; up to `hint` it may. False: an old answer that says nothing
// new. Else PROBE, at a `next` that is smaller (but for what was sent without waiting), and nothing
// is waited for.
bool progress_reject(struct progress *progress, uint64_t index, uint64_t hint);
// It has `index` as we do, but no room for what follows: PROBE from there, and nothing is sent
// before a heartbeat was answered. Nothing happens by an old answer.
void progress_refuse(struct progress *progress, uint64_t index);
// Its log is damaged and ends with `index`: the only case where match goes back.
void progress_set_back(struct progress *progress, uint64_t index);

// A heartbeat was answered, and nothing else since the one before: what is in flight may be lost,
// or the answers. In PROBE and SNAPSHOT nothing is waited for any more: it is sent again. In
// REPLICATE true: ask with an APPEND without entries that follows next - 1; a follower that lacks
// something rejects it.
bool progress_on_heartbeat(struct progress *progress);

// From now on this snapshot is sent, `total` bytes of it.
void progress_start_snapshot(struct progress *progress, uint64_t snapshot, uint64_t total);
void progress_sent_chunk(struct progress *progress);
// It wants `offset` next. False: another snapshot, more than there is, or not asked for.
bool progress_wants_chunk(struct progress *progress, uint64_t snapshot, uint64_t offset);
// The snapshot is there (match says so already), failed, or is not to be had any more: PROBE.
void progress_end_snapshot(struct progress *progress, bool installed);
