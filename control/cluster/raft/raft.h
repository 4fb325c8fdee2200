// Consensus: Raft, PURE. Messages, the ends of writes and the time go in; messages, writes, entries
// to apply and answers to reads come out. One event per file (on_<event>.c). No clock, no
// allocation, no I/O: the caller gives memory, time and a seed, and does what raft_take_* says.
//
// Ongaro, "Consensus: Bridging Theory and Practice" (2014): transfer 3.10, joint consensus 4.3,
// learners 4.2.1, check-quorum 6.2, ReadIndex and leases 6.4, pre-vote 9.6, writing to the disk in
// parallel with the network 10.2.1. As there, a configuration holds from the moment it is in the
// log, and the one before it again when it is cut off. Bytes: docs/wire.md, "Raft".
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

enum raft_limits {
	RAFT_MEMBERS_MAX = 32,        // of both configurations, learners included
	RAFT_VOTERS_MAX = 15,         // of one configuration
	RAFT_CHANGES_MAX = 8,         // in one step, by joint consensus
	RAFT_ENTRIES_MAX = 512,       // in one message
	RAFT_READS_MAX = 1024,        // that wait for their index
	RAFT_OUTCOMES_MAX = 1024,     // that wait to be taken
	RAFT_WRITES_MAX = 64,         // under way at once
	RAFT_ENTRY_MAX = 1024 * 1024, // bytes of an entry
	RAFT_CONF_MAX = 4096,         // bytes of an encoded configuration
};

#define RAFT_NOBODY \
	0ull // as an id. Ids belong to a node for ever: in the process a hash of its name

enum raft_role { RAFT_FOLLOWER, RAFT_PRE_CANDIDATE, RAFT_CANDIDATE, RAFT_LEADER, RAFT_ROLE_COUNT };

enum raft_entry_kind {
	RAFT_NOOP = 1, // the first of each term
	RAFT_DATA,     // the caller's
	RAFT_CONF,     // struct raft_conf, encoded (conf.h)
};

struct raft_entry {
	uint64_t index, term;
	enum raft_entry_kind kind;
	uint32_t size;
	const uint8_t *data; // borrowed
};

// What a member counts for. While a change by joint consensus is under way it may count in both.
enum raft_member_role {
	RAFT_VOTER = 1,     // in the configuration that comes, or the only one
	RAFT_VOTER_OLD = 2, // in the one that goes
	RAFT_LEARNER = 4,   // gets everything, counts nowhere
	RAFT_PROMOTE = 8,   // a learner that becomes a voter as soon as it has caught up
};

struct raft_member {
	uint64_t id;
	// Index of the entry that added it: who was removed and added again has another.
	uint64_t session;
	uint8_t roles; // of enum raft_member_role
	char name[NAME_SIZE];
};

struct raft_conf {
	uint64_t index; // of its entry; 0: none yet
	uint32_t members;
	struct raft_member member[RAFT_MEMBERS_MAX]; // by id, ascending
};

enum raft_change_kind {
	RAFT_ADD_VOTER,   // as a learner that is promoted when it has caught up
	RAFT_ADD_LEARNER, // and remains one
	RAFT_MAKE_VOTER,  // a learner, now
	RAFT_MAKE_LEARNER,
	RAFT_REMOVE,
};

struct raft_change {
	enum raft_change_kind kind;
	uint64_t id;
	char name[NAME_SIZE]; // of one that is added
};

struct raft_config {
	uint64_t id, seed;
	uint32_t election_ms;       // without a word of a leader; each node waits 1 to 2 times this
	uint32_t heartbeat_ms;      // < election_ms / 2
	uint32_t batch_bytes;       // of entries in one message, at least one entry
	uint32_t inflight_messages; // without an answer, per member
	uint32_t inflight_bytes;
	uint32_t log_entries;       // that memory holds: from the snapshot on, a power of two
	uint32_t log_bytes;         // a power of two; at least 4 times uncommitted_bytes
	uint32_t uncommitted_bytes; // then proposals are refused: RAFT_FULL
	uint32_t keep_entries;      // behind a snapshot, for followers that are a little behind
	uint32_t chunk_bytes;       // of a snapshot in one message
	uint32_t promote_lag;       // entries that a learner may lack to be promoted
	uint32_t stall_ms;          // a write older than this: the disk stalls. 0: election_ms / 2
	uint32_t drift_permille;    // that clocks may differ in rate; a lease is shorter by it
	bool lease; // reads ask nobody while the lease holds; false: ReadIndex always
};

// What the disk knew at start.
struct raft_boot {
	uint64_t term, vote;
	uint64_t snapshot_index, snapshot_term, snapshot_size; // 0: none
	struct raft_conf conf;                                 // at the snapshot
	// Entries that were durable are lost (rot). The log ends before them; it had been durable
	// up to (last_term, last_index). Until the log is there again: no candidacy, and votes only
	// for who has at least that.
	bool quarantined;
	uint64_t last_index, last_term;
};

enum raft_message_type {
	RAFT_MSG_PRE_VOTE = 1, // index, log_term: the last of the candidate; term: the one it wants
	RAFT_MSG_PRE_VOTE_REPLY, // reject
	RAFT_MSG_VOTE,         // as PRE_VOTE; force: by transfer, a leader's lease does not matter
	RAFT_MSG_VOTE_REPLY,   // reject
	RAFT_MSG_APPEND,       // index, log_term: what precedes; commit; entries
	RAFT_MSG_APPEND_REPLY, // index: durable to here; reject: not index; hint, hint_term
	RAFT_MSG_HEARTBEAT,    // commit; context: round of confirmation. 0: told, not asked
	RAFT_MSG_HEARTBEAT_REPLY, // context
	RAFT_MSG_INSTALL,         // index, log_term, conf: of the snapshot; offset, total, data
	RAFT_MSG_INSTALL_REPLY, // index: of the snapshot; offset: the next wanted; reject: not now
	RAFT_MSG_TIMEOUT_NOW,   // the receiver stands for election at once
	RAFT_MSG_READ,          // context: the asker's; to the leader
	RAFT_MSG_READ_REPLY,    // context, index; reject
	RAFT_MSG_PROPOSE,       // context: the proposer's; kind, data; to the leader
	RAFT_MSG_PROPOSE_REPLY, // context, index, log_term; reject: result says why
	RAFT_MSG_COUNT,
};

// Members that a type does not name are 0. Pointers are borrowed: of a message that is taken, valid
// until the next call.
struct raft_message {
	enum raft_message_type type;
	bool reject, force, quarantined;
	uint8_t result; // enum raft_result, of PROPOSE_REPLY
	uint8_t kind;   // of PROPOSE: RAFT_DATA, or RAFT_CONF (changes, encoded)
	uint64_t from, to, term;
	// Of the member that is not the leader; an answer repeats what it was asked with.
	uint64_t session;
	uint64_t index, log_term, commit;
	uint64_t hint, hint_term;
	uint64_t context;
	uint64_t offset, total;
	uint32_t entries;
	uint32_t size; // of data
	// PROPOSE; INSTALL: NULL when it is taken, the caller adds `size` bytes of its snapshot
	// `index`, from `offset`.
	const uint8_t *data;
	const struct raft_conf *conf;
	const struct raft_entry *entry;
};

// What the disk shall hold. Several may be under way; they end in order.
struct raft_write {
	uint64_t id; // for raft_on_written
	uint64_t term, vote;
	bool state;        // term or vote are others than before
	uint64_t truncate; // entries from here on are gone; 0: none
	// Entries to append (raft_entry), RAFT_ENTRIES_MAX at most; first > last: none.
	uint64_t first, last;
};

// A chunk of a snapshot that the leader sends. The caller writes it to a temporary one;
// raft_on_chunk says that it did. With the last one (offset + size == total) it checks the whole,
// makes it durable instead of the log and state, and says so with raft_on_installed.
struct raft_chunk {
	uint64_t index, term; // of the snapshot
	uint64_t offset, total;
	uint32_t size;
	const uint8_t *data;
	const struct raft_conf *conf;
};

struct raft_read {
	uint64_t cookie;
	uint64_t index; // state that is applied up to here may be read; 0: failed
	uint8_t result; // enum raft_result
};

// What became of a proposal: accepted (it may still be lost: then another term's entry is applied
// at its index), or refused, for sure. A forwarded one may have none: the answer was lost.
struct raft_outcome {
	uint64_t cookie;
	uint64_t index, term;
	uint8_t result; // enum raft_result
};

enum raft_result {
	RAFT_OK = 0,
	RAFT_NO_LEADER,    // none is known
	RAFT_FULL,         // too much is under way: later
	RAFT_TOO_LARGE,    // RAFT_ENTRY_MAX, or half of uncommitted_bytes
	RAFT_TRANSFERRING, // leadership is being handed over: soon
	RAFT_STALLED,      // our disk does not answer, or failed
	RAFT_CHANGING,     // another change of members is under way, or the leader is too new
	RAFT_NO_MEMBER,    // nobody has that id, or not the role that this needs
	RAFT_LAST_VOTER,   // nobody would be left to decide
	RAFT_TOO_MANY,     // RAFT_MEMBERS_MAX, RAFT_VOTERS_MAX, or of the changes in one step
	RAFT_LOST,         // leadership was lost before the answer
	RAFT_STALE,        // of a message: an old term, session or transfer. Not a fault
	RAFT_MALFORMED,    // of a message or a change: it cannot be so
	RAFT_VERSION,      // of a message: of a newer node, and not to be understood
	RAFT_RESULT_COUNT,
};

// For other threads and processes: one writer, any reader, by lib/shm/seqlock.h.
struct raft_public {
	uint64_t term, leader, commit, applied;
	uint32_t role;
};

struct raft_status {
	struct raft_public now;
	uint64_t first, last, durable; // of the log in memory
	uint64_t snapshot_index;
	uint64_t lease_until_ns; // 0: none
	uint64_t stalled_ns;     // age of the oldest write under way
	uint64_t transfer;       // to whom leadership goes; 0: to nobody
	uint32_t log_bytes;
	bool quarantined, failed;
	uint64_t elections, heartbeats, messages_in, messages_out, entries_appended,
		proposals_refused, stale_messages;
};

enum raft_progress_state { RAFT_PROBE, RAFT_REPLICATE, RAFT_SNAPSHOT };

struct raft_peer {                                        // as the leader sees it
	uint64_t id, session, match, next, offset, total; // offset: of the snapshot it is sent
	enum raft_progress_state state;
	uint32_t inflight_messages, inflight_bytes;
	bool active, quarantined; // heard of within an election timeout
};

struct raft;

// Numbers for a LAN; the caller adds id and seed.
void raft_config_init(struct raft_config *config);
// NULL, or a sentence that says what is wrong.
const char *raft_config_check(const struct raft_config *config);

// Bytes of memory, aligned to 64.
size_t raft_size(const struct raft_config *config);
// Borrows memory. Then raft_load for each entry that the disk has, in order, then raft_start.
struct raft *raft_init(
	void *memory, const struct raft_config *config, const struct raft_boot *boot);
// False: it does not follow the one before, or memory is too small for this log.
bool raft_load(struct raft *raft, const struct raft_entry *entry);
void raft_start(struct raft *raft, uint64_t now_ns);
// The first members of a cluster, all as voters; the same on each. False: there is a log already.
bool raft_bootstrap(struct raft *raft, uint64_t now_ns, const struct raft_conf *conf);

// Whatever is due. raft_next_ns: when to call it at the latest (earlier does no harm).
void raft_on_tick(struct raft *raft, uint64_t now_ns);
uint64_t raft_next_ns(const struct raft *raft);
// A message of an authenticated member, hostile all the same. Nothing of it is kept but by copy.
enum raft_result raft_on_message(
	struct raft *raft, uint64_t now_ns, const struct raft_message *message);
// Write `id` and all before it are durable.
void raft_on_written(struct raft *raft, uint64_t now_ns, uint64_t id);
// The store stopped (EIO, rot): nothing becomes durable any more. A leader hands over; there is no
// candidacy, no vote, no answer that says more is durable.
void raft_on_failed(struct raft *raft, uint64_t now_ns);

// Any node: a follower forwards it. What becomes of it: raft_take_outcome. Data is copied.
void raft_propose(
	struct raft *raft, uint64_t now_ns, uint64_t cookie, const uint8_t *data, uint32_t size);
void raft_change(struct raft *raft, uint64_t now_ns, uint64_t cookie,
	const struct raft_change *changes, uint32_t count);
// A read that sees everything that was acknowledged before: raft_take_read.
void raft_read(struct raft *raft, uint64_t now_ns, uint64_t cookie);
// Leader only. The voter stands for election when it has caught up; given up after an election
// timeout.
enum raft_result raft_transfer(struct raft *raft, uint64_t now_ns, uint64_t to);

// Up to here the caller has applied.
void raft_applied(struct raft *raft, uint64_t index);
// State up to `index` is durable as a snapshot of so many bytes: entries before go as keep_entries
// says.
void raft_compacted(struct raft *raft, uint64_t index, uint64_t size);
// Of raft_take_chunk. Not ok: it could not be written or was not whole; the leader begins again.
void raft_on_chunk(struct raft *raft, uint64_t now_ns, bool ok);
void raft_on_installed(struct raft *raft, uint64_t now_ns, bool ok);

// Each: false, there is none. Messages say only what is durable, so take after raft_on_written,
// too. Entries come in order, when they are committed and durable here.
bool raft_take_message(struct raft *raft, struct raft_message *message);
bool raft_take_write(struct raft *raft, uint64_t now_ns, struct raft_write *write);
bool raft_take_apply(struct raft *raft, struct raft_entry *entry);
bool raft_take_read(struct raft *raft, struct raft_read *read);
bool raft_take_outcome(struct raft *raft, struct raft_outcome *outcome);
bool raft_take_chunk(struct raft *raft, struct raft_chunk *chunk);

// Of the log in memory; false: not there (any more). Data is valid until the next call that takes
// a message or proposal.
bool raft_entry(const struct raft *raft, uint64_t index, struct raft_entry *entry);
const struct raft_conf *raft_conf(const struct raft *raft); // the newest in the log
// Conf as it was when everything up to `index` was in the log: for a snapshot. False: compacted.
bool raft_conf_at(const struct raft *raft, uint64_t index, struct raft_conf *conf);
void raft_status(const struct raft *raft, struct raft_status *status);
// False: no member of this index below raft_conf(raft)->members, or this node is no leader.
bool raft_peer(const struct raft *raft, uint32_t member, struct raft_peer *peer);
const char *raft_role_name(enum raft_role role);
const char *raft_result_text(enum raft_result result); // a sentence
// What must hold always; stops the process where it does not.
void raft_check(const struct raft *raft);
