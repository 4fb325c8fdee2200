// members.watch: each change of a member becomes one line, which goes to every client that watches.
// A client that does not read loses lines, not its place: it is told how many before it gets the
// whole list again. Private to admin.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/members/members.h"

struct node;

enum members_feed_limits {
	MEMBERS_FEED_CLIENTS_MAX = 32,      // of ADMIN_CLIENTS_MAX: there is room for others
	MEMBERS_FEED_WAITING_MAX = 1 << 20, // bytes that wait for one client
	MEMBERS_FEED_AGAIN_US =
		100, // for each member between two whole lists that were not asked for
};

// One client's: what waits for it. Embedded in its owner, who takes it with members_feed_take.
struct members_stream {
	bool on;
	bool rtt;   // each new round trip time, too
	char *text; // lines, without a zero; NULL: none
	size_t size, room;
	uint64_t lost;                // changes since there was no room
	void (*on_news)(void *owner); // there is something to take; may not call members_feed_*
	void *owner;
	struct members_stream *next;
};

struct members_feed {
	struct node *node;
	struct members_watcher watcher; // while there are streams
	struct members_stream *streams;
	uint32_t count;
	uint64_t again_ns; // no whole list before
};

void members_feed_init(struct members_feed *feed, struct node *node);
// From the next change on. 0, or -1: MEMBERS_FEED_CLIENTS_MAX watch. on_news and owner are set.
int members_feed_add(struct members_feed *feed, struct members_stream *stream, bool rtt);
// Frees what waits. Legal when it is not on.
void members_feed_remove(struct members_feed *feed, struct members_stream *stream);
// What waits, as text for free(), each line with its newline; NULL: nothing now. *wait_ns: look
// again after so long, 0: on_news will say.
char *members_feed_take(struct members_feed *feed, struct members_stream *stream, uint64_t now_ns,
	uint64_t *wait_ns);
