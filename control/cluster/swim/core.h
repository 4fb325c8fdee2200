// What the on_<event>.c files share: the state of one node, and who changes which part of it.
#pragma once

#include <assert.h>
#include <string.h>

#include "control/cluster/swim/codec.h"
#include "control/cluster/swim/swim.h"

#define SWIM_MS(n) ((uint64_t)(n)*1000000u)
#define NEVER      UINT64_MAX
#define NO_MEMBER  0xffffu // as a 16-bit index
#define NO_UPDATE  0xffffu

enum core_limits {
	ACCUSERS_MAX = 4, // the first and three confirmations
	LEVELS = 64,      // of the gossip queue: how often an update was sent
	RELAYS_MAX = 64,  // pings for others under way
	PENDING_MAX = 48, // pings by hand, to seeds and to the dead
	PENDING_USER_MAX = 16,
	INDIRECT_MAX = 8,
	FANOUT_MAX = 16,
	SYNC_RECORDS_MAX = 1000, // of one frame
};

// Hot: one for each member that this node remembers. Names and metadata are identities.
struct member {
	uint64_t since_ns;
	uint32_t identity;    // IDENTITIES_NONE: a free slot
	uint32_t incarnation; // free: the next free slot
	uint32_t rtt_us;
	uint16_t accusers[ACCUSERS_MAX]; // suspect: who says so
	uint16_t update;                 // in the gossip queue, or NO_UPDATE
	uint8_t state;                   // enum swim_state
	uint8_t accused : 3;             // accusers that count
	uint8_t listed : 1;              // in swim.troubled
};
_Static_assert(sizeof(struct member) == 32, "10^8 of them are simulated");

// News about a member, on its way to the others: what is said is the member's state when it is
// sent.
struct update {
	uint16_t member, before, after; // NO_UPDATE: the end of its level's list
	uint8_t sent;                   // how often
};

// One probe at a time.
struct probe {
	bool active, indirect; // indirect: others are asked already
	uint16_t member;
	uint16_t nacks_due, nacks;
	uint32_t number;
	uint64_t sent_ns, timeout_ns, end_ns;
};

// A ping that we send because another member asked us to.
struct relay {
	uint32_t number; // ours; 0: free
	uint32_t asked;  // the asker's
	struct address address;
	uint16_t port;
	bool nacked;
	uint64_t nack_ns, end_ns;
};

enum pending_kind { PENDING_FREE = 0, PENDING_USER, PENDING_SEED, PENDING_REJOIN };

struct pending {
	enum pending_kind kind;
	uint16_t target; // member; a seed's index
	uint32_t number, cookie;
	uint64_t sent_ns, end_ns;
};

struct seed {
	struct address address;
	uint16_t port;
	bool answered;
	uint32_t member; // who answered there; SWIM_NONE: not known yet
	uint32_t tries;
	uint64_t next_ns;
};

struct swim {
	struct swim_config config;
	struct identities *identities;
	uint64_t random;
	uint64_t cluster; // hash of the cluster's name
	uint64_t now_ns;  // of this call
	uint32_t next_number;

	// roster.c
	struct member *members;
	uint16_t *names; // hash of the name -> index, open addressing
	uint32_t names_mask, end, free;
	uint32_t counts[SWIM_STATE_COUNT];
	uint16_t *troubled; // suspect, dead, left; perhaps well again
	uint32_t troubled_count;
	uint64_t expiry_ns; // when to look at them

	// updates.c
	struct update *updates;
	uint32_t updates_count, update_free;
	uint16_t level_first[LEVELS], level_last[LEVELS];
	uint64_t gossip_ns; // of the last or the next round

	// probe.c
	uint16_t *order; // round-robin, shuffled
	uint32_t order_count, order_at;
	uint64_t probe_ns;
	struct probe probe;
	struct relay relays[RELAYS_MAX];
	uint32_t relays_used;
	struct pending pending[PENDING_MAX];
	uint32_t pending_used;

	// awareness.c
	uint32_t health, health_extra;
	uint64_t awake_ns; // after a sleep nobody is declared dead before

	// join.c, rejoin.c, sync.c
	struct seed seeds[SWIM_SEEDS_MAX];
	uint32_t seeds_count;
	uint64_t rejoin_ns;
	uint32_t rejoin_at;
	uint64_t sync_ns;
	bool sync_soon; // with sync_address, at once
	struct address sync_address;
	uint16_t sync_port;

	bool leaving, left;
	uint64_t leave_ns; // good-bye is over then
	bool accused_now;  // in this datagram: the answer contradicts
	bool by_sync;      // what we hear now is of a page of anti-entropy
	struct swim_report report;
};

// core.c
uint64_t swim_random(struct swim *swim);
// 0 to bound - 1; bound > 0.
uint32_t swim_random_below(struct swim *swim, uint32_t bound);
uint32_t swim_number(struct swim *swim); // of a ping, never 0
// 1000 * log10(n), n >= 1; up to 27 too small.
uint32_t log10_milli(uint32_t n);
uint32_t log10_ceil(uint32_t n); // n >= 1

// roster.c. Only these change a member's state.
void roster_init(struct swim *swim);
uint32_t roster_find(const struct swim *swim, const char *name); // SWIM_NONE
static inline const struct identity *member_identity(
	const struct swim *swim, const struct member *member)
{
	return identities_at(swim->identities, member->identity);
}
// A slot for who we hear of the first time. SWIM_NONE: full.
uint32_t roster_add(struct swim *swim, const struct identity_want *want, uint32_t incarnation);
void roster_forget(struct swim *swim, uint32_t member);
// False: no identity is free, and nothing changed.
bool member_identify(struct swim *swim, uint32_t member, const struct identity_want *want);
// Counts and lists it; who calls tells the caller and the others.
void member_set(struct swim *swim, uint32_t member, enum swim_state state);
bool changes_room(const struct swim_output *out);
void change_add(struct swim_output *out, uint32_t member, enum swim_state from, enum swim_state to,
	bool meta);
uint32_t roster_by_address(const struct swim *swim, struct address address, uint16_t port);

// updates.c
void updates_init(struct swim *swim);
void updates_add(struct swim *swim, uint32_t member);
// What most others know, probably: sent once to a few times, after everything else.
void updates_add_late(struct swim *swim, uint32_t member);
void updates_remove(struct swim *swim, uint32_t member);
// Writes what fits of the queue, what was sent least first.
void updates_fill(struct swim *swim, struct writer *writer);
// How often each update is sent.
uint32_t updates_limit(const struct swim *swim);
// What is said about a member now.
bool update_write(const struct swim *swim, uint32_t member, struct writer *writer);
void gossip_schedule(struct swim *swim);
void gossip_tick(struct swim *swim, struct swim_output *out);

// send.c: one datagram after the other, in place. Without room in the output nothing is written.
struct writer datagram_start(const struct swim *swim, struct swim_output *out);
// Piggybacks what fits, and sends.
void datagram_end(struct swim *swim, struct writer *writer, struct address address, uint16_t port,
	struct swim_output *out);
void datagram_end_to(
	struct swim *swim, struct writer *writer, uint32_t member, struct swim_output *out);

// awareness.c
uint32_t health(const struct swim *swim);
void health_add(struct swim *swim, int delta);
// First thing in each call: time passes. Late means that we slept, and that answers may be waiting.
void swim_wake(struct swim *swim, uint64_t now_ns);

// suspicion.c
uint64_t suspicion_deadline(const struct swim *swim, const struct member *member);
// One more accuser. False: it is known, or enough are.
bool suspicion_confirm(struct swim *swim, uint32_t member, uint32_t from);
void suspicion_start(struct swim *swim, uint32_t member, uint32_t from);
// Look at the troubled then, at the latest.
void troubled_by(struct swim *swim, uint64_t ns);
// Makes room for a stranger when all is full. False: nobody can be forgotten yet.
bool troubled_evict(struct swim *swim, struct swim_output *out);
// When a dead one or one that left is forgotten.
uint64_t forget_ns(const struct swim *swim, const struct member *member);
// Suspects whose time is up, the dead that nobody needs to remember.
void troubled_tick(struct swim *swim, struct swim_output *out);

// on_alive.c, on_suspect.c, on_dead.c, refute.c. A change wants room in the output.
enum swim_result on_alive(struct swim *swim, const struct record *record, struct swim_output *out);
void on_suspect(struct swim *swim, uint32_t member, uint32_t incarnation, uint32_t from,
	struct swim_output *out);
void on_dead(struct swim *swim, uint32_t member, uint32_t incarnation, bool left,
	struct swim_output *out);
// We are alive, whatever they say: an incarnation above theirs.
void refute(struct swim *swim, uint32_t incarnation);
void refute_rumour(struct swim *swim, uint32_t incarnation); // it was an accusation
void refute_meta(struct swim *swim, uint32_t version);       // our metadata becomes newer

// on_ping.c, on_ping_req.c, on_ack.c, on_nack.c
void on_ping(struct swim *swim, struct address from, uint16_t port, const struct control *ping,
	struct swim_output *out);
void on_ping_req(struct swim *swim, struct address from, uint16_t port,
	const struct control *request, struct swim_output *out);
void on_ack(struct swim *swim, const struct control *ack, struct swim_output *out);
void on_nack(struct swim *swim, const struct control *nack);
// A member answered the ping that we sent for another.
void relay_answered(struct swim *swim, uint32_t number, struct swim_output *out);
void relay_tick(struct swim *swim, struct swim_output *out);
uint64_t relay_next_ns(const struct swim *swim);

// probe.c
void probe_tick(struct swim *swim, struct swim_output *out);
void probe_answered(struct swim *swim, struct swim_output *out);
uint64_t probe_next_ns(const struct swim *swim);
void order_add(struct swim *swim, uint32_t member);
// A suspect hears first what is said of it.
void ping_send(struct swim *swim, uint32_t member, uint32_t number, struct swim_output *out);

// pending.c: pings outside of the rounds of probes.
struct pending *pending_add(struct swim *swim, enum pending_kind kind, uint32_t target);
struct pending *pending_find(struct swim *swim, uint32_t number);
void pending_free(struct swim *swim, struct pending *pending);
void pending_answered(struct swim *swim, struct pending *pending, struct swim_output *out);
void pending_tick(struct swim *swim, struct swim_output *out);
uint64_t pending_next_ns(const struct swim *swim);

// join.c, rejoin.c
// A ping to whoever is there, with our own news. `member` (or SWIM_NONE) hears what we think of it.
void hello_send(struct swim *swim, struct address address, uint16_t port, uint32_t member,
	uint32_t number, struct swim_output *out);
void join_tick(struct swim *swim, struct swim_output *out);
uint64_t join_next_ns(const struct swim *swim);
void rejoin_tick(struct swim *swim, struct swim_output *out);
void rejoin_answered(struct swim *swim, const struct pending *pending);
uint64_t rejoin_next_ns(const struct swim *swim);

// sync.c
void sync_tick(struct swim *swim, struct swim_output *out);
uint64_t sync_next_ns(const struct swim *swim);
// The next exchange is with whoever is there, and at once.
void sync_soon(struct swim *swim, struct address address, uint16_t port);

// stream_ping.c
enum swim_result on_stream_ping(struct swim *swim, struct reader *reader, struct swim_output *out);
