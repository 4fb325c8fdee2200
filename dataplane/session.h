// One session as its worker keeps it: what stands around a
// transport connection. Its index is the connection's slot.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port.h"
#include "dataplane/transform/codec_auto.h"
#include "dataplane/transform/keys.h"
#include "lib/ipc/stats.h"

struct conn;
struct app_session;
struct recv_record;
struct transport_event;
struct worker;

#define SESSION_NO_APP 0xffff

// Only its worker touches it.
struct session {
	struct conn *conn;           // NULL: free
	struct app_session *app_row; // NULL: without an application; what arrives is discarded
	uint16_t app_index;          // SESSION_NO_APP: none
	uint32_t held_blocks;        // of the discard pool, by a session without an application
	bool routed;                 // the next hop is known, the connection has been opened
	bool initiator;
	bool opened;       // OPENED was reported
	bool closed;       // CLOSED was taken
	bool close_wanted; // the application closed while records of its still wait for room
	uint8_t port;      // index of the link
	uint8_t close_reason;
	uint8_t level;
	uint8_t controller; // enum controller_id
	uint32_t cid;
	uint32_t request;         // control's, of the command that made it
	uint32_t connect_request; // the application's, 0 for an accepted session
	uint32_t peer_cid;
	uint32_t segment_size;
	uint64_t peer_boot_id;
	uint64_t route_deadline_ns;
	uint64_t opened_ns;
	struct port_route route;
	const struct cipher *cipher;
	struct keys *keys;                   // of the worker, by slot; wiped at the end
	const struct codec *codec;           // with `adapts`: none, each record gets its own
	const struct dictionary *dictionary; // that both ends agreed on; NULL: none
	uint8_t dictionary_wanted;           // its id; 0: none
	uint8_t dictionary_state;            // enum dictionary_state
	uint8_t dictionary_refused;          // id that a record named and that ended the session
	uint64_t blocks_dictionary;          // records packed with it,
	uint64_t blocks_no_dictionary;       // and without, though one was wanted
	bool adapts;                         // CODEC_AUTO
	struct codec_auto auto_state;        // with `adapts`
	uint64_t blocks_raw[RAW_REASONS];    // a codec was asked for, but the record went raw
	uint64_t wire_bytes_received;        // UDP payload bytes that authenticated
	uint64_t packets_published; // packets sent + received when the row was last published
	struct address peer_address;
	uint16_t peer_port;
	uint8_t session_id[16];
	char peer[NAME_SIZE];
	char service[NAME_SIZE];
};

// Records of receive credit for a session without an application.
#define SESSION_DISCARD_RECORDS 4u

struct session *session_of(struct worker *w, uint32_t cid); // NULL: none of ours
void session_free(
	struct worker *w, struct session *s); // its connection is closed and everything is back

// Blocks carry a CRC32C: neither a tag proves their bytes, nor did they stay in memory all the way.
bool session_checksums(const struct session *s);

// Blocks to put records together in: out of the application's arena, or the worker's discard pool.
uint8_t *session_block_get(struct worker *w, struct session *s);
void session_block_put(struct worker *w, struct session *s, uint8_t *block);
// A record to its application; the block goes with it.
void session_deliver(
	struct worker *w, struct session *s, const struct recv_record *record, uint8_t *raw);
// Opens the connections whose next hop became known; fails those that waited too long.
void session_route_pending(struct worker *w, uint64_t now_ns);
// What the transport reports: opened, closed, writable; and records that are acknowledged or lost.
uint32_t session_events(struct worker *w);
// The row that control and the application see.
void session_publish(struct worker *w, struct session *s);
