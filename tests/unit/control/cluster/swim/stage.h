// A few cores wired together in virtual time: each datagram and each frame takes 1 ms, unless a
// test cuts the wire.
#pragma once

#include "control/cluster/swim/core.h"

#define STAGE_NODES_MAX 64u
#define STAGE_PORT      7000
#define STAGE_MS(n)     ((uint64_t)(n)*1000000u)

struct stage {
	uint64_t now_ns;
	uint32_t count;
	struct identities *identities;
	struct swim *nodes[STAGE_NODES_MAX];
	struct swim_config configs[STAGE_NODES_MAX];
	bool down[STAGE_NODES_MAX];
	uint32_t side[STAGE_NODES_MAX]; // nodes of different sides do not reach each other
	uint32_t cut[STAGE_NODES_MAX];  // 1 and 2 do not reach each other, both reach 0
	uint64_t datagrams, bytes, frames, frame_bytes;
	uint32_t changes[SWIM_STATE_COUNT]; // by the new state, of all nodes
	uint32_t conflicts, stream_pings, pongs;
	struct swim_pong pong; // the last one
};

// Nodes "n0", "n1", … at 10.0.0.1, 10.0.0.2, … of the preset lan with room for `members_max`.
struct stage *stage_new(uint32_t count, uint32_t members_max);
// One node that knows m1, m2, … ; `out` is empty then.
struct stage *stage_with(uint32_t members, struct swim_output *out);
void stage_free(struct stage *stage);
// The node begins (again): `incarnation` as in its configuration.
void stage_start(struct stage *stage, uint32_t node);
struct address stage_address(uint32_t node);
// Everybody asks node 0.
void stage_join_all(struct stage *stage);
void stage_run(struct stage *stage, uint64_t ms);
// What `node` thinks of `of`; SWIM_ABSENT when it does not know it.
enum swim_state stage_state(const struct stage *stage, uint32_t node, uint32_t of);
// Every node that is up thinks that each node that is up is alive.
bool stage_full_mesh(const struct stage *stage);
// What a call of a test has put out is sent.
void stage_send(struct stage *stage, uint32_t from, const struct swim_output *out);
// `swim` hears that `name` at stage_address(node) is alive, with metadata of that text. Its version
// is the incarnation, or 0 without any.
enum swim_result stage_say_alive(struct swim *swim, const char *name, uint32_t node,
	uint32_t incarnation, const char *meta, struct swim_output *out);
