// What the files of the core share: the state of one node, and who changes which part of it.
#pragma once

#include <assert.h>
#include <string.h>

#include "control/cluster/raft/conf.h"
#include "control/cluster/raft/log.h"
#include "control/cluster/raft/progress.h"
#include "control/cluster/raft/quorum.h"
#include "control/cluster/raft/raft.h"

#define NEVER UINT64_MAX

enum core_limits {
	OUTBOX = 256, // messages that wait to be taken; a power of two
	ROUNDS = 64,  // of heartbeats whose time is remembered; a power of two
	ANSWERS = 2 * RAFT_READS_MAX,
	RESERVE = 8,               // entries of the log that proposals leave for the leader's own
	WRITE_BYTES = 1024 * 1024, // of entries in one write, or one entry
};

// One member, as the leader sees it; by position in conf.member. Ours is not used.
struct peer {
	struct progress progress;
	uint64_t heard_ns;  // last answer
	uint64_t looked_ns; // when heartbeats last asked what is in flight
	uint64_t round;     // the newest round of heartbeats that it answered
	uint64_t told;      // commit index that it was told
	bool heartbeat;     // is due
	bool ask;           // an APPEND without entries is due
	bool timeout_now;   // is due
};

struct write { // under way
	uint64_t id;
	uint64_t last;  // what is durable with its end; smaller when that was cut off meanwhile
	uint64_t state; // the raft.state that it holds
	uint64_t taken_ns;
};

// A read that waits: at the leader for its round, at a follower for the leader's answer.
struct waiting {
	uint64_t cookie; // the caller's, or the context of `from`
	uint64_t from;   // RAFT_NOBODY: ours
	uint64_t index;
	uint64_t round;
	uint64_t end_ns; // follower: given up then
	bool done;       // follower: answered
};

struct snapshot { // that can be sent
	uint64_t index, term, size;
	struct raft_conf conf;
};

// A snapshot that is received.
struct install {
	uint64_t leader, leader_term; // who sends; 0: nobody
	uint64_t index, term, offset, total;
	uint32_t size; // of the chunk that is here
	bool chunk;    // one waits to be taken, or for raft_on_chunk
	bool taken;    // the latter
	bool ending;   // the last one is here: the log stands still until raft_on_installed
	struct raft_conf conf;
	uint8_t *bytes; // config.chunk_bytes
};

struct raft {
	struct raft_config config;
	uint64_t random;
	uint64_t now_ns;
	uint64_t nonce; // of this start: contexts of before are nobody's

	// election.c. What the disk shall hold; `state` counts their changes.
	uint64_t term, vote;
	uint64_t state, state_handed, state_durable;
	enum raft_role role;
	uint64_t leader;
	uint64_t election_ns; // then we try
	uint64_t loyal_ns;    // before, no other candidate gets our vote
	uint32_t yes, no;     // votes, by position in conf
	uint32_t ask;         // who is to be asked for a vote
	bool asked;           // candidate: our own vote is durable, requests are out
	bool forced;          // by transfer
	bool vote_due;        // an answer to `vote`, when that is durable
	uint64_t quarantine_term, quarantine_index;
	bool quarantined;

	// log.h, write.c, commit.c. handed: to the disk; delivered: to be applied.
	struct raft_log log;
	uint64_t commit, delivered, applied;
	uint64_t handed, durable;
	uint64_t truncate; // entries from here on are on the disk but no more in the log; 0: none
	uint64_t write_id; // of the newest
	struct write write[RAFT_WRITES_MAX];
	uint32_t writes, write_oldest;
	bool failed;

	// change.c. conf: the newest in the log. base: at the log's base.
	struct raft_conf conf, base;
	struct raft_conf scratch; // of one event

	// follower.c
	uint64_t matched;  // the log is the leader's up to here
	uint64_t session;  // as the leader calls ours
	uint64_t reply_at; // an answer is due that says so much...
	uint64_t replied;  // ...or more than it said before
	bool reply_due;
	struct install install;

	// leader
	struct peer peer[RAFT_MEMBERS_MAX];
	uint32_t turn;       // whose messages are next
	uint64_t term_start; // index of the first entry of our term
	uint64_t heartbeat_ns;
	uint64_t transfer, transfer_ns; // to whom; given up then
	bool transfer_sent;             // TIMEOUT_NOW, since the last heartbeat
	bool lease_lost; // somebody may be elected in spite of it, until the term ends

	// read.c
	uint64_t round, confirmed, confirmed_ns;
	uint64_t round_ns[ROUNDS];
	bool round_open;                // none of its heartbeats was taken yet
	uint64_t read_first, read_next; // numbers of what waits
	struct waiting waiting[RAFT_READS_MAX];
	uint32_t answers, answer_oldest;
	struct raft_read answer[ANSWERS];

	// propose.c
	uint32_t outcomes, outcome_oldest;
	struct raft_outcome outcome[RAFT_OUTCOMES_MAX];

	struct snapshot snapshot, before; // the newest, and the one before it; index 0: none

	// outbox.c, send.c
	struct raft_message out[OUTBOX];
	uint32_t outs, out_oldest;
	uint8_t *out_bytes; // of messages with data, each in one piece
	uint32_t out_room;
	uint64_t out_head, out_tail;
	struct raft_entry entry[RAFT_ENTRIES_MAX]; // of the message that was taken last

	uint64_t elections, heartbeats, messages_in, messages_out, entries_appended,
		proposals_refused, stale_messages;
};

static inline uint64_t ms(uint64_t n)
{
	return n * 1000000u;
}

// raft.c
void core_at(struct raft *raft, uint64_t now_ns); // time never goes back
uint64_t core_random(struct raft *raft);
uint32_t core_self(const struct raft *raft); // our bit by position in conf; 0: we are none
// What follows from an event: all that waits for something to be durable, committed or confirmed.
void core_settle(struct raft *raft);

// election.c
void election_arm(struct raft *raft);
void election_begin(struct raft *raft);     // the same at start: the only voter waits for nobody
bool election_may(const struct raft *raft); // we may be a candidate
// A leader lives, as far as we know: no vote for others.
bool election_is_loyal(const struct raft *raft);
// Follower of a leader, or of nobody yet. A higher term forgets our vote.
void election_follow(struct raft *raft, uint64_t term, uint64_t leader);
void election_timeout(struct raft *raft);
// A candidate of the next term, without a pre-vote.
void election_stand(struct raft *raft, bool forced);
// Another answer, or our own vote became durable.
void election_count(struct raft *raft);
void election_vote(struct raft *raft, uint64_t candidate);
// A log that ends so has all that may have been committed here.
bool election_is_behind(const struct raft *raft, uint64_t index, uint64_t term);
void quarantine_leave(struct raft *raft);

// leader.c
void leader_start(struct raft *raft);
void leader_stop(struct raft *raft); // before another role
struct peer *leader_peer(struct raft *raft, uint64_t id);
// An answer of a member: NULL when it is not ours, or of another session.
struct peer *leader_heard(struct raft *raft, const struct raft_message *message);
void leader_tick(struct raft *raft);
uint64_t leader_next_ns(const struct raft *raft);
// To the most advanced active voter; then we follow.
void leader_hand_over(struct raft *raft);
void leader_append(
	struct raft *raft, enum raft_entry_kind kind, const uint8_t *data, uint32_t size);
// Progress of each member of conf: kept of those that were there in the same session.
void leader_adopt(struct raft *raft);

// commit.c
void commit_advance(struct raft *raft);             // leader: what a majority has
void commit_to(struct raft *raft, uint64_t commit); // never back

// write.c
bool write_is_stalled(const struct raft *raft);
uint64_t write_stall_ns(const struct raft *raft); // when the oldest one will be; NEVER
uint64_t write_age_ns(const struct raft *raft);
bool write_is_durable(const struct raft *raft); // term, vote and all of the log
void write_truncate(struct raft *raft, uint64_t from);
void write_reset(struct raft *raft); // the log was replaced, here and on the disk

// change.c
void change_refresh(struct raft *raft);   // the log is another: conf as it is now
void change_follow_up(struct raft *raft); // leader: leave joint consensus, promote, step down
enum raft_result change_propose(
	struct raft *raft, const struct raft_change *changes, uint32_t count, uint64_t *index);
// What conf was at an index that is not before the base of the log.
void change_conf_at(const struct raft *raft, uint64_t index, struct raft_conf *conf);

// follower.c
void follower_matches(struct raft *raft, uint64_t index); // and says so when it is durable
bool follower_reply(struct raft *raft, struct raft_message *message);
void follower_reject(struct raft *raft, const struct raft_message *append);

// install.c
void install_forget(struct raft *raft);

// propose.c
void propose_outcome(struct raft *raft, uint64_t cookie, enum raft_result result, uint64_t index);
// As the leader: of this node or another.
// By a message to the leader.
enum raft_result propose_forward(struct raft *raft, enum raft_entry_kind kind, uint64_t cookie,
	const uint8_t *data, uint32_t size);
enum raft_result propose_append(
	struct raft *raft, const uint8_t *data, uint32_t size, uint64_t *index);

// read.c
void reads_round(struct raft *raft);                         // another round of heartbeats begins
void reads_confirm(struct raft *raft);                       // what is confirmed is answered
void reads_fail(struct raft *raft, enum raft_result result); // all that wait
void reads_expire(struct raft *raft);                        // follower: the answer was lost
uint64_t reads_next_ns(const struct raft *raft);
bool reads_lease(const struct raft *raft);
uint64_t reads_lease_ns(const struct raft *raft); // until when; 0: none
enum raft_result reads_add(struct raft *raft, uint64_t from, uint64_t cookie);
void reads_answer(struct raft *raft, uint64_t cookie, enum raft_result result, uint64_t index);

// transfer.c
void transfer_check(struct raft *raft); // the target has caught up, or is none any more
void transfer_tick(struct raft *raft);

// outbox.c
// The next message, to be filled in; with a copy of data. NULL: no room, it is as if it were lost.
struct raft_message *outbox_add(struct raft *raft, enum raft_message_type type, uint64_t to,
	const uint8_t *data, uint32_t size);
bool outbox_take(struct raft *raft, struct raft_message *message);
void outbox_head(const struct raft *raft, struct raft_message *message, enum raft_message_type type,
	uint64_t to); // zeroed, with type, from, to, term

// send.c
bool send_leader(struct raft *raft, struct raft_message *message);
bool send_candidate(struct raft *raft, struct raft_message *message);

// One per message: on_<message>.c. The sender, its term and the shape of it have been looked at.
enum raft_result on_pre_vote(struct raft *raft, const struct raft_message *message);
enum raft_result on_pre_vote_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_vote(struct raft *raft, const struct raft_message *message);
enum raft_result on_vote_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_append(struct raft *raft, const struct raft_message *message);
enum raft_result on_append_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_heartbeat(struct raft *raft, const struct raft_message *message);
enum raft_result on_heartbeat_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_install(struct raft *raft, const struct raft_message *message);
enum raft_result on_install_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_timeout_now(struct raft *raft, const struct raft_message *message);
enum raft_result on_read(struct raft *raft, const struct raft_message *message);
enum raft_result on_read_reply(struct raft *raft, const struct raft_message *message);
enum raft_result on_propose(struct raft *raft, const struct raft_message *message);
enum raft_result on_propose_reply(struct raft *raft, const struct raft_message *message);
