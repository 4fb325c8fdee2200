// Connections of peers to us: whoever connects is a stranger until it has greeted, and with
// certificates until it has shown who it is. Then it may ask, and is answered on the same
// connection.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/config.h"
#include "control/loop.h"
#include "control/net/conn.h"
#include "control/net/message.h"

enum listener_limits {
	LISTENER_MAX = 512,        // one more ends the stranger that has been here longest
	LISTENER_PEER_MAX = 16,    // of them of one node, whose pool opens 4 and replaces those now
				   // and then; one more ends the oldest
	LISTENER_HELLO_MS = 3000,  // it must say hello by then
	LISTENER_IDLE_MS = 120000, // and something every so often: the pool's own end is earlier
	LISTENER_LOOK_MS = 250,    // how often these are looked at
	LISTENER_DEAF_MS = 1000,   // none is taken for so long when we have no descriptor left
};

struct listener;

struct incoming {
	struct listener *listener;
	uint64_t link; // its name in this process: never reused; 0: free
	uint64_t opened_ns, heard_ns;
	char *node; // who greeted; NULL: nobody yet
	struct conn conn;
};

#define INCOMING_SIZE 168 // bytes of ours, beside TLS_SESSION_SIZE and the name

_Static_assert(sizeof(struct incoming) <= INCOMING_SIZE, "there may be many");

struct listener {
	const struct config *config;
	const struct tls *tls; // NULL, or without certificates: plain connections
	struct loop *loop;
	int fd;
	uint16_t port; // as bound
	struct loop_watch watch;
	struct loop_timer look;
	uint64_t next_link; // odd: those of our own connections are even
	uint64_t age_ms;    // an older connection is ended
	uint64_t warned_ns; // when a stranger was last logged
	uint64_t deaf_ns;   // until when none is taken; 0: they are
	struct incoming incoming[LISTENER_MAX];

	// OFFER, SYNC or RAFT of `node`; `message` lives until the call returns.
	void (*on_message)(
		void *owner, const char *node, uint64_t link, const struct message *message);
	void (*on_link_down)(void *owner, uint64_t link);
	// A node greeted: it is there.
	void (*on_greeted)(void *owner, const char *node);
	void *owner;
};

// Borrows all. The callbacks and owner are set after it.
void listener_init(struct listener *listener, const struct config *config, const struct tls *tls,
	struct loop *loop);
// 0, or -1 with a sentence.
int listener_start(struct listener *listener, char *error, size_t error_size);
void listener_stop(struct listener *listener);
// 0, or -1 when it is gone.
int listener_answer(struct listener *listener, uint64_t link, const struct message *message);
// The connection of that name; NULL when it is gone.
struct conn *listener_conn(struct listener *listener, uint64_t link);
// Ends every connection, so that peers dial anew: what this node believes, or shows, is another
// now.
void listener_renew(struct listener *listener, const char *why);
