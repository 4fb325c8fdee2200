// What lies in a folder, read without changing anything: for the start of the store, and for
// `sluice raft log`.
#pragma once

#include "control/store/group.h"
#include "control/store/meta.h"
#include "control/store/snapfile.h"
#include "control/store/store.h"

enum {
	RECOVER_SNAPSHOTS_MAX = 16, // of which STORE_SNAPSHOTS are kept
	RECOVER_NAMES_MAX = 4096,
};

struct recover_segment {
	uint64_t number, size;
	uint8_t *bytes;       // all of it; who takes it sets NULL
	uint64_t index_first; // the entry that its first group may begin with
	uint64_t index_max;   // of entries that were ever in it
};

struct recover_snapshot {
	uint64_t index, term, size, file_bytes;
	bool whole; // header, trailer and, of the newest, all that is between
	struct raft_conf conf;
};

struct recovery {
	struct disk *disk;
	enum store_verdict verdict;
	char why[256];

	struct meta meta;
	bool slots_differ; // or one is damaged

	struct recover_snapshot snapshot[RECOVER_SNAPSHOTS_MAX]; // newest first
	uint32_t snapshots;
	uint32_t chosen;    // the one that holds; `snapshots`: none
	bool snapshot_lost; // a newer one is damaged

	struct recover_segment *segment; // by number
	uint32_t segments;
	uint32_t start;         // segments before it are dead
	uint32_t end;           // the log ends in this one, (no segments: 0)
	uint64_t offset;        // here
	uint64_t offset_before; // end of the segment before it
	uint64_t sequence;
	uint32_t chain;
	bool cut;  // what comes behind is evidence of rot
	bool junk; // what comes behind is not zero
	uint64_t torn_bytes;
	bool reset_pending; // the entries are void, the snapshot counts
	struct raft_entry *entry;
	uint64_t first, last, last_term; // of the log
	uint64_t entries_room;
	uint64_t reset_index; // the entry before `first` is known by a RESET
	bool quarantined;
	uint64_t lost_index, lost_term; // as far as it had been durable, as far as is known
	uint64_t groups;

	uint64_t other_bytes; // of files of evidence
	bool has_next, has_spare, has_temporary, has_meta;
};

// repair.c: makes of a folder that was read what the store goes on with: evidence is set aside, a
// torn end is zeroed, leftovers go, all is flushed. Takes the entries. Sets the verdict to REFUSED
// when the disk does not do it.
struct store;
void repair(struct store *store, struct recovery *recovery);

// Fills recovery. `config`: whose the disk must be; zeros: anybody's. False: no memory.
bool recover(struct recovery *recovery, struct disk *disk, const struct store_config *config);
void recover_free(struct recovery *recovery);

// The groups of the log, in order. `bytes`: of the whole group.
typedef void (*recover_on_group)(void *owner, const struct group *group, const uint8_t *bytes);
void recover_each(const struct recovery *recovery, recover_on_group on_group, void *owner);

// recover_log.c: from the first segment to the last good group. False: no memory.
bool recover_log(struct recovery *recovery);
void recover_why(struct recovery *recovery, enum store_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
