// Connections to and from the peers' control processes: one outgoing for what we ask, incoming ones
// for what they ask.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/config.h"
#include "control/loop.h"
#include "control/net/conn.h"
#include "control/net/message.h"

enum peers_limits {
	PEERS_INCOMING_MAX = 128,
	PEERS_LINKS_MAX = 4,   // of them greeted by one peer; one more ends the oldest
	PEERS_HEED_MS = 500,   // so often at most a peer is listened to about its dataplane: half
			       // of PEERS_PING_MS, for a ping may come early
	PEERS_HELLO_MS = 3000, // an incoming connection must say hello by then
	PEERS_IDLE_MS = 10000, // and something every so often
	PEERS_DIAL_MS = 2000,
	PEERS_PING_MS = 1000,
	PEERS_PONG_MS = 3000,
	PEERS_AGE_MS = 3600000, // of a connection: then who is there must show itself again, and
				// the secrets of the old one are forgotten
	PEERS_BACKOFF_MS =
		50, // doubling to ..., so that a peer that appears is found well within a second
	PEERS_BACKOFF_MS_MAX = 400,
};

enum peer_state { PEER_DOWN, PEER_DIALING, PEER_GREETING, PEER_UP };

struct peer {
	struct peers *peers;
	uint32_t index;          // into config.peers
	enum peer_state state;   // PEER_UP: reachable
	uint64_t since_ns;       // CLOCK_MONOTONIC, of the state
	uint64_t rtt_ns;         // of the last ping, 0: none yet
	uint64_t boot_id;        // of its dataplane as last heard, 0: none or unknown
	uint64_t boot_heeded_ns; // when on_boot was last called, 0: never;
	uint64_t gone_heeded_ns; // and when a GONE was handed on
	char error[REASON_SIZE]; // why it is down; empty when up or never tried

	uint64_t link;           // its name for answers: never reused
	struct conn conn;        // outgoing
	struct loop_timer timer; // next dial, dial patience, next ping
	uint64_t backoff_ms;
	uint64_t ping_ns;  // when the unanswered ping went out, 0: none
	uint64_t until_ns; // up: then it is renewed
	bool renewing;     // down for that only
};

struct incoming {
	struct peers *peers;
	bool used;
	uint64_t link; // its name for answers: never reused
	int peer;      // -1: has not said hello
	uint64_t until_ns;
	struct conn conn;
	struct loop_timer timer; // hello or idle patience
};

struct peers {
	const struct config *config;
	const struct tls *tls; // set after peers_init; NULL: plain connections
	struct loop *loop;
	int listener;
	uint16_t listen_port; // as bound
	struct loop_watch listener_watch;
	uint64_t boot_id; // of our dataplane, told in hello, ping and pong; 0: none
	uint64_t next_link;
	uint64_t age_ms;    // PEERS_AGE_MS
	uint64_t warned_ns; // when a stranger was last logged
	uint32_t count;
	struct peer peer[CONFIG_PEERS_MAX];
	struct incoming incoming[PEERS_INCOMING_MAX];

	void (*on_up)(void *owner, uint32_t peer);
	void (*on_down)(void *owner, uint32_t peer, const char *why);
	void (*on_boot)(void *owner, uint32_t peer, uint64_t boot_id); // heard from it
	void (*on_message)(
		void *owner, uint32_t peer, uint64_t link, const struct message *message);
	void (*on_link_down)(void *owner, uint64_t link);
	void *owner;
};

void peers_init(struct peers *peers, const struct config *config, struct loop *loop);
// Listens and dials. 0, or -1 with a sentence.
int peers_start(struct peers *peers, char *error, size_t error_size);
void peers_stop(struct peers *peers);
// On the outgoing connection. 0, or -1 when the peer is not up.
int peers_send(struct peers *peers, uint32_t peer, const struct message *message);
// On an incoming one. 0, or -1 when it is gone.
int peers_answer(struct peers *peers, uint64_t link, const struct message *message);
// The connection of that name; NULL when it is gone.
struct conn *peers_conn(struct peers *peers, uint64_t link);
// Ends every connection for a new one: what this node believes, or shows, is another now. The core
// offers again what was not answered; sessions go on.
void peers_renew(struct peers *peers, const char *why);
// Dials now instead of at the end of the back-off.
void peers_hurry(struct peers *peers, uint32_t peer);
