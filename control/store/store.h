// What a node must not forget: term and vote, the log, snapshots. Appends are gathered in groups,
// one flush each; every group begins on a fresh block of 4 KiB and carries the CRC chain of the one
// before, so that a torn tail (cut off) is told from rot (quarantine). An error of a write or a
// flush is never tried again: the store stops. No clock, and no I/O but by disk.h. Format:
// docs/store.md.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"
#include "control/store/disk.h"

enum store_limits {
	STORE_GROUP_MAX = 4 * 1024 * 1024, // bytes of one group
	STORE_CHUNK_MAX = 1024 * 1024,     // bytes of one store_snapshot_add
	STORE_IDENTITY_SIZE = 16,
};

struct store_config {
	uint8_t cluster[STORE_IDENTITY_SIZE]; // zeros: take the one that the disk has
	uint64_t node;                        // raft id; another's disk is refused
	uint32_t segment_bytes; // 64 MiB; tests take less. Preallocated and written with zeros
	uint32_t group_bytes;   // to STORE_GROUP_MAX
	uint64_t bytes_max;     // of all files; 0: until the disk is full
};

enum store_verdict {
	STORE_EMPTY, // a new one
	STORE_CLEAN,
	STORE_TORN,    // a tail that was never acknowledged was cut off
	STORE_ROTTEN,  // what was durable is damaged: the log ends before it
	STORE_REFUSED, // why: another node's or cluster's, a newer format, both metadata slots bad,
		       // cannot be read. Nothing was changed
};

struct store_recovered {
	enum store_verdict verdict;
	struct raft_boot boot; // quarantined and what follows: of a rotten one
	uint64_t first, last;  // entries of the log; first > last: none
	uint64_t torn_bytes;
	uint64_t rotten_index; // the first that is lost
	char why[256];         // TORN, ROTTEN, REFUSED: a sentence
};

// How a request ended. error: 0, or negative errno: -ENOSPC: nothing was written and the store goes
// on; anything else: the store stopped.
struct store_callbacks {
	void (*on_written)(void *owner, uint64_t id, int error);     // ids of store_write, in order
	void (*on_snapshot)(void *owner, uint64_t index, int error); // of store_snapshot_end
	// Of store_snapshot_add, _read. A read that fails (-EUCLEAN: rot) stops nothing.
	void (*on_chunk)(void *owner, uint64_t cookie, int error);
	void *owner;
};

struct store;

// Whether the folder has a store; then `cluster` is whose (zeros: it cannot be read, and store_open
// says why). For start only: waits.
bool store_peek(struct disk *disk, uint8_t cluster[STORE_IDENTITY_SIZE]);
// Borrows disk. Recovers; then store_entry walks what was found until store_forget_recovered. NULL:
// no memory. A refused store takes no writes: free it. What was recovered is durable, also what a
// crash had left half done.
struct store *store_open(struct disk *disk, const struct store_config *config,
	const struct store_callbacks *callbacks, struct store_recovered *recovered);
// Whatever is under way must have ended (store_idle), or its memory is still the disk's: free the
// disk first then.
void store_free(struct store *store);
bool store_entry(struct store *store, uint64_t index, struct raft_entry *entry);
void store_forget_recovered(struct store *store);
// A clean stop: writes down how far the log is durable, so that rot of its very end is seen, too.
// Over when store_idle. No store_write after it.
void store_stop(struct store *store);
bool store_idle(const struct store *store); // nothing waits and nothing is under way

// Takes the ends of what the disk did and begins what comes next; to be called when disk->wake_fd
// is readable and after a batch of store_write.
void store_turn(struct store *store);
// Copies. `entry` has last - first + 1 of them.
void store_write(
	struct store *store, const struct raft_write *write, const struct raft_entry *entry);
// Nobody needs entries up to `index` any more: whole segments before it are used again.
void store_compact(struct store *store, uint64_t index);

// A snapshot, in order: begin, add..., end (checked, durable, the older of two before it removed).
// `received`: one of another node: with its end the log before and after it is gone, and it is the
// new beginning; no entries are written between begin and on_snapshot. One at a time, and one add:
// -EBUSY. -EEXIST: there is one up to `index` or further. -ENOSPC: it is given up, no more.
int store_snapshot_begin(struct store *store, uint64_t index, uint64_t term,
	const struct raft_conf *conf, bool received);
int store_snapshot_add(
	struct store *store, uint64_t cookie, const uint8_t *bytes, uint32_t size); // copies
void store_snapshot_end(struct store *store);
void store_snapshot_abort(struct store *store);
// Of the newest snapshot, or the one before it; `bytes` stays put until on_chunk. Checked by CRC.
int store_snapshot_read(struct store *store, uint64_t cookie, uint64_t index, uint64_t offset,
	uint8_t *bytes, uint32_t size);
// For start only: waits. Bytes read, or negative errno (-EUCLEAN: rot).
int64_t store_snapshot_read_now(
	struct store *store, uint64_t index, uint64_t offset, uint8_t *bytes, uint32_t size);

struct store_status {
	const char *backend;
	int failed; // 0, or the errno that stopped it
	bool full;  // ENOSPC: tried again when there is room
	uint64_t durable, first, snapshot_index, snapshot_size;
	uint64_t segments, bytes; // of files
	uint64_t groups, writes, flushes, entries, entry_bytes;
};
void store_status(const struct store *store, struct store_status *status);
