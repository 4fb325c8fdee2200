// What the files of the replica share.
#pragma once

#include "control/cluster/raft/codec.h"
#include "control/cluster/replica/replica.h"

#define NEVER UINT64_MAX

enum waiting_kind { WAITING_NONE, WAITING_WRITE, WAITING_READ, WAITING_CHANGE };

// A request that has no answer yet. Its slot is sequence % config.requests.
struct waiting {
	enum waiting_kind kind;
	uint64_t sequence, cookie, deadline_ns;
	uint64_t again_ns;    // it is asked for again; NEVER: something is under way
	enum raft_result why; // it has not been done yet
	bool left;            // it was given to somebody who may do it
	uint64_t index, term; // where it was accepted, or what the read must see; 0: not known
	uint8_t *bytes;       // of a write or read: the request; owned
	uint32_t size;
};

// A chunk for another node, being read.
struct sending {
	bool used;
	struct raft_message message;
	struct raft_conf conf;
	uint8_t *bytes; // chunk_bytes
};

enum making { MAKING_NONE, MAKING_CHUNKS, MAKING_END };
enum receiving { RECEIVING_NONE, RECEIVING_CHUNKS, RECEIVING_END };

struct replica {
	struct replica_config config;
	struct replica_callbacks callbacks;
	void *memory; // of raft
	struct raft *raft;
	struct store *store;
	struct kv *kv;
	uint64_t now_ns;
	bool failed, halted;
	bool stirred;          // the store was given something to do
	uint64_t applied;      // index of the last entry that kv has
	uint64_t applied_term; // and its term
	uint64_t snapshots, installs, chunks_sent, unknown, refused;

	// requests.c
	struct waiting *waiting;
	uint64_t sequence; // of the last request
	uint64_t oldest;   // none before it waits
	uint64_t again_ns; // no request is asked for again before
	uint32_t waits, reads_ready;
	bool proposing;            // what is refused now never left this node
	struct kv_request request; // scratch: too large for a stack
	struct kv_result result;
	uint8_t *encoded; // KV_REQUEST_MAX

	// disk.c
	struct raft_entry *entry;                 // config.raft.log_entries
	struct raft_write given[RAFT_WRITES_MAX]; // to the store, without an end yet
	uint32_t gives, give_oldest;
	struct raft_write full; // what the disk had no room for, all in one; id 0: nothing
	uint64_t retry_ns;      // NEVER: nothing to try again

	// snapshot.c, install.c
	uint64_t generation; // of the snapshot in the store: ends of others are nobody's
	enum making making;
	uint64_t made_index, made_size;
	uint64_t since_entries, since_bytes; // applied since the last snapshot
	uint64_t made_entries, made_bytes;   // the same of the one that is made
	uint64_t rest_ns;                    // not before: the last one failed
	uint8_t *chunk;                      // chunk_bytes
	enum receiving receiving;
	uint64_t received_index, received_term;
	bool received_last;
	struct sending sending[REPLICA_SENDS_MAX];

	// pump.c
	struct raft_scratch scratch; // of the message that is read
	uint8_t *message;            // the one that is written
	size_t message_room;
};

static inline uint64_t replica_ms(uint64_t n)
{
	return n * 1000000u;
}

// boot.c: all that the disk has, into raft and kv. False: recovered->why says why not.
bool boot_load(struct replica *replica, struct store_recovered *recovered);

// pump.c: whatever the core wants done, until it wants nothing more.
void pump(struct replica *replica);
void pump_send(struct replica *replica, const struct raft_message *message);

// requests.c
void requests_apply(struct replica *replica, const struct raft_entry *entry);
void requests_on_outcome(struct replica *replica, const struct raft_outcome *outcome);
void requests_on_read(struct replica *replica, const struct raft_read *read);
void requests_on_applied(struct replica *replica); // reads that can be answered now
// Who was accepted in a term before this, at an index that is applied, has lost its place.
void requests_lost(struct replica *replica, uint64_t term);
void requests_on_tick(struct replica *replica);
uint64_t requests_next_ns(const struct replica *replica);
void requests_free(struct replica *replica);

// disk.c
bool disk_take_writes(struct replica *replica);
void disk_turn(struct replica *replica);
void disk_on_written(void *owner, uint64_t id, int error);
void disk_on_tick(struct replica *replica);
void disk_on_installed(struct replica *replica); // the log that was to be written is gone
void disk_failed(struct replica *replica);

// snapshot.c: chunks' ends of both directions come here first.
void snapshot_on_chunk(void *owner, uint64_t cookie, int error);
void snapshot_on_end(void *owner, uint64_t index, int error);
void snapshot_on_applied(struct replica *replica, const struct raft_entry *entry);
void snapshot_begin_due(struct replica *replica);
void snapshot_abort(struct replica *replica);
uint64_t snapshot_cookie(const struct replica *replica);

// install.c
void install_send(struct replica *replica, const struct raft_message *message);
void install_on_sent(struct replica *replica, uint64_t number, int error);
void install_take(struct replica *replica, const struct raft_chunk *chunk);
void install_on_chunk(struct replica *replica, int error);
void install_on_end(struct replica *replica, int error);
