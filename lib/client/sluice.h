// libsluice: messages and bulk data between nodes, zero-copy, through the local Sluice dataplane.
//
// One thread at a time may use a struct sluice. No call blocks but sluice_attach, sluice_listen (a
// few milliseconds) and sluice_wait. Every function returns 0 or a count, or a negative SLUICE_E_*;
// sluice_error() gives the sentence.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sluice; // one attachment to one dataplane

#define SLUICE_BUFFER_SIZE 65536u // the most that one buffer, and so one record, holds
#define SLUICE_NAME_SIZE   64

enum sluice_error {
	// No dataplane behind the socket, or it went away: detach and attach again. In FAILED: the
	// peer, or this node's control process, does not answer.
	SLUICE_E_UNREACHABLE = -1,
	SLUICE_E_REFUSED = -2, // refused, with a sentence
	SLUICE_E_TIMEOUT = -3,
	SLUICE_E_NOMEM = -4,
	SLUICE_E_INVALID = -5, // an argument is out of range
	SLUICE_E_AGAIN = -6,   // no buffer or no room now: wait for an event, then try again
	SLUICE_E_CLOSED = -7,  // no such session any more
	SLUICE_E_SYSTEM = -8,  // errno tells
	// The socket of the dataplane is not for this user.
	SLUICE_E_PERMISSION = -9,
	// A maximum is reached, here or at the peer: try again when something else has ended.
	SLUICE_E_BUSY = -10,
};

struct sluice_options {
	const char *socket; // data.sock; NULL: $SLUICE_DATA, else <dir of $SLUICE_NODE>/data.sock,
			    // else /run/sluice/data.sock
	uint32_t buffers;   // send buffers, 0: 256
	uint32_t receive_buffers; // 0: 256
	// The worker of the dataplane to attach to, 1 to sluice_workers(); all sessions of an
	// attachment are its worker's. 0: the one with the fewest applications.
	uint32_t worker;
	// sluice_wait looks for events so long before it sleeps, yielding its core meanwhile, and
	// hardly ever while that has been in vain. 0: 20; at most SLUICE_SPIN_MAX_US.
	uint32_t spin_us;
};

#define SLUICE_SPIN_NEVER  UINT32_MAX // for `spin_us`: sleeps at once
#define SLUICE_SPIN_MAX_US 1000000u

// Attaches this process. On success *sluice is owned by the caller until sluice_detach.
int sluice_attach(struct sluice **sluice, const struct sluice_options *options);
// Sessions end at once, buffers are gone. NULL is legal.
void sluice_detach(struct sluice *sluice);
// Workers of the dataplane; and the one that this attachment belongs to, from 1.
uint32_t sluice_workers(const struct sluice *sluice);
uint32_t sluice_worker(const struct sluice *sluice);
// Sentence about the last failure of this attachment (or, with NULL, of sluice_attach in this
// thread). Never NULL.
const char *sluice_error(const struct sluice *sluice);

enum sluice_listen_flag {
	SLUICE_LISTEN_FALLBACK = 1, // yield to any other listener of this service on the node
	// Attachments of this process, one to each worker, all listen: a new session goes to the
	// one with the fewest, and among those to that of the opener's worker.
	SLUICE_LISTEN_SHARED = 2,
};

// Accepts sessions for `service` from now on: SLUICE_OPENED events with `accepted`. Refused when
// another process listens.
int sluice_listen(struct sluice *sluice, const char *service, uint32_t flags);

struct sluice_session_options {
	const char *
		codec; // "none", "lz4", "zstd", "deflate", "brotli", "snappy", "auto"; NULL: "none"
	uint32_t level;      // 0: the codec's default; lz4 to 16, zstd 19, deflate 3, brotli 9
	uint32_t timeout_ms; // 0: 10,000
	// Of the node's configuration, 1 to 255, for "zstd" at levels 1 to 4; 0: none. Where the
	// peer does not have the same one, records go without: sluice_session_stats says so.
	uint32_t dictionary;
	const char *
		controller; // of congestion, at both ends: "aimd", "aimd-ss", "cubic"; NULL: "aimd"
};

// Asks for a session with `service` on `node`. Returns a request number (> 0) at once;
// SLUICE_OPENED or SLUICE_FAILED with that request follows.
int sluice_connect(struct sluice *sluice, const char *node, const char *service,
	const struct sluice_session_options *options);

// Graceful: what was sent is delivered first; SLUICE_CLOSED is the last event of the session.
int sluice_close(struct sluice *sluice, uint32_t session);
int sluice_abort(struct sluice *sluice, uint32_t session);

// Streams are numbered 0..7 and are made by using them.
enum sluice_order {
	SLUICE_ORDERED = 0,
	SLUICE_UNORDERED = 1, // each record is delivered as soon as it is complete
	// Or'ed to one of them: goes ahead of the session's other streams, which keep half of what
	// the path carries. Of several urgent ones the lowest number goes first.
	SLUICE_URGENT = 2,
};

#define SLUICE_STREAM(number, order) ((uint32_t)(number) << 2 | (uint32_t)(order))

// A send buffer in memory that the dataplane reads directly: SLUICE_BUFFER_SIZE bytes, or NULL when
// all are in flight.
void *sluice_buffer_get(struct sluice *sluice);
// Gives back a buffer of sluice_buffer_get that was not sent, or the `data` of a SLUICE_DATA or
// SLUICE_MESSAGE event.
void sluice_buffer_put(struct sluice *sluice, const void *buffer);

// Sends `size` bytes (0..65536) of a buffer as one record. The buffer belongs to Sluice until
// SLUICE_SENT brings it back, also with `ok` false; never write to it meanwhile. `message_end`
// marks the last record of a message. SLUICE_E_AGAIN: too much in flight, the buffer stays yours.
int sluice_send(struct sluice *sluice, uint32_t session, uint32_t stream, void *buffer,
	uint32_t size, bool message_end, uint64_t cookie);

// ---- messages: many of them share a record, and so packets --------------------------------------

#define SLUICE_MESSAGE_MAX 65532u

// Sends a message of `size` bytes (0..SLUICE_MESSAGE_MAX), which is copied: `data` stays yours and
// nothing comes back for it. Messages of one session and stream gather in a buffer of this
// attachment, which goes as one record when the next message does not fit, when sluice_flush is
// called, or by itself when sluice_receive or sluice_wait has handed out all events and looks for
// more: the end of an event-loop turn. Within a session and stream, messages and records of
// sluice_send keep the order in which they were given; on an unordered stream messages of one
// record do. Each arrives once, as SLUICE_MESSAGE, unless its session ends first: then
// SLUICE_CLOSED has `ok` false, whoever closed it. SLUICE_E_AGAIN: no buffer or no room now, the
// message was not taken: wait (sluice_wait wakes for it), then try again.
int sluice_message(
	struct sluice *sluice, uint32_t session, uint32_t stream, const void *data, uint32_t size);
// Hands over the messages gathered so far. SLUICE_E_AGAIN: no room now for some of them; they go
// later by themselves.
int sluice_flush(struct sluice *sluice);

enum sluice_event_type {
	// A session: `request` (ours) or `accepted` (theirs).
	SLUICE_OPENED = 1,
	// A request came to nothing: `error`, `text`.
	SLUICE_FAILED,
	// A record: `data`, `size`, `stream`, `message_end`. Give `data` back with
	// sluice_buffer_put.
	SLUICE_DATA,
	// `ok`: the peer's dataplane has published the record with `cookie` to its application;
	// else
	// it is lost with its session. Either way the buffer, `data`, is yours again.
	SLUICE_SENT,
	// The last event of a session. `ok`: closed gracefully, from either side, and no message of
	// ours is lost; `text` says why.
	SLUICE_CLOSED,
	// The dataplane went away: all sessions and buffers are gone. Detach and attach again.
	SLUICE_DETACHED,
	// A message: `data` (aligned to 4 bytes), `size`, `stream`. Give `data` back with
	// sluice_buffer_put, exactly once: the receive buffer that it shares with others is free
	// when all of them are back.
	SLUICE_MESSAGE,
};

struct sluice_event {
	enum sluice_event_type type;
	uint32_t session; // never 0; not of FAILED and DETACHED
	uint32_t stream;
	uint32_t request;
	bool accepted;    // OPENED
	bool ok;          // SENT, CLOSED
	bool message_end; // DATA
	const void *data; // DATA, MESSAGE: read-only; SENT: the buffer (ownership comes back)
	uint32_t size;
	uint64_t cookie;
	int error;                      // FAILED: SLUICE_E_*
	char peer[SLUICE_NAME_SIZE];    // OPENED
	char service[SLUICE_NAME_SIZE]; // OPENED
	char text[160];                 // FAILED, CLOSED, DETACHED
};

// Takes up to `max` events without blocking. Returns their number; SLUICE_E_UNREACHABLE once
// SLUICE_DETACHED was taken. Whoever calls nothing but this in a loop is never woken, and makes no
// system call but one in 64 calls.
int sluice_receive(struct sluice *sluice, struct sluice_event *events, int max);
// Blocks until there is an event, or `timeout_ms` (-1: for ever). 1 there may be one, 0 timeout or
// a signal came.
int sluice_wait(struct sluice *sluice, int timeout_ms);
// Pollable: readable when sluice_receive may have something. Call sluice_wait(s, 0) == 0 before
// polling it yourself.
int sluice_fd(const struct sluice *sluice);

#define SLUICE_RAW_REASONS 16u

struct sluice_stats {
	uint64_t packets, retransmits, wire_bytes; // sent
	uint64_t raw_bytes_sent, stored_bytes_sent, raw_bytes_received, stored_bytes_received;
	uint64_t srtt_ns, min_rtt_ns;
	double cwnd_segments;
	uint64_t rate_Bps;
	uint64_t spurious; // packets taken for lost that had arrived; not all were sent again
	uint64_t timeouts;
	uint32_t dictionary; // in use, 0: none
	const char *cipher;  // that seals the packets: "aes-256-gcm", ...; static
	// What the next record is packed with, "none": raw; of a session with the codec auto it
	// changes. Static.
	const char *codec;
	uint32_t level;      // ... and at which level, 0: it has none
	uint64_t blocks_raw; // records that a codec was asked for and that went raw: the sum of ...
	uint64_t blocks_raw_by[SLUICE_RAW_REASONS]; // ... these, each for its reason
};

// A reason in words: the end of a sentence about records. "unknown" from the last reason on.
const char *sluice_raw_reason(uint32_t reason);

// Live figures of a session (those at its end until SLUICE_CLOSED was taken).
int sluice_session_stats(struct sluice *sluice, uint32_t session, struct sluice_stats *stats);

#ifdef __cplusplus
}
#endif
