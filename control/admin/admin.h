// The control socket: <run_dir>/control.sock, JSON-RPC 2.0, on the loop of the control process.
#pragma once

#include <stddef.h>

struct node;

enum admin_limits {
	ADMIN_CLIENTS_MAX = 64,
	ADMIN_STALL_MS =
		10000, // a half-sent request, or an answer that is not read: the client is dropped
	ADMIN_IDLE_MS = 600000, // nothing asked for so long: the client is dropped
	ADMIN_GRACE_MS = 2000,  // past the deadline that the request itself carries
};

// Listens and sets node->admin. A socket file that nobody answers at is replaced.
// 0, or -1 with a sentence.
int admin_start(struct node *node, char *error, size_t error_size);
// Drops every client and removes the socket file. Legal when not started.
void admin_stop(struct node *node);
