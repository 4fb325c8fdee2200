// Two nodes of this process, a link between them, and sessions from the first to the second.
#pragma once

#include "perf/transport/duo.h"
#include "perf/transport/link.h"
#include "perf/transport/node.h"

struct pair {
	struct link link;
	struct node node[2];
	unsigned nodes; // that are made
	struct duo *duo;
	// Sessions, open: end[0] of node 0, end[1] of node 1.
	struct pair_session {
		struct endpoint_session *end[2];
	} session[ENDPOINT_SESSIONS];
	unsigned sessions;
	unsigned opened;   // those of others too
	uint8_t cipher;    // enum cipher_id of sessions that are opened from now on
	uint8_t codec;     // enum codec_id, the same
	struct apps *apps; // the rig's (apps.h), or NULL
	char error[192];
};

// The link is up and both nodes wait. NULL with a sentence.
struct pair *pair_new(enum link_kind kind, uint32_t mtu, char *error, size_t error_size);
void pair_free(struct pair *pair);
// Whose the end of a session is: an application of that node as its worker knows it (the endpoint
// is 0, 0), and the number of its request when it is the one that asked.
struct pair_owner {
	uint16_t app, generation;
	uint32_t request;
};

// A session from the first node to the second; *cid is set before an owner can hear of it. -1 with
// a sentence in pair->error.
int pair_open(struct pair *pair, const struct pair_owner owner[2], uint32_t *const cid[2]);
// At least so many sessions are open. -1 with a sentence in pair->error.
int pair_sessions(struct pair *pair, unsigned sessions);
// Both nodes run for so long; the time it really took.
uint64_t pair_run(struct pair *pair, uint64_t duration_ns);
// No source sends any more, and both nodes run until nothing is in flight.
void pair_settle(struct pair *pair);
