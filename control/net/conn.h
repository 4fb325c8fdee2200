// One connection to another control process: frames in, frames out, bounded. TLS takes the place of
// read and write here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "control/loop.h"
#include "control/net/message.h"

#define CONN_OUT_MAX (256u * 1024) // what waits for a slow peer; more than that and it is dropped

struct conn {
	struct loop *loop;
	int fd; // -1: closed
	struct loop_watch watch;
	uint8_t *in; // MESSAGE_FRAME_HEAD + MESSAGE_SIZE_MAX, while open
	size_t in_used;
	uint8_t *out;
	size_t out_used, out_size;
	bool connecting;
	void (*on_connected)(void *owner); // of conn_dial
	// `message` lives until the call returns. The callback may close the connection.
	void (*on_message)(void *owner, const struct message *message);
	void (*on_closed)(void *owner,
		const char *why); // once; the connection is closed already. Not after conn_close
	void *owner;
};

// The callbacks and owner must be set. Takes `fd`, which is connected and non-blocking. 0 or
// negative errno.
int conn_open(struct conn *conn, struct loop *loop, int fd);
// Fills `to`; returns its size.
socklen_t conn_address(struct sockaddr_storage *to, struct address address, uint16_t port);
// Starts a TCP connection. 0 or negative errno (nothing is open then); on_connected or on_closed
// follows.
int conn_dial(struct conn *conn, struct loop *loop, struct address address, uint16_t port);
// Sends or queues. 0, or -1: closed (on_closed is not called).
int conn_send(struct conn *conn, const struct message *message);
void conn_close(struct conn *conn); // legal when closed
