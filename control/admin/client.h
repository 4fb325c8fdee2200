// One client of the control socket: lines in, one request at a time, answers out. Private to admin.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/admin/level.h"
#include "control/admin/members_feed.h"
#include "control/admin/trace_stream.h"
#include "control/loop.h"
#include "control/node.h"

struct method_later;

struct client {
	struct node *node;
	struct members_feed *feed;
	int fd; // -1: free
	struct level_caller caller;
	enum admin_level level;
	struct loop_watch ready;
	struct loop_timer
		timer; // deadline of the request, stall or idle patience: whichever holds now
	char *in;      // RPC_LINE_MAX bytes
	size_t in_used;
	bool in_ended; // the peer sends no more
	bool closing;  // drop it when the answer is out
	char *out;     // one answer, or one batch of lines: more waits until it is read
	size_t out_size, out_sent;

	// the request that waits for its answer
	bool busy;
	json_t *id;
	const struct schema_method *method;
	uint32_t request;             // of node_session_open, 0: none
	bool calling;                 // the method has not returned yet
	struct method_later *pending; // of a method that answers later; NULL: none
	struct trace_stream stream;   // of session.trace: lines before the answer

	struct members_stream watch; // of members.watch: lines after the answer, until it hangs up
};

// Takes `fd` (non-blocking), borrows the feed. The client must be free.
// Refusals of the caller are answered, then it is dropped.
void client_open(struct client *client, struct node *node, struct members_feed *feed, int fd,
	gid_t socket_gid);
// Sends one error and drops the connection; takes `fd`.
void client_turn_away(int fd, int code, const char *text);
void client_close(struct client *client); // legal when free
