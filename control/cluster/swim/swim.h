// Membership: SWIM with Lifeguard, PURE. Datagrams, frames of anti-entropy and the time go in;
// datagrams, frames, pings over connections and changes of members come out. One event per file
// (on_<event>.c). No clock, no allocation: the caller gives memory, time and a seed.
//
// Papers: SWIM (Das, Gupta, Motivala 2002), Lifeguard (Dadgar, Phillips, Currey 2017, arXiv
// 1707.00788). Rules of overriding as in memberlist. Bytes: docs/wire.md, "SWIM".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/swim/identities.h"
#include "lib/base/address.h"
#include "lib/ipc/names.h"

enum swim_limits {
	SWIM_MEMBERS_MAX = 16384, // that one node remembers, itself included
	SWIM_SEEDS_MAX = 32,
	SWIM_DATAGRAM_MAX = 1400, // bytes before encryption
	SWIM_FRAME_MAX = 24 * 1024,
	SWIM_STREAM_PING_MAX = 160, // bytes of such a frame
	SWIM_SENDS_MAX = 48,
	SWIM_STREAM_PINGS_MAX = 8,
	SWIM_CHANGES_MAX = 2048,
	SWIM_PONGS_MAX = 16,
	SWIM_CONFLICTS_MAX = 8,
	SWIM_HEALTH_MAX = 8, // the worst: everything takes 9 times as long
};

#define SWIM_NONE UINT32_MAX // no such member
#define SWIM_SELF 0u         // our own index

enum swim_state {
	SWIM_ABSENT = 0, // not known (any more): only in changes
	SWIM_ALIVE,
	SWIM_SUSPECT,
	SWIM_DEAD,
	SWIM_LEFT, // said good-bye
	SWIM_STATE_COUNT,
};

enum swim_preset { SWIM_LAN, SWIM_WAN };

struct swim_config {
	char name[NAME_SIZE];
	char cluster[NAME_SIZE]; // nodes of another cluster are not listened to
	struct address address;  // where the others reach us
	uint16_t port;           // UDP datagrams and TCP connections
	uint64_t seed;           // of the pseudo-random numbers
	uint32_t incarnation;    // the first, from 1: the later of two starts best has the higher
	uint32_t members_max;    // 2 to SWIM_MEMBERS_MAX
	uint32_t updates_max;    // 16 to members_max: news under way at once
	uint32_t probe_interval_ms;
	uint32_t probe_timeout_ms;     // then k others are asked; < probe_interval_ms
	uint32_t indirect;             // k, to 8
	uint32_t suspicion_multiplier; // minimum: this * log10(members) * probe interval
	uint32_t suspicion_max_factor; // maximum: this * minimum
	uint32_t confirmations;        // so many more accusers make it the minimum, to 3
	uint32_t gossip_interval_ms;
	uint32_t gossip_fanout;      // to 16
	uint32_t gossip_to_dead_ms;  // so long the dead hear of it, too: they may protest
	uint32_t retransmit;         // an update is sent this * ceil(log10(members + 1)) times
	uint32_t sync_interval_ms;   // anti-entropy; more seldom above 32 members
	uint32_t rejoin_interval_ms; // one dead member or seed is asked this often
	uint32_t dead_remember_ms;   // then the dead are forgotten
	uint32_t left_remember_ms;   // and who left
	uint32_t leave_ms;           // good-bye is over then at the latest
	bool lifeguard;              // false: SWIM as in its paper, for comparison
};

struct swim_send {
	struct address address;
	uint16_t port;
	uint16_t size;
	uint8_t bytes[SWIM_DATAGRAM_MAX]; // not encrypted
};

struct swim_change {
	uint16_t member;
	uint8_t from, to; // enum swim_state; the same: its address or metadata changed
	bool meta;        // its metadata changed
};

struct swim_pong {
	uint32_t member;
	uint32_t cookie; // of swim_ping
	uint64_t rtt_ns;
	bool ok; // false: no answer within 4 probe timeouts
};

// A direct probe was answered.
struct swim_probed {
	uint32_t member;
	uint64_t rtt_ns; // 0: none was
};

// Two nodes have one name. The one that we knew keeps it; SWIM_SELF: it is our own name.
struct swim_conflict {
	uint32_t member;
	struct address address; // of the other one
	uint16_t port;
};

// One frame of an exchange. The exchange goes on over one connection, question and answer in turn.
struct swim_frame {
	uint32_t member; // first frame: to whom; SWIM_NONE: to a seed at `address`
	struct address address;
	uint16_t port;
	bool last;     // the other end will not answer this one: the exchange is over
	uint32_t size; // 0: none
	uint8_t bytes[SWIM_FRAME_MAX];
};

// The caller owns it and empties it (swim_output_clear) before each call.
struct swim_output {
	uint32_t sends, stream_pings, changes, pongs, conflicts;
	struct swim_send send[SWIM_SENDS_MAX];
	uint32_t stream_ping[SWIM_STREAM_PINGS_MAX]; // members: a ping over a pooled connection,
						     // answered by swim_on_stream_pong
	struct swim_change change[SWIM_CHANGES_MAX];
	struct swim_pong pong[SWIM_PONGS_MAX];
	struct swim_conflict conflict[SWIM_CONFLICTS_MAX];
	struct swim_probed probed;
	struct swim_frame sync;   // opens an exchange
	struct swim_frame answer; // of swim_on_sync: goes back where the frame came from
};

// Why a datagram or a frame was not taken, or not all of it.
enum swim_result {
	SWIM_OK = 0,
	SWIM_SHORT,     // not even a header
	SWIM_VERSION,   // we do not speak its version: an old or a new node
	SWIM_CLUSTER,   // of another cluster
	SWIM_MALFORMED, // taken up to the malformed message
	SWIM_FULL,      // no memory for another member, or no room in the output: what was left
			// comes again by anti-entropy
	SWIM_RESULT_COUNT,
};

// What we know of a member. Pointers are valid until the next call that takes a swim.
struct swim_view {
	const char *name;
	struct address address;
	uint16_t port;
	enum swim_state state;
	uint32_t incarnation;
	uint32_t meta_version;
	uint16_t meta_size;
	const uint8_t *meta;
	uint64_t since_ns; // of its state
	uint64_t rtt_ns;   // of the last direct probe; 0: none yet
};

// Counters since the start, and what is the case.
struct swim_report {
	uint32_t members[SWIM_STATE_COUNT]; // by state
	uint32_t health;                    // 0: well, to SWIM_HEALTH_MAX
	uint32_t updates;                   // in the gossip queue
	uint64_t probes, probes_indirect, probes_failed;
	uint64_t suspected;     // that we raised ourselves
	uint64_t refuted;       // that others raised of us
	uint64_t declared_dead; // by our own timer
	uint64_t datagrams_in, datagrams_out, bytes_in, bytes_out;
	uint64_t frames_in, frames_out, frame_bytes_in, frame_bytes_out;
	uint64_t rejected[SWIM_RESULT_COUNT];
	uint64_t conflicts;
	uint64_t updates_dropped;  // the gossip queue was full
	uint64_t messages_skipped; // of a type that we do not know
};

struct swim;

// Numbers of the preset; the caller adds name, cluster, address, port, seed.
void swim_config_init(struct swim_config *config, enum swim_preset preset);
// NULL, or a sentence that says what is wrong.
const char *swim_config_check(const struct swim_config *config);

// Bytes of memory for one node, aligned to 64. Identities are its own or shared between nodes that
// never run at the same time; they need at least members_max + 2 entries.
size_t swim_size(const struct swim_config *config);
// Borrows memory and identities. NULL: no identity was free.
struct swim *swim_init(void *memory, const struct swim_config *config,
	struct identities *identities, uint64_t now_ns);
// Gives the identities back.
void swim_fini(struct swim *swim);

void swim_output_clear(struct swim_output *out);

// A datagram, opened by the keyring; still hostile.
enum swim_result swim_on_datagram(struct swim *swim, uint64_t now_ns, struct address from,
	uint16_t port, const uint8_t *bytes, size_t size, struct swim_output *out);
// A frame that came over a connection: of anti-entropy, of either end, or a ping. out->answer.size
// == 0: the exchange is over.
enum swim_result swim_on_sync(struct swim *swim, uint64_t now_ns, const uint8_t *bytes, size_t size,
	struct swim_output *out);
// out->stream_ping: its frame for that member, and the frame's size (0: the member is forgotten);
// whether what came back is that member's pong, opened by the keyring and still hostile; and that
// it is, or that nothing came.
uint32_t swim_stream_ping(
	const struct swim *swim, uint32_t member, uint8_t bytes[SWIM_STREAM_PING_MAX]);
bool swim_is_stream_pong(
	const struct swim *swim, uint32_t member, const uint8_t *bytes, size_t size);
void swim_on_stream_pong(
	struct swim *swim, uint64_t now_ns, uint32_t member, bool ok, struct swim_output *out);
// Whatever is due. swim_next_ns: when to call it at the latest (earlier does no harm).
void swim_on_tick(struct swim *swim, uint64_t now_ns, struct swim_output *out);
uint64_t swim_next_ns(const struct swim *swim);

// A seed. Asked until it answers, and by the rejoin prober as long as it is not an alive member.
// False: SWIM_SEEDS_MAX of them are known.
bool swim_join(struct swim *swim, uint64_t now_ns, struct address address, uint16_t port);
// Everybody hears that we leave; after that swim_left is true and nothing is sent any more.
void swim_leave(struct swim *swim, uint64_t now_ns);
bool swim_left(const struct swim *swim);
// Our metadata. Its version goes up, everybody hears of it. False: too long, or no identity free.
bool swim_meta_set(struct swim *swim, uint64_t now_ns, const uint8_t *meta, size_t size);
// Ill-health that the caller sees, on top of our own (loop lag, late heartbeat of the dataplane):
// 0 none, to SWIM_HEALTH_MAX.
void swim_health_set(struct swim *swim, uint32_t extra);
// One ping, answered by a pong with `cookie`. False: no such member, or too many under way.
bool swim_ping(struct swim *swim, uint64_t now_ns, uint32_t member, uint32_t cookie,
	struct swim_output *out);

// Members have indexes below swim_end; they keep them while they are remembered. False: nobody has
// that index.
uint32_t swim_end(const struct swim *swim);
bool swim_member(const struct swim *swim, uint32_t member, struct swim_view *view);
uint32_t swim_find(const struct swim *swim, const char *name); // SWIM_NONE: unknown
// Alive and suspect, ourselves included.
uint32_t swim_count(const struct swim *swim);
void swim_report(const struct swim *swim, struct swim_report *report);
const char *swim_state_name(enum swim_state state);
const char *swim_result_name(enum swim_result result);
