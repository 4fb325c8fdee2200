// An application inside the worker's thread: source, sink, echo or pinger. It has a region and an
// arena like any application and speaks through the same three rings, so it takes no shortcut that
// an application could not; it only needs no core of its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/app/channel.h"
#include "lib/base/stream.h"

enum {
	ENDPOINT_SESSIONS = 64,
	ENDPOINT_BUFFERS = 128, // of 64 KiB: larger than a core's cache
	ENDPOINT_EVENTS = 32,   // taken from the ring at once
	ENDPOINT_MESSAGE_MAX = 4096,
};

// One session of an endpoint. What it does with it is `send` and what arrives.
struct endpoint_session {
	uint32_t cid;
	bool open;
	uint32_t streams; // to send on: 0 .. streams - 1, in turn
	uint32_t size;    // of a record to send; 0: sends nothing of its own
	uint32_t message; // of a message to pack into records of that size; 0: records as they are
	uint32_t ahead;   // records in flight at most
	uint64_t gap_ns;  // between two records; 0: as fast as it goes
	uint32_t echo;    // streams (bits) whose records go back
	uint64_t hold_ns; // a slow application: keeps each block so long

	uint32_t in_flight, stream;
	uint64_t next_ns; // when the next record may go
	uint64_t stamp[STREAMS_MAX], expected[STREAMS_MAX];
	uint64_t records_sent;                     // acknowledged
	uint64_t records_received, bytes_received; // delivered
	uint64_t messages_received;
	uint64_t wrong; // records or messages that were not the next one of their stream
};

struct endpoint {
	struct region region;
	struct app_region *mine;
	struct app_channel *channel;
	uint8_t *buffers;
	struct ring_producer tx, returns;
	struct ring_consumer rx;
	// Buffers that may be sent, first in first out: the whole region is in use, as with an
	// application that fills one buffer after the other.
	uint16_t free[ENDPOINT_BUFFERS];
	uint32_t free_head, free_count;
	uint8_t message[ENDPOINT_MESSAGE_MAX]; // what the next message is copied from
	struct endpoint_session session[ENDPOINT_SESSIONS];
	uint32_t sessions;
	struct {
		uint64_t until_ns;
		struct app_return block;
	} held[APP_BLOCKS_MAX]; // of slow sessions, in order
	uint32_t held_head, held_count;
	uint32_t closed; // sessions that ended
	bool quiet;      // sources rest
	// Called for each record that arrives, before its block goes back. NULL: the records of a
	// stream are numbered by their first 8 bytes, which is checked.
	void (*on_data)(void *context, struct endpoint_session *s, const uint8_t *data);
	void *context;
};

// 0, or -1 with a sentence.
int endpoint_init(struct endpoint *e, const char **error);
void endpoint_fini(struct endpoint *e); // its worker let go
// Everything that can be done now: events, blocks back, records out. Work done.
uint32_t endpoint_turn(struct endpoint *e, uint64_t now_ns);
// One record of `size` bytes on the stream of that id; its first 8 bytes become `stamp`. False: no
// buffer or no room now.
bool endpoint_send(struct endpoint *e, struct endpoint_session *s, uint32_t stream, uint32_t size,
	uint64_t stamp);
// Records that were handed over and are not acknowledged, of all sessions.
uint32_t endpoint_in_flight(const struct endpoint *e);
// NULL: none of ours.
struct endpoint_session *endpoint_find(struct endpoint *e, uint32_t cid);
