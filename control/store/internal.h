// The store from within: one commit under way at a time (commit.c), the next segment prepared
// beside it (segment.c), one snapshot written (snapshot_write.c) and some read (snapshot_read.c).
#pragma once

#include "control/store/group.h"
#include "control/store/meta.h"
#include "control/store/snapfile.h"
#include "control/store/store.h"

enum {
	STORE_ZEROS = 1024 * 1024, // bytes of one write of zeros, or one read at start
	STORE_READS_MAX = 8,       // of snapshots, under way
	STORE_SNAPSHOTS = 2,       // kept
	STORE_NO_FILE = -2,        // as a file (DISK_FOLDER is -1)
};

// Who asked the disk; the rest of a token is whose.
enum token { TOKEN_COMMIT = 1, TOKEN_SEGMENT, TOKEN_SNAPSHOT, TOKEN_NAMES, TOKEN_READ };

// What becomes durable together: perhaps a change of term and vote, perhaps a group.
struct batch {
	struct batch *next;
	uint8_t *bytes; // config.group_bytes
	uint32_t payload, records;
	uint64_t ticket;                // ids with this number end with it
	uint64_t last_index, last_term; // of the log after it
	uint64_t index_max;             // of its entries
	uint64_t cut;                   // the lowest entry that it takes away; 0: none
	bool state;
	uint64_t term, vote;
	uint64_t entries, entry_bytes;
	bool reset;     // begins with RECORD_RESET
	bool installed; // which ends a received snapshot
};

// A write whose end was not told yet.
struct waiter {
	uint64_t id, ticket;
};

struct waiters { // a ring
	struct waiter *waiter;
	uint32_t first, count, room; // room: a power of two
};

enum commit_phase {
	COMMIT_IDLE,
	COMMIT_SLOT, // metadata: write, flush, for each slot
	COMMIT_SLOT_FLUSH,
	COMMIT_GROUP,
	COMMIT_GROUP_FLUSH,
};

struct commit {
	enum commit_phase phase;
	uint32_t slot;
	struct batch *batch; // under way; NULL: metadata alone
	struct group group;  // of it
	struct meta meta;    // that is being written
	uint8_t *slot_bytes;
};

struct segment {
	uint64_t number;
	uint64_t index_first; // the entry that its first group may begin with
	uint64_t index_max;   // of the entries that were ever in it
};

enum prepare_phase {
	PREPARE_NONE,
	PREPARE_ZEROS,
	PREPARE_FLUSH,
	PREPARE_FOLDER,
	PREPARE_READY,
	PREPARE_FULL, // there was no room; tried again when somebody needs it
};

struct prepare {
	enum prepare_phase phase;
	int file;
	uint64_t number, size, zeroed;
};

// The end of the log: where the next group goes.
struct tail {
	int file;
	uint64_t segment, offset, size; // of the active segment; segment 0: none yet
	uint64_t sequence;              // of the last group
	uint32_t chain;                 // its CRC
	uint64_t last_index, last_term; // of the log
};

struct snapshot {
	uint64_t index, term, size;
	uint64_t file_bytes;
	int file;
	uint32_t reads; // under way
};

enum snapshot_phase {
	SNAPSHOT_NONE,
	SNAPSHOT_OPEN, // waits for the caller
	SNAPSHOT_CHUNK,
	SNAPSHOT_END, // the last bytes are being written
	SNAPSHOT_FLUSH,
	SNAPSHOT_FOLDER,
	SNAPSHOT_RESET, // received: the log is being replaced
	SNAPSHOT_ABORT, // given up: the end of what is under way is awaited
};

struct snapshot_write {
	enum snapshot_phase phase;
	int file;
	bool received;
	bool ending; // asked while a chunk was under way
	bool chunk;  // on_chunk is owed, for `cookie`
	uint64_t cookie;
	uint64_t index, term;
	uint64_t size;   // bytes that were added
	uint64_t unit;   // number of the first in the staging memory
	uint64_t offset; // of the file: the end of what was written
	uint32_t used;   // bytes of the caller's in the staging memory
	uint32_t units;  // that are being written
	uint32_t chain;
	uint8_t *staging; // header, units, trailer: as they are on the disk
};

struct snapshot_read {
	bool used;
	uint64_t cookie, index;
	uint64_t offset; // of the snapshot: the next byte wanted
	uint8_t *to;
	uint32_t left;
	uint8_t *unit;
};

// What was found at start, until it is forgotten.
struct recovered_log {
	struct raft_entry *entry; // `first` is the first
	uint64_t first, last;
	struct recover_segment *segment; // entries point into these
	uint32_t segments;
};

struct store {
	struct disk *disk;
	struct store_config config;
	struct store_callbacks callbacks;
	int failed;
	bool full, refused, stopping, stopped, in_turn;
	uint64_t under_way; // requests of the disk

	int meta_file;
	struct meta meta; // durable
	bool quarantined; // until the log reaches (meta.durable_term, meta.durable_index)

	struct commit commit;
	struct waiters waiters;
	struct batch *first, *last; // filled, in order; the last one is open for more
	struct batch *unused;
	uint64_t ticket, done_ticket;       // of the last batch, and of the last that is durable
	uint64_t queued_index, queued_term; // the log's last with everything that waits
	uint64_t queued_state_term, queued_state_vote;
	bool reset_pending; // the log on the disk is void: the next group says so first

	struct tail tail;
	struct prepare prepare;
	uint8_t *zeros;
	uint32_t zeros_bytes;
	struct segment *segments; // ascending, the active one last
	uint32_t segment_count, segment_room;
	bool spare;         // there is a file of that name
	bool names_changed; // the folder wants a flush, some time
	bool names_flushing;
	uint64_t other_bytes; // of evidence

	struct snapshot snapshots[STORE_SNAPSHOTS + 1]; // newest first
	uint32_t snapshot_count;
	struct snapshot_write write;
	struct snapshot_read reads[STORE_READS_MAX];

	struct recovered_log log;
	struct store_status counted; // the counters of it
};

// store.c
void store_fail(struct store *store, int error);
bool store_submit(struct store *store, enum disk_op op, int file, uint64_t offset, void *bytes,
	uint32_t size, enum token token, uint64_t whose);
uint64_t store_bytes(const struct store *store);
void *store_blocks(size_t size); // aligned, or NULL

// queue.c
struct batch *queue_batch(struct store *store, uint32_t record_size);
void queue_reset(struct store *store, uint64_t index, uint64_t term); // a received snapshot's
void queue_end(struct store *store, uint64_t ticket, int error);
void queue_refuse(struct store *store, int error);
void queue_free(struct store *store);

// commit.c
void commit_step(struct store *store);
void commit_on_done(struct store *store);

// segment.c
void segment_step(struct store *store);
void segment_on_done(struct store *store, int error);
void segment_retry(struct store *store);
void segment_rotate(struct store *store);
bool segment_add(struct store *store, const struct segment *segment);
void segment_names_step(struct store *store);
void segment_name(char name[DISK_NAME_MAX], uint64_t number);

// snapshot_write.c
void snapshot_step(struct store *store);
void snapshot_on_done(struct store *store, int error);
void snapshot_on_reset(struct store *store);
void snapshot_refused(struct store *store);
void snapshot_fail(struct store *store, int error);
bool snapshot_busy(const struct store *store); // something of it is under way
void snapshot_free(struct store *store);
void snapshot_name(char name[DISK_NAME_MAX], uint64_t index);

// snapshot_read.c
struct snapshot *snapshot_find(struct store *store, uint64_t index);
void snapshot_read_on_done(struct store *store, uint64_t slot, int error);
void snapshot_read_free(struct store *store);
void snapshot_drop_old(struct store *store);
