// One connection to another control process: frames in, frames out, bounded; over TLS when the node
// has certificates.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "control/loop.h"
#include "control/net/message.h"
#include "control/net/tls_session.h"

// What waits for a slow peer; more than that and it is dropped, but for RAFT: that is not taken.
#define CONN_OUT_MAX (1024u * 1024)
// No connection grows older: who is there shows itself again, and the secrets of the old one are
// forgotten. Who dialled renews it in time.
#define CONN_AGE_MS 3600000u

enum conn_state {
	CONN_DIALING, // TCP
	CONN_SHAKING, // TLS: nobody has been believed, and nothing of ours was said
	CONN_OPEN,
};

struct conn_events {
	void (*on_connected)(void *owner); // of conn_dial: both ends have shown who they are
	// `message` lives until the call returns. The callback may close the connection.
	void (*on_message)(void *owner, const struct message *message);
	void (*on_closed)(void *owner,
		const char *why); // once; the connection is closed already. Not after conn_close
};

// Small while it is idle: buffers are there only while something waits in them.
struct conn {
	struct loop *loop;
	int fd;                      // -1: closed
	uint32_t generation;         // another one after each conn_close
	enum conn_state state;       // when closed: how far it came
	bool dialled;                // by us
	bool large;                  // its owner knows who it is: frames of RAFT may come
	const struct tls *tls;       // NULL, or without certificates: the connection is plain
	const char *peer;            // dialled: the node that must answer (borrowed); NULL: any
	struct tls_session *session; // NULL: plain, or closed
	struct loop_watch watch;
	uint8_t *in; // the beginning of a frame whose end has not come; NULL: none
	uint32_t in_used, in_size;
	uint8_t *out; // what the kernel would not take; NULL: nothing
	uint32_t out_used, out_size;
	const struct conn_events *events;
	void *owner;
};

// events and owner must be set, and tls; fd be -1. Takes `fd`, which is connected and non-blocking.
// 0 or negative errno.
int conn_open(struct conn *conn, struct loop *loop, int fd);
// Fills `to`; returns its size.
socklen_t conn_address(struct sockaddr_storage *to, struct address address, uint16_t port);
// Starts a TCP connection; events, owner and tls as above, and peer. 0 or negative errno (nothing
// is open then); on_connected or on_closed follows.
int conn_dial(struct conn *conn, struct loop *loop, struct address address, uint16_t port);
// Sends or queues. 0, or -1: closed (on_closed is not called); or still open, and the message is
// none: one of its names is not UTF-8.
int conn_send(struct conn *conn, const struct message *message);
// A RAFT of `size` bytes. As conn_send, or -EAGAIN: too much waits already, and nothing was sent.
int conn_send_raft(struct conn *conn, const uint8_t *bytes, uint32_t size);
void conn_close(struct conn *conn); // legal when closed
// The node of the peer's certificate; NULL on a plain connection, or before it was verified.
const char *conn_peer(const struct conn *conn);
// That certificate, or one above it, has ended since.
bool conn_expired(const struct conn *conn);
// The group of its key exchange: "X25519". NULL as above.
const char *conn_group(const struct conn *conn);
