// The log in memory: a ring of entries and a ring of their bytes, both of memory that the caller
// gave. It begins behind (base_index, base_term): a snapshot, or what was compacted. Entries are
// whole in their ring, so that a pointer to one will do.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/raft/raft.h"

struct raft_log_slot {
	uint64_t term;
	uint64_t at; // of its first byte; counts on without end, the ring takes it modulo its size
	uint64_t total; // bytes of all entries up to this one, since the log was empty
	uint32_t size;
	uint32_t kind;
};

struct raft_log {
	struct raft_log_slot *slot;
	uint8_t *bytes;
	uint32_t slots, room; // powers of two
	uint64_t base_index, base_term, base_total;
	uint64_t last; // base_index: empty
};

// Bytes of memory, aligned to 8. Both are powers of two.
size_t raft_log_size(uint32_t entries, uint32_t bytes);
// Borrows memory. Empty, behind (index, term).
void raft_log_init(struct raft_log *log, void *memory, uint32_t entries, uint32_t bytes,
	uint64_t index, uint64_t term);
// Empty again, behind (index, term): a snapshot of another node.
void raft_log_reset(struct raft_log *log, uint64_t index, uint64_t term);

uint64_t raft_log_first(const struct raft_log *log); // last + 1: none
uint64_t raft_log_last_term(const struct raft_log *log);
// Bytes of entries first to last, both in the log. first > last: 0.
uint64_t raft_log_bytes(const struct raft_log *log, uint64_t first, uint64_t last);
// All of them.
uint64_t raft_log_used(const struct raft_log *log);

// Copies. False: no room. index must be last + 1, term not below the last.
bool raft_log_append(struct raft_log *log, const struct raft_entry *entry);
// One more of so many bytes has room.
bool raft_log_has_room(const struct raft_log *log, uint32_t size);
// Entries from `from` on are gone. from > base_index; behind the last: nothing happens.
void raft_log_truncate(struct raft_log *log, uint64_t from);
// Entries up to `index` go, but for the `keep` newest of them. index <= last.
void raft_log_compact(struct raft_log *log, uint64_t index, uint32_t keep);

// Its data is borrowed from the log, until that entry is truncated or compacted. False: not there.
bool raft_log_entry(const struct raft_log *log, uint64_t index, struct raft_entry *entry);
// Entries from `first` on: at most `entries` of them, at least one, no more than `bytes` in all if
// they are two or more. Borrowed as above. How many.
uint32_t raft_log_batch(const struct raft_log *log, uint64_t first, uint32_t bytes,
	uint32_t entries, struct raft_entry *entry);
// Of an entry, or of the base. False: neither.
bool raft_log_term(const struct raft_log *log, uint64_t index, uint64_t *term);
bool raft_log_matches(const struct raft_log *log, uint64_t index, uint64_t term);
// A log that ends with (index, term) has everything that may have been committed here (5.4.1).
bool raft_log_is_behind(const struct raft_log *log, uint64_t index, uint64_t term);
// How many of these, that follow each other, are here already with the same terms. What the base
// covers counts as here.
uint32_t raft_log_known(
	const struct raft_log *log, const struct raft_entry *entry, uint32_t entries);
// The newest index at or before `index` whose term is `term` at most: nothing behind it can be the
// same in a log that has (index, term). Its own term in *found. Before the base nothing is known:
// the search ends there, *found is 0, and a leader sends its snapshot.
uint64_t raft_log_hint(const struct raft_log *log, uint64_t index, uint64_t term, uint64_t *found);
// The newest entry of a kind at or before `index`; 0: none.
uint64_t raft_log_newest(const struct raft_log *log, enum raft_entry_kind kind, uint64_t index);
