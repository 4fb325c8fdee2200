// Lanes: what consensus says to a member, one way, in order, over a pooled connection. A lane holds
// a lease while it is used, and gives it back every few seconds: so it leaves a connection that is
// to be closed, and the pool sees what it has. Nothing is kept for long: what cannot be sent is
// lost, as on a network, and whoever said it says it again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/pool/pool.h"
#include "lib/ipc/names.h"

enum lane_limits {
	LANES_MAX = 64,              // peers
	LANE_QUEUE_MAX = 704 * 1024, // bytes that wait for a connection: one frame of any size
	LANE_WAIT_MS = 1000,         // so long they wait
	LANE_AGAIN_MS = 20,          // after a refusal
	LANE_RENEW_MS = 5000,        // then the lease is given back
};

enum lane_state {
	LANE_DOWN,    // no lease
	LANE_WAITING, // for one
	LANE_UP,
};

struct lane {
	char node[NAME_SIZE]; // empty: free
	enum lane_state state;
	uint32_t pool_node;      // WAITING, UP: as the pool calls it
	struct pool_lease lease; // UP
	uint64_t due_ns;         // DOWN: not before; UP: the lease is given back
	uint64_t used_ns;        // the longest unused makes room
	uint8_t *queue;          // WAITING: messages, a length before each; NULL: none
	uint32_t queued, queue_size;
};

enum lane_sent {
	LANE_SENT,
	LANE_QUEUED, // until there is a connection
	LANE_LOST,   // none is to be had, or the peer does not keep up
};

struct calls;

// To `node`, `size` bytes to MESSAGE_RAFT_MAX, copied.
enum lane_sent lanes_send(
	struct calls *calls, const char *node, const uint8_t *bytes, uint32_t size);
