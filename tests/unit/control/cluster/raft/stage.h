// A cluster of cores in one process for tests: messages as bytes, disks that end writes when told
// to, and after every step what must hold between the nodes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/raft/codec.h"
#include "control/cluster/raft/raft.h"

enum stage_limits { STAGE_NODES = 7, STAGE_LOG = 8192, STAGE_QUEUE = 4096, STAGE_READS = 4096 };

struct stage_record {
	uint64_t term;
	uint32_t kind, size;
	uint8_t *data; // owned
};

struct stage_disk {
	uint64_t term, vote, last;   // durable
	struct stage_record *record; // by index
	uint64_t snapshot_index, snapshot_term;
	struct raft_conf conf;
	bool quarantined;
	uint64_t last_index, last_term;
	struct stage_pending {
		struct raft_write write;
		struct stage_record *record;
	} pending[RAFT_WRITES_MAX];
	uint32_t pendings;
	bool held; // writes do not end
};

struct stage_node {
	uint64_t id;
	struct raft_config config;
	struct raft *raft; // NULL: it does not run
	void *memory;
	struct stage_disk disk;
	uint64_t applied, sum;      // sum over what was applied, in order
	uint64_t accepted, refused; // outcomes
	uint8_t refusal;            // of the last one
	uint64_t accepted_index, accepted_cookie;
	uint64_t reads, reads_failed, read_index;
	uint64_t chunk_offset;
	uint32_t chunks;
	bool chunks_fail;
	int32_t drift; // of its clock, per mille
};

struct stage_message {
	uint8_t *bytes;
	size_t size;
	uint64_t from, to;
	enum raft_message_type type;
};

struct stage {
	uint64_t now_ns, random;
	uint32_t nodes;
	struct stage_node node[STAGE_NODES]; // ids 1 to nodes
	struct stage_message queue[STAGE_QUEUE];
	uint32_t queued;
	bool cut[STAGE_NODES + 1][STAGE_NODES + 1]; // from, to
	uint32_t muted;                             // bit: messages of this type are lost
	uint32_t loss, duplicates, reorder;         // per mille
	uint32_t slow; // per mille: that what is under way stays there while time passes
	uint64_t committed[STAGE_LOG]; // term of what was applied anywhere; 0: nothing
	uint64_t committed_sum[STAGE_LOG];
	uint64_t committed_last;
	uint64_t leader_of[STAGE_LOG]; // by term
	uint64_t floor[STAGE_READS];   // what had been applied anywhere when a read began
	uint32_t reads;
};

// All of `voters` are members from the start; the others run and know nobody.
struct stage *stage_new(uint32_t nodes, uint32_t voters, uint64_t seed);
// The same with other numbers.
struct stage *stage_new_with(
	uint32_t nodes, uint32_t voters, uint64_t seed, const struct raft_config *config);
void stage_free(struct stage *stage);
void stage_config(struct raft_config *config);

struct stage_node *stage_node(struct stage *stage, uint64_t id);
struct raft *stage_raft(struct stage *stage, uint64_t id);
// Everything that is due without time passing.
void stage_run(struct stage *stage);
// Delivers at most `count` messages.
void stage_deliver(struct stage *stage, uint32_t count);
void stage_pass(struct stage *stage, uint32_t ms);
// Time passes for one node only.
void stage_pass_node(struct stage *stage, uint64_t id, uint32_t ms);
// Until somebody leads whom a majority follows, at most some seconds. Its id.
uint64_t stage_elect(struct stage *stage);
uint64_t stage_leader(struct stage *stage); // of the highest term; 0: nobody
bool stage_propose(struct stage *stage, uint64_t id, const char *text); // taken
enum raft_result stage_change(
	struct stage *stage, uint64_t id, const struct raft_change *changes, uint32_t count);
enum raft_result stage_transfer(struct stage *stage, uint64_t id, uint64_t to);
// Its answer must not be older than what was applied anywhere by now.
void stage_read(struct stage *stage, uint64_t id);
void stage_crash(struct stage *stage, uint64_t id); // what was not durable is lost
// Down, and all that was durable from `index` on is lost.
void stage_rot(struct stage *stage, uint64_t id, uint64_t index);
void stage_restart(struct stage *stage, uint64_t id);
void stage_written(struct stage *stage, uint64_t id, uint32_t count); // so many writes end
void stage_snapshot(struct stage *stage, uint64_t id);                // of all that is applied
void stage_isolate(struct stage *stage, uint64_t id, bool isolated);
struct raft_status stage_status(struct stage *stage, uint64_t id);
