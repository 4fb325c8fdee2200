// A few cores in one process, as a scenario drives them: what waits in the network, on the disks
// and for time to pass moves only when a command says so.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/raft/codec.h"
#include "control/cluster/raft/conf.h"
#include "control/cluster/raft/raft.h"

enum world_limits {
	NODES_MAX = 9, // ids 1 to 9
	INDEX_MAX = 512,
	PACKETS_MAX = 1024,
	QUEUE_MAX = RAFT_WRITES_MAX + 2,
	STATE_MAX = 8192, // bytes of a state machine
	READS_MAX = 64,
	OUTPUT_MAX = 256 * 1024,
};

struct stored { // an entry
	uint64_t term;
	enum raft_entry_kind kind;
	uint32_t size;
	uint8_t data[RAFT_CONF_MAX];
};

struct saved { // a snapshot
	uint64_t index, term;
	uint32_t size;
	struct raft_conf conf;
	char state[STATE_MAX];
};

enum disk_health { DISK_WORKS, DISK_STALLED, DISK_FAILED };

// What survives a crash.
struct disk {
	enum disk_health health;
	uint64_t term, vote;
	uint64_t last;
	struct stored entry[INDEX_MAX]; // by index; those up to snapshot.index may be there or not
	struct saved snapshot, before;
	uint64_t rot_index, rot_term; // what was durable up to before some of it rotted; 0: nothing
};

// What the disk has to do, in order.
struct request {
	enum { REQUEST_WRITE, REQUEST_CHUNK, REQUEST_INSTALL } kind;
	struct raft_write write;
	struct stored *entry; // of a write
	uint64_t offset;      // of a chunk
	uint32_t size;
	uint8_t data[STATE_MAX];
	struct saved saved; // INSTALL: all but the state; that is node->received
};

struct reader {
	uint64_t cookie, index;
};

struct node {
	uint64_t id;
	bool exists, up, paused;
	struct raft_config config;
	void *memory;
	struct raft *raft;
	struct disk *disk;
	struct request *queue[QUEUE_MAX];
	uint32_t requests;
	// the clock: so much when the world's was `since_ns`
	uint64_t clock_ns, since_ns;
	uint32_t rate_permille;
	// the state machine: what was applied, one after the other
	char state[STATE_MAX];
	uint64_t applied;
	char received[STATE_MAX]; // of a snapshot that comes
	struct reader reader[READS_MAX];
	uint32_t readers;
	// as it was said last
	enum raft_role role;
	uint64_t term;
	bool quarantined;
};

struct packet {
	uint64_t from, to;
	size_t size;
	uint8_t *bytes;
};

// What was committed, as whoever applied it first had it.
struct committed {
	uint64_t term;
	uint64_t hash;
};

struct world {
	uint64_t now_ns;
	struct node node[NODES_MAX + 1]; // by id
	struct packet packet[PACKETS_MAX];
	uint32_t packets;
	bool cut[NODES_MAX + 1][NODES_MAX + 1]; // from, to
	struct committed committed[INDEX_MAX];
	uint64_t leader_of[INDEX_MAX]; // by term
	uint64_t cookie;
	bool quiet;                  // nothing is said
	bool brief;                  // only what a caller sees: no messages, no writes
	enum raft_message_type hold; // waits in the network until a command delivers it; 0: none
	char output[OUTPUT_MAX];
	size_t written;
};

// world.c
void world_init(struct world *world);
void world_fini(struct world *world);
void say(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Messages and writes.
void detail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
// What no scenario may show: ends the process, with all that was said.
void violated(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t clock_of(const struct world *world, const struct node *node);
void clock_rate(struct world *world, struct node *node, uint32_t rate_permille);
// When the node's clock says so; the world's time.
uint64_t time_of(const struct world *world, const struct node *node, uint64_t clock_ns);

// node.c
void node_start(struct world *world, uint64_t id, const struct raft_config *config);
void node_boot(struct world *world, struct node *node); // with what the disk has
void node_crash(struct world *world, struct node *node);
void node_tick(struct world *world, struct node *node);
void node_compact(struct world *world, struct node *node);

// settle.c: says and does all that a node wants after something happened to it.
void settle(struct world *world, struct node *node);

// disk.c
void disk_write(struct world *world, struct node *node, const struct raft_write *write);
void disk_chunk(struct world *world, struct node *node, const struct raft_chunk *chunk);
void disk_end(struct world *world, struct node *node); // of the oldest request
void disk_forget(struct node *node);                   // all requests

// net.c
void net_send(struct world *world, struct node *node, struct raft_message *message);
struct filter {
	uint64_t from, to;           // 0: all
	enum raft_message_type type; // 0: all
	uint32_t count;
	uint32_t skip; // not the first so many of these
	bool keep;     // a copy stays
};
// How many were.
uint32_t net_deliver(struct world *world, struct filter filter);
uint32_t net_drop(struct world *world, struct filter filter);
void net_show(struct world *world);

// print.c
const char *conf_text(const struct raft_conf *conf);
const char *entry_text(const struct raft_entry *entry);
const char *message_text(const struct raft_message *message);
enum raft_message_type message_type(const char *name); // 0: none has it

// check.c: what must hold across nodes.
void check_applied(struct world *world, const struct node *node, const struct raft_entry *entry);
void check_role(struct world *world, const struct node *node);
uint64_t hash_of(const void *bytes, size_t size);
