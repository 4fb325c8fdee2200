// One member of the replicated state machine, whole but for sockets and clock: the Raft core, its
// store and the keys and values, wired together. Bytes of messages, the ends of what the disk did,
// clients' requests and the time go in; bytes of messages and answers come out by callback. The
// control process and the simulator run exactly this.
//
// Writes become entries and are answered by the node that took them when it applies them. Without a
// leader, or when one is lost, they are proposed again until request_ms: kv applies what is
// repeated once. Reads ask for an index (ReadIndex or lease) and are answered from the own state
// when it is applied: any member answers, linearizably. One thread; callbacks must not call back
// into the replica.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/kv/kv.h"
#include "control/cluster/raft/raft.h"
#include "control/store/store.h"

enum replica_limits {
	REPLICA_REQUESTS_MAX = KV_WINDOW / 2, // that wait for their answer
	REPLICA_SENDS_MAX = 8,                // chunks that are read for others at once
	REPLICA_AGAIN_MS = 20,   // after a refusal that will pass: who leads is not known, ...
	REPLICA_REPEAT_MS = 500, // and when what was passed on has no answer
};

struct replica_config {
	struct raft_config raft;
	struct store_config store; // node is raft.id
	struct kv_config kv;
	uint64_t boot;             // of this process: another one each time, not 0
	uint32_t requests;         // to REPLICA_REQUESTS_MAX
	uint32_t request_ms;       // then it is given up
	uint32_t snapshot_entries; // applied since the last one: time for the next
	uint32_t snapshot_bytes;   // the same in bytes
	uint32_t retry_ms;         // after the disk had no room
};

// What became of a request.
enum replica_outcome {
	REPLICA_DONE,    // `result` says what it did, or why not
	REPLICA_REFUSED, // it was not done, for sure: `why`
	REPLICA_UNKNOWN, // it may be done, now or later: `why`
};

struct replica_answer {
	enum replica_outcome outcome;
	enum raft_result why;           // not of DONE
	const struct kv_result *result; // DONE; NULL: a change of members. Until the callback ends
	uint64_t index;                 // of its entry; of a read: it saw everything up to here
};

struct replica_callbacks {
	// Borrows bytes. It may be lost.
	void (*send)(void *owner, uint64_t to, const uint8_t *bytes, size_t size);
	// Once for each request, perhaps before the call that brought it returns.
	void (*answer)(void *owner, uint64_t cookie, const struct replica_answer *answer);
	void *owner;
};

struct replica;

// Numbers for a LAN; the caller adds ids, seed and boot.
void replica_config_init(struct replica_config *config);
// NULL, or a sentence that says what is wrong.
const char *replica_config_check(const struct replica_config *config);

// Recovers from the disk, which it borrows. NULL: no memory, or this disk cannot be used;
// recovered->why says a sentence. Nothing on the disk was changed then.
struct replica *replica_new(const struct replica_config *config,
	const struct replica_callbacks *callbacks, struct disk *disk, uint64_t now_ns,
	struct store_recovered *recovered);
// A clean stop: no call but replica_disk_turn and these two afterwards, until it is idle.
void replica_stop(struct replica *replica);
bool replica_is_idle(const struct replica *replica);
// Who waits is not answered. It is idle, or its disk was freed before: memory may still be in use.
void replica_free(struct replica *replica);
// The first members of a new cluster, the same on each. False: there is a log already.
bool replica_bootstrap(struct replica *replica, uint64_t now_ns, const struct raft_conf *conf);

// Bytes that the authenticated node `from` sent; hostile all the same.
enum raft_result replica_on_message(
	struct replica *replica, uint64_t now_ns, uint64_t from, const uint8_t *bytes, size_t size);
void replica_on_tick(struct replica *replica, uint64_t now_ns);
uint64_t replica_next_ns(const struct replica *replica); // when to call it at the latest
// Something that the disk did may have ended (disk->wake_fd is readable).
void replica_disk_turn(struct replica *replica, uint64_t now_ns);

// Puts, deletes and transactions. Origin, boot and sequence of the request are the replica's.
void replica_write(struct replica *replica, uint64_t now_ns, uint64_t cookie,
	const struct kv_request *request);
// Comparisons and gets alone: sees every write that was answered before.
void replica_read(struct replica *replica, uint64_t now_ns, uint64_t cookie,
	const struct kv_request *request);
// The same of the state as it is here, which may be old: by name, so that nobody gets it unasked.
enum kv_status replica_read_stale(
	const struct replica *replica, const struct kv_request *request, struct kv_result *result);
// Members.
void replica_change(struct replica *replica, uint64_t now_ns, uint64_t cookie,
	const struct raft_change *changes, uint32_t count);
enum raft_result replica_transfer(struct replica *replica, uint64_t now_ns, uint64_t to);

struct replica_status {
	struct raft_status raft;
	struct store_status store;
	struct kv_state kv;
	uint32_t waiting;       // requests
	bool snapshot, install; // one is being made; one is being received
	bool no_room;           // the disk is full: nothing becomes durable until it is not
	bool halted;            // an entry of a newer version: it applies no further
	uint64_t snapshots, installs, chunks_sent, unknown, refused;
};
void replica_status(const struct replica *replica, struct replica_status *status);
// For whoever looks, or checks. Borrowed.
const struct raft *replica_raft(const struct replica *replica);
const struct kv *replica_kv(const struct replica *replica);
