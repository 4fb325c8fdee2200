// Requests to the control processes of peers, each over a pooled connection: it waits for a lease,
// is sent, and ends with its answer or with the reason why there is none. Nothing else of the
// control process opens a connection.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/directory.h"
#include "control/loop.h"
#include "control/net/channel.h"
#include "control/net/lanes.h"
#include "control/net/message.h"
#include "control/pool/pool.h"

enum calls_limits {
	CALLS_MAX = 384,          // at a time: every attempt of a session, and membership's own
	CALLS_NODES_MAX = 1024,   // that are called, or were lately
	CALLS_CHANNELS_MAX = 256, // connections
	// Unless the configuration says otherwise:
	CALLS_SLOTS = 16,      // requests on one connection at the same time
	CALLS_NODE_SLOTS = 64, // requests to one node at the same time
	CALLS_AGAIN_MS = 50,   // how soon a half-open breaker is asked again
	CALLS_LOOK_MS = 1000,  // how often certificates are looked at
	CALLS_TELL_MS = 30000, // and the use of the pool is logged, at debug level
};

enum call_end {
	CALL_ANSWERED,
	CALL_UNREACHABLE, // no connection was to be had; nothing was sent
	CALL_LOST,        // the connection broke before the answer
	CALL_LATE,        // deadline_ns came before the answer
};

struct call_answer {
	enum call_end end;
	uint32_t request;              // the caller's, of its message
	const char *why;               // unless answered: a sentence
	const char *node;              // who was called
	uint64_t link;                 // answered: the connection
	const struct message *message; // answered; its request is the caller's
	uint64_t rtt_ns;               // answered
	uint32_t call;                 // for calls_go_on
};

// Once for each call, and again for each answer after calls_go_on. May be called before calls_start
// returns.
typedef void (*call_end_fn)(void *owner, const struct call_answer *answer);

struct call_order {
	const char *node;       // NULL: whoever is at address and port (a seed)
	struct address address; // the rest is copied
	uint16_t port;
	const struct message *message; // OFFER, PING or SYNC
	uint64_t until_ns;             // a connection may be waited for until then, and no
				       // longer than the pool's acquire_timeout
	uint64_t deadline_ns;          // and the answer until then
	const char *site;              // who asks, for the list of leaks: a literal
	call_end_fn on_end;
	void *owner;
};

enum call_state {
	CALL_FREE = 0,
	CALL_WAITING,
	CALL_RETRYING,
	CALL_SENT,
	CALL_HEARD, // its answer is being told: whatever comes of its connection, it has ended
};

struct call {
	enum call_state state;
	uint32_t id;             // on the wire: index in the low 9 bits, never 0
	uint32_t ticket;         // WAITING
	uint64_t retry_ns;       // RETRYING: the pool refused, and says when to ask again
	uint64_t sent_ns;        // SENT
	struct pool_lease lease; // SENT, HEARD
	uint32_t node;           // as the pool calls it
	uint64_t until_ns, deadline_ns;
	struct message message; // its request is the caller's
	uint8_t *data;          // of a SYNC: a copy; NULL: none
	const char *site;
	call_end_fn on_end;
	void *owner;
};

// What the transport knows of a node of the pool.
struct calls_node {
	char *error; // of the last dial; NULL: it worked, or there was none
	bool seed;   // called by address
	struct address address;
	uint16_t port;
};

struct calls {
	const struct config *config;
	const struct directory *directory;
	const struct tls *tls;
	struct loop *loop;
	struct loop_timer timer;
	struct pool *pool;
	void *memory;
	uint64_t next_link; // even: the listener's are odd
	uint32_t generation, epoch;
	uint64_t look_ns, tell_ns; // when they are due
	bool carrying;
	struct channel channels[CALLS_CHANNELS_MAX];
	struct calls_node nodes[CALLS_NODES_MAX];
	struct call call[CALLS_MAX];
	struct lane lanes[LANES_MAX];
};

// The pool's options before the configuration has its say: a preset's times and thresholds, with
// sizes that fit control connections. One that was refused or dialed in vain is tried again soon
// with POOL_LAN: membership tells of most that are gone.
void calls_pool_preset(struct pool_config *pool, enum pool_preset preset);
// All borrowed; config->pool is one that can be. 0, or -1: out of memory.
int calls_init(struct calls *calls, const struct config *config, const struct directory *directory,
	const struct tls *tls, struct loop *loop);
// Nothing is called back any more.
void calls_fini(struct calls *calls);

void calls_start(struct calls *calls, const struct call_order *order);
// In on_end of an answered SYNC, once: `message` goes back on the same connection. `ends`: it is
// not answered. False: the connection is gone.
bool calls_go_on(struct calls *calls, uint32_t call, const struct message *message, bool ends);
// The connection of that name; NULL when it is gone.
struct conn *calls_conn(struct calls *calls, uint64_t link);
// Our certificates are others now: what is open ends with its last request.
void calls_renew(struct calls *calls);
// What membership says of a node. Does nothing to one that is not called.
void calls_liveness(struct calls *calls, const char *node, enum pool_liveness liveness);

// The pool's node of a peer, for pool_explain; POOL_NONE: nobody knows a node of that name.
uint32_t calls_peer(struct calls *calls, const char *node);
// The group of the key exchange on a connection to the node: "X25519". NULL: none is open, or it is
// plain.
const char *calls_group(const struct calls *calls, uint32_t node);
// By an operator; NULL: every node. False: it is no peer.
bool calls_drain(struct calls *calls, const char *node);
bool calls_pause(struct calls *calls, const char *node);
bool calls_resume(struct calls *calls, const char *node);
bool calls_warm(struct calls *calls, const char *node, uint32_t connections);
