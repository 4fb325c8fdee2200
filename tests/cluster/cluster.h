// The simulated cluster: many nodes (each the production core of membership, struct swim), the
// network between them, faults, and virtual time. One struct world is one seed's run.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "control/cluster/swim/swim.h"
#include "tests/cluster/heap.h"
#include "tests/sim/rng.h"

#define MS     1000000ull
#define SECOND 1000000000ull

enum {
	INBOX_MAX = 128, // datagrams that a node's socket keeps while the node does not look
	GROUPS_MAX = 4,  // of nodes, that a partition tells apart
	SEED_NODES = 3,  // unless told: the first nodes are the seeds of all others
	SCAN_MAX = 64,   // so small a cluster is looked at as a whole after every event
	NODES_MAX = SWIM_MEMBERS_MAX,
};

// ---- what a seed or a scenario decides --------------------------------------------------------

struct network {
	uint64_t delay_ns, jitter_ns; // delay, and up to so much more: packets overtake each other
	uint32_t loss_ppm, duplicate_ppm;
	uint32_t late_ppm; // packets that take up to late_ns more
	uint64_t late_ns;
};

struct options {
	uint64_t seed;
	uint32_t members;   // nodes 0 .. members - 1
	uint32_t drift_ppm; // each node's clock runs so much slow or fast at most
	bool plain;         // SWIM without Lifeguard
	FILE *trace;        // NULL: none
	struct network network;
};

// ---- faults, counted --------------------------------------------------------------------------

enum fault {
	// Of datagrams.
	FAULT_LOST,
	FAULT_TWICE,
	FAULT_OVERTAKEN, // of one that was sent later; in small clusters only
	FAULT_LATE,
	FAULT_CUT,
	FAULT_CUT_ONE_WAY, // while the other way was open
	FAULT_OVERFLOW,    // of the inbox of a node that does not look
	// Of connections.
	FAULT_NO_CONNECTION,
	// Of nodes.
	FAULT_STOPPED,
	FAULT_STALLED, // as slow nodes do
	FAULT_DRIFT,   // started with a clock that is wrong by more than a thousandth
	FAULT_CRASH,
	FAULT_LEAVE,
	FAULT_RESTART,
	FAULT_FORGETFUL, // restart that began with the first incarnation again
	FAULT_UNNOTICED, // restart before anybody took it for dead
	FAULT_COUNT,
};

// ---- packets ----------------------------------------------------------------------------------

enum packet_type {
	PACKET_DATAGRAM,
	PACKET_FRAME, // of anti-entropy. From here on: over connections, which lose nothing
	PACKET_PING,
	PACKET_PONG,
	PACKET_NO_PONG, // the connection could not be made, or broke
};

struct packet {
	enum packet_type type;
	uint32_t from, to;
	uint32_t boot; // of the receiver: a connection ends with the process
	uint32_t size;
	uint8_t bytes[];
};

// ---- nodes ------------------------------------------------------------------------------------

// What a node knew of a member when we looked last.
struct seen {
	uint32_t incarnation : 28, state : 4;
};

struct node {
	struct swim *swim; // NULL: it does not run
	void *memory;      // ... in which it lives
	uint32_t index;
	uint32_t boots;       // so often it was started
	uint32_t incarnation; // its own, the highest ever
	uint32_t group;       // see world.cut
	bool paused;
	bool leaves;        // swim_leave was called
	uint64_t clock_ns;  // where its monotonic clock stands at virtual time 0
	int64_t drift_ppm;  // and how much too fast it runs
	uint64_t tick_ns;   // virtual time of its next EVENT_TICK; UINT64_MAX: none
	uint64_t ticked_ns; // and of its last
	uint32_t spins;     // ticks in a row without time passing
	uint32_t waiting;   // of inbox; connections' packets beyond INBOX_MAX
	uint32_t datagrams; // of them
	uint32_t inbox_size;
	struct packet **inbox;     // came while it was paused
	uint64_t run_ns, stall_ns; // a slow node: so long it runs and stalls, on average
	struct seen *seen;         // of each node
	uint16_t *subjects;        // of each index of a member: the node
	// Counted.
	uint64_t sent, sent_bytes, frames, frame_bytes;
};

// ---- the world --------------------------------------------------------------------------------

struct world {
	struct options options;
	struct network network;
	struct swim_config config; // of all nodes, but for names and addresses
	uint32_t seeds;            // so many of the first nodes does every node ask
	uint64_t now_ns;
	uint64_t
		lockstep_ns; // all timers fire together, at multiples of it; 0: each when it is due
	struct heap heap;
	struct rng rng;
	struct node *nodes;
	struct identities *identities;
	void *identities_memory;
	struct swim_output *out;          // of the node that runs now
	bool cut[GROUPS_MAX][GROUPS_MAX]; // nothing gets from the first to the second
	uint64_t events;
	uint64_t hash; // of all that happened
	uint64_t faults[FAULT_COUNT];
	uint64_t *latest_ns;   // of datagrams from each to each: arrival; NULL: too many nodes
	uint64_t falsely_dead; // a node that runs and answers was declared dead by a node
	char failure[256];
	// Each change that a node reports about another, now that the view is as it says. NULL:
	// nobody wants to know.
	void (*on_change)(struct world *world, struct node *node, uint32_t subject,
		const struct swim_change *change);
	void *scenario; // its own
};

// world.c

// All nodes are there; none runs. Ends the process when there is no memory.
void world_init(struct world *world, const struct options *options);
void world_fini(struct world *world);
void world_call(struct world *world, uint64_t at_ns, uint32_t node,
	void (*call)(struct world *world, uint32_t node));
// Until that time. False: the run has failed, see world->failure.
bool world_run(struct world *world, uint64_t until_ns);
// Until done(world) (looked at every 10 ms), for so long at most. False: failed, or not done.
bool world_run_to(
	struct world *world, uint64_t at_most_ns, bool (*done)(const struct world *world));
// The first failure stays.
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void world_hash(struct world *world, uint64_t value);

// node.c

// A higher incarnation than ever before, or, forgetful, the first again. It asks the seeds.
void node_start(struct world *world, struct node *node, bool forgetful);
// At once and without a word.
void node_crash(struct world *world, struct node *node);
void node_leave(struct world *world, struct node *node);
// `size` bytes of metadata that say `value`.
bool node_meta(struct world *world, struct node *node, uint64_t value, size_t size);
void node_tick(struct world *world, struct node *node, uint64_t at_ns);
void node_arm(struct world *world, struct node *node);         // its timer, as the core has it
void node_receive(struct world *world, struct packet *packet); // takes it
void node_handle(struct world *world, struct node *node, const struct packet *packet);
uint64_t node_now(const struct world *world, const struct node *node);
struct address node_address(uint32_t node);
// UINT32_MAX: no node has it.
uint32_t node_of(const struct world *world, struct address address);
enum { NODE_PORT = 7700 };

// pause.c

// Nothing moves until node_resume: a stopped process.
void node_pause(struct node *node);
void node_resume(struct world *world, struct node *node);
// Runs and stalls in turn, from now on. 0, 0: no longer.
void node_slow(struct world *world, struct node *node, uint64_t run_ns, uint64_t stall_ns);
// What arrives meanwhile: takes it; and all of it goes.
void node_keep(struct world *world, struct node *node, struct packet *packet);
void node_forget(struct node *node);

// faults.c

const char *fault_name(enum fault fault);
void fault_count(struct world *world, enum fault fault);
// A datagram will arrive at that time.
void fault_count_order(struct world *world, uint32_t from, uint32_t to, uint64_t at_ns);

// net.c

struct packet *packet_new(
	enum packet_type type, uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t size);
// Through the faults of the network. Takes the packet.
void net_send(struct world *world, struct packet *packet);

// formed.c

// All nodes started within `over_ns`, and each knows each. False: failed, or not within 2 minutes.
bool world_form(struct world *world, uint64_t over_ns);
// The same with a short gossip queue, for large clusters: a thousand newcomers at once are gossip
// of a million messages, and of no interest to most scenarios. All ask node 0, and nobody else;
// it hears of all before it answers any, and each learns all from it in one exchange.
bool world_form_quickly(struct world *world);
// Every node that runs knows every node that runs as alive, and no other as alive or suspect.
bool world_agrees(const struct world *world);
// Where they do not: into the failure.
void world_say_disagreement(struct world *world);
// In the cluster: it runs and does not leave.
bool node_is_in(const struct node *node);

// quiet.c

// Nobody has any news to tell.
bool world_hushed(const struct world *world);
// In a cluster of one mind, on a network that loses nothing.
void check_quiet(struct world *world);

// check.c

// One change of a view, as the core reports it.
void check_change(struct world *world, struct node *node, const struct swim_change *change);
// After an event at the node.
void check_node(struct world *world, struct node *node);
// Of all nodes: what was reported is what they know.
void check_views(struct world *world);
