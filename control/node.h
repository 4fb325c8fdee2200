// A node as its control process knows it: the one struct of the process. main.c starts the parts in
// order, and stops them in reverse. node.c feeds the session core and carries out what it decides;
// node_peers.c is all that has to do with other nodes.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/directory.h"
#include "control/cluster/session/session.h"
#include "control/config.h"
#include "control/consensus/consensus.h"
#include "control/identity.h"
#include "control/loop.h"
#include "control/net/calls.h"
#include "control/net/gossip.h"
#include "control/net/listener.h"
#include "control/plane/plane.h"

struct admin; // control/admin, which owns it

enum node_limits {
	NODE_WAITERS_MAX = 64, // admin requests that wait for a session
	NODE_PING_MS = 400,    // membership asks others meanwhile
	NODE_SYNC_MS = 5000,   // a connection for anti-entropy, and each answer
};

// Result of an admin request; `text` is a sentence when result is not IPC_OK.
typedef void (*node_opened_fn)(void *owner, uint32_t result, uint32_t cid, const char *text);

struct node_waiter {
	uint32_t request; // 0: free
	node_opened_fn on_opened;
	void *owner;
};

struct node {
	struct config config;
	struct loop *loop;
	struct plane plane;               // the dataplane: state, pid, tables
	struct own_identity identity;     // our certificates
	struct gossip gossip;             // membership
	struct members_watcher watcher;   // of its members
	struct loop_timer members_told;   // the core hears of changes once a turn
	struct listener listener;         // what peers ask us
	struct calls calls;               // what we ask peers
	uint8_t frame[KEYRING_FRAME_MAX]; // of membership, on its way
	struct directory directory;       // peers by name
	struct consensus consensus;       // what all nodes decide together
	struct session_core *core;        // attempts in flight
	struct session_output *out;       // of the core, between two calls
	bool carrying;                    // node.c is carrying out `out`
	struct admin *admin;              // set by admin_start
	uint64_t started_ns;              // CLOCK_MONOTONIC
	bool stopping;                    // for good
	bool leave_dataplane;             // --leave-dataplane
	struct loop_timer tick;           // of the core
	struct node_waiter waiters[NODE_WAITERS_MAX];
};

int node_init(struct node *node, struct loop *loop);
// Certificates, plane and peers. 0, or -1 with a sentence.
int node_start(struct node *node, char *error, size_t error_size);
// Says good-bye to the other nodes and stops the dataplane (unless leave_dataplane: then it is back
// soon), then quits the loop.
void node_stop(struct node *node);
void node_fini(struct node *node);

// Opens a session without an application to `want->node`. Calls back once, maybe before it returns.
// The answer is the request number, 0 when it was already answered.
uint32_t node_session_open(
	struct node *node, const struct session_want *want, node_opened_fn on_opened, void *owner);
// The asker is gone: on_opened of this request is not called any more.
void node_session_forget(struct node *node, uint32_t request);
// Asks the worker to close the session. 0, or an enum ipc_result with a sentence in `error`.
int node_session_close(
	struct node *node, uint32_t cid, bool at_once, char *error, size_t error_size);
