// The simulated cluster: production replicas (Raft, store, kv) on simulated disks and a simulated
// network, with clients, faults and virtual time. One struct world is one seed's run.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "control/cluster/replica/replica.h"
#include "tests/cluster/heap.h"
#include "tests/raft/truth.h"
#include "tests/sim/rng.h"
#include "tests/support/disk_sim.h"

#define MS     1000000ull
#define SECOND 1000000000ull

enum {
	NODES_MAX = 9, // members and those that may become members
	CLIENTS_MAX = 6,
	KEYS_MAX = 8,
	INBOX_MAX = 256, // messages that a stopped process keeps
	HISTORY_MAX = 4096,
	ID_FIRST = 101, // raft id of node 0
};

// ---- faults, counted -------------------------------------------------------------------------

enum fault {
	FAULT_LOST,
	FAULT_TWICE,
	FAULT_LATE,
	FAULT_CUT,
	FAULT_CUT_ONE_WAY,
	FAULT_STOPPED,
	FAULT_CRASH, // the machine: unflushed writes are lost or torn
	FAULT_EXIT,  // the process only
	FAULT_STALL,
	FAULT_EIO,
	FAULT_NO_ROOM,
	FAULT_ROT,
	FAULT_MISDIRECT,
	FAULT_QUARANTINE,
	FAULT_UNNOTICED, // rot that no store can tell from a torn tail
	FAULT_ADD,
	FAULT_REMOVE,
	FAULT_READD,
	FAULT_JOINT,
	FAULT_TRANSFER,
	FAULT_SNAPSHOT, // made
	FAULT_INSTALL,  // received
	FAULT_COUNT,
};

// ---- what a seed decides ---------------------------------------------------------------------

struct network {
	uint64_t delay_ns, jitter_ns;
	uint32_t loss_ppm, duplicate_ppm, late_ppm;
	uint64_t late_ns;
};

// In percent of the faults that are drawn; a swarm: each seed leaves some out.
struct swarm {
	uint32_t crash, stop, cut, burst, stall, error, room, rot, misdirect, change, transfer;
};

struct options {
	uint64_t seed;
	FILE *trace; // NULL: none
};

// ---- nodes -----------------------------------------------------------------------------------

struct packet {
	uint32_t from, to;
	uint32_t size;
	uint8_t bytes[];
};

struct node {
	struct world *world;
	struct replica *replica; // NULL: it does not run
	struct disk_sim *disk;
	uint32_t index, boots;
	uint32_t group;
	bool paused;
	bool quarantined, failed;
	bool erred;   // a flush may have failed: what the kernel shows may not be on the disk
	bool dead;    // its disk cannot be used any more
	bool damaged; // by rot or a misdirected write, since it last started well
	bool removed; // it was, and has not been added again
	uint64_t clock_ns;
	int64_t drift_ppm;
	uint64_t wake_ns; // virtual time of its next event; UINT64_MAX: none
	uint64_t woken_ns;
	uint32_t spins; // wakes in a row without time passing
	struct packet *inbox[INBOX_MAX];
	uint32_t inbox_count;

	// What it showed, check.c. Of this start:
	uint64_t commit, applied;
	bool leads;
	uint64_t snapshots, installs;
	// Ever:
	uint64_t term;
	uint64_t promised_term; // somebody was told, so it must be durable
	uint64_t acked;         // entries up to here, too, unless cut off since
	uint64_t last;          // of the log, and of each entry its term
	uint64_t *terms, terms_room;
	uint64_t *votes, votes_room; // of each term: for whom
};

// ---- clients ---------------------------------------------------------------------------------

enum op_kind { OP_PUT, OP_GET, OP_DELETE, OP_SWAP }; // compare value and put

enum op_outcome { OP_PENDING, OP_DONE, OP_REFUSED, OP_UNKNOWN };

struct op {
	enum op_kind kind;
	enum op_outcome outcome;
	uint32_t client, key, node;
	uint64_t value;    // put; of a get: what it found; 0: nothing
	uint64_t expected; // of a swap
	bool held;         // swap: it was so
	uint64_t call_ns, return_ns;
	uint64_t floor; // revision that it must see
};

struct client {
	uint32_t op;              // of the history; HISTORY_MAX: none under way
	uint64_t guess[KEYS_MAX]; // last value seen
};

// ---- the world -------------------------------------------------------------------------------

struct world {
	struct options options;
	struct network network, calm;
	struct swarm swarm;
	struct replica_config config; // of all, but for ids
	struct disk_sim_config disk;
	uint32_t members, nodes; // at first; and that there are
	uint32_t clients, keys;
	uint64_t every_ns, think_ns, end_ns; // of faults, of clients; when both come to an end
	uint64_t now_ns;
	struct heap heap;
	struct rng rng;
	struct node node[NODES_MAX];
	bool cut[NODES_MAX][NODES_MAX];
	struct truth truth;
	struct client client[CLIENTS_MAX];
	struct op history[HISTORY_MAX];
	uint32_t ops;
	uint32_t unknown[KEYS_MAX]; // writes
	uint64_t revision;          // the highest that a client was told
	uint64_t done_writes;       // that a client was told of
	uint64_t value;             // of the last put
	bool healing;               // no faults any more
	uint64_t events, hash;
	uint64_t faults[FAULT_COUNT];
	char failure[512];
	struct kv_request request; // scratch
	struct raft_scratch *scratch;
};

// world.c
void world_init(struct world *world, const struct options *options);
void world_fini(struct world *world);
void world_call(struct world *world, uint64_t at_ns, uint32_t argument,
	void (*call)(struct world *world, uint32_t argument));
bool world_run(struct world *world, uint64_t until_ns);
bool world_run_to(
	struct world *world, uint64_t at_most_ns, bool (*done)(const struct world *world));
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_trace(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void world_hash(struct world *world, uint64_t value);
void world_fault(struct world *world, enum fault fault);
const char *fault_name(enum fault fault);

// node.c
void node_start(struct world *world, struct node *node);
void node_bootstrap(struct world *world, struct node *node); // one of the first
void node_crash(struct world *world, struct node *node, bool machine);
void node_mend_disk(struct node *node);
void node_pause(struct node *node);
void node_resume(struct world *world, struct node *node);
void node_wake(struct world *world, struct node *node);
void node_receive(struct world *world, struct packet *packet); // takes it
void node_after(struct world *world, struct node *node);       // whatever was done to it
uint64_t node_now(const struct world *world, const struct node *node);
bool node_runs(const struct node *node);                // and moves
struct node *node_of(struct world *world, uint64_t id); // NULL: nobody
struct node *world_leader(struct world *world);         // of the highest term; NULL: none

// net.c
void net_send(struct world *world, uint32_t from, uint32_t to, const uint8_t *bytes, size_t size);

// client.c
void client_start(struct world *world);
void client_on_answer(void *owner, uint64_t cookie, const struct replica_answer *answer);
void client_on_crash(struct world *world, const struct node *node);
bool clients_idle(const struct world *world);
// One more operation of this client, at that node. False: the history is full.
bool client_call(
	struct world *world, uint32_t client, enum op_kind kind, uint32_t key, struct node *node);

// check.c
void check_node(struct world *world, struct node *node);
void check_boot(struct world *world, struct node *node, const struct store_recovered *recovered);
void check_sent(struct world *world, struct node *node, const struct raft_message *message);
void check_end(struct world *world);

// change.c: members and leaders, as an operator would.
void change_members(struct world *world);
void change_leader(struct world *world);

// chaos.c
void chaos_run(struct world *world);

// linear.c: what clients saw is as if there were one register for each key.
void linear_judge(struct world *world);
