// The transport's whole interface: what the worker and the simulator may call. Pure: no clock, no
// I/O, no allocation; time (nanoseconds, monotonic) and memory are arguments. One struct transport
// per worker, one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/drop.h"
#include "dataplane/wire/wire.h"
#include "lib/base/controller.h"
#include "lib/base/trace.h"

struct transport;
struct conn;

// Called a few times per record (never per packet) for the memory a record is put together in.
// `owner` is the connection's, as given to transport_open. block_get returns BLOCK_SIZE bytes or
// NULL; the transport hands every block back exactly once: by a struct recv_record that the caller
// takes, or by block_put.
struct transport_env {
	void *context;
	uint8_t *(*block_get)(void *context, void *owner);
	void (*block_put)(void *context, void *owner, uint8_t *block);
	// A step of a connection that conn_trace_set turned on; NULL: none ever is.
	void (*trace)(void *context, void *owner, const struct trace_record *record);
};

struct transport_config {
	uint8_t worker;
	uint16_t conns; // slots, <= CONNS_MAX
	uint64_t boot_id;
	uint64_t keepalive_ns;    // a quiet connection is probed; default 1 s
	uint64_t idle_timeout_ns; // a connection that hears nothing is closed; default 10 s
	uint64_t seed;            // generations and jitter
	struct transport_env env;
};

// Bytes of zeroed, 64-byte aligned memory that transport_init
// wants. Owned by the caller for the transport's life.
size_t transport_size(const struct transport_config *config);
struct transport *transport_init(
	void *memory, const struct transport_config *config, uint64_t now_ns);

// ---- connections ----

enum close_reason {
	CLOSE_NONE = 0,
	CLOSE_LOCAL,          // our application or the operator
	CLOSE_PEER,           // the peer closed after delivering everything
	CLOSE_PEER_RESET,     // the peer ended it at once: its application stopped or died
	CLOSE_PEER_RESTARTED, // another boot id, or it does not know the session any more
	CLOSE_TIMEOUT,        // nothing heard within the idle timeout
	CLOSE_HELLO_TIMEOUT,  // the peer's dataplane never answered
	CLOSE_CORRUPT,        // a record that authenticated does not decode
	CLOSE_APPLICATION,    // an application died or broke the ring contract
	CLOSE_PN_SPENT,       // packet numbers come to their end; what was submitted is delivered
	CLOSE_KEY_SPENT,      // a key has sealed as many packets as one may
	CLOSE_REASON_COUNT,
};

const char *close_reason_sentence(enum close_reason reason);

struct conn_open {
	void *owner;
	uint8_t session_id[16];
	uint32_t peer_cid;
	uint64_t peer_boot_id; // 0: not known yet, the first HELLO tells
	uint32_t segment_size; // wire_segment_size(mtu) that both links take, equal on both sides;
			       // the path may take less
	bool initiator;        // sends HELLO; the other side waits for it
	uint32_t credit_records; // receive credit in records (blocks are taken from env, up to 2
				 // per record while it is incomplete, 1 once complete)
	uint64_t port_rate; // bytes/s the port can take, 0 unknown: pacing is bypassed at or above
			    // it
	uint32_t tag_size;  // the cipher's, for counting what really goes; its room is always there
	uint8_t controller; // enum controller_id
	bool memory;        // our link is memory; the peer is told
};

// Takes a slot; the conn is RESERVED, has a cid, sends nothing. NULL: table full.
struct conn *transport_reserve(struct transport *t);
// RESERVED -> CONNECTING or LISTENING.
void transport_open(
	struct transport *t, struct conn *c, const struct conn_open *open, uint64_t now_ns);
// Graceful: what was submitted is delivered first, then FIN. Event
// CLOSED follows. Idempotent. The peer, on our FIN, takes no more
// records, delivers what was submitted there, and sends its own FIN.
void transport_close(struct transport *t, struct conn *c, uint64_t now_ns);
// At once: RESET to the peer (if open), event CLOSED(reason). Complete records can still be taken,
// unless the reason is CLOSE_APPLICATION (nobody to take them) or CLOSE_CORRUPT (none may follow
// one that does not decode). CLOSED comes after the last record and sent record were taken and the
// last packet was sent.
void transport_abort(
	struct transport *t, struct conn *c, enum close_reason reason, uint64_t now_ns);
// Something goes that the peer acknowledges at once; nothing before HELLO has passed.
void transport_probe(struct transport *t, struct conn *c);
// After CLOSED was taken: all buffers are back (send records through transport_take_sent, receive
// blocks through block_put); the slot is free and its generation grows.
void transport_free(struct transport *t, struct conn *c);

// NULL: unknown slot, stale generation, or another worker's. O(1).
struct conn *transport_find(struct transport *t, uint32_t cid);
uint32_t conn_cid(const struct conn *c);
uint16_t conn_slot(const struct conn *c);
void *conn_owner(const struct conn *c);
uint32_t conn_peer_cid(const struct conn *c);
// The largest of our packet numbers that the peer acknowledged; 0: none.
uint64_t conn_largest_acked(const struct conn *c);
// Both ends said that their link is memory. False until HELLO has passed.
bool conn_over_memory(const struct conn *c);

enum transport_event_type {
	TRANSPORT_OPENED,
	TRANSPORT_CLOSED,
	TRANSPORT_WRITABLE, // transport_submit refused before; it has room in this stream now
};

struct transport_event {
	enum transport_event_type type;
	struct conn *conn;
	enum close_reason reason; // CLOSED
	uint32_t stream;          // WRITABLE
};

// Events in order; false when there is none.
bool transport_take_event(struct transport *t, struct transport_event *event);

// ---- receive: the order of calls in receive.c ----

//  1. transport_find: whose packet is it?
//  2. conn_check_pn: was it here before?
//  3. conn_place: where do its bytes go?
//  4. the cipher opens it into that place
//  5. conn_on_packet: what it says happens
//  6. transport_take_record: complete ones, to be expanded and delivered
//  7. transport_send, at the end of the turn: carries the ACKs

// Replay and duplicate check; commits nothing.
enum verdict conn_check_pn(const struct conn *c, uint64_t pn);

// Where a DATA payload goes: up to two pieces (the record's 16-byte block header, then its body). A
// payload that is all known already goes to scratch (iov_count 0) and only its pn is committed.
struct conn_place {
	uint8_t iov_count;
	struct {
		uint8_t *base;
		uint32_t size;
	} iov[2];
};

// `size`: payload bytes of the packet, ACK block excluded. Bounds, window and credit are checked
// here, before the packet is authenticated; nothing is committed but a block for a record that had
// none. Other types than DATA need no place.
enum verdict conn_place(struct transport *t, struct conn *c, const struct wire_header *header,
	uint32_t size, struct conn_place *place);

// The packet authenticated. `payload`: opened bytes of types other than DATA (NULL for DATA),
// `size`: payload bytes, of DATA too, ACK block excluded; `ack`: parsed block or NULL. Place, open
// and on_packet of one packet come before the next packet's place of the same connection; DATA that
// was not placed last is refused.
enum verdict conn_on_packet(struct transport *t, struct conn *c, const struct wire_header *header,
	const uint8_t *payload, uint32_t size, const struct wire_ack *ack, uint64_t now_ns);

// The conn got a RESET with cid 0 naming our packets' cid:
// probe at once, shorten patience; closes nothing by itself.
void transport_on_reset_hint(struct transport *t, uint32_t peer_cid, uint64_t now_ns);

// A complete record, ready to be delivered (in order on ordered streams).
struct recv_record {
	struct conn *conn;
	uint32_t stream;
	uint32_t record;
	struct block_header header; // parsed and checked against the bytes received
	bool compressed;
	uint8_t *block; // header.stored_size bytes; the caller's from here
};

bool transport_take_record(struct transport *t, struct recv_record *record);

// The application gave `records` buffers back: credit grows.
void conn_credit(struct transport *t, struct conn *c, uint32_t records, uint64_t now_ns);

// ---- send ----

struct send_record {
	uint8_t header[BLOCK_HEADER_SIZE]; // framed block header
	// Borrowed until transport_take_sent returns it; never changed, may be application memory.
	const uint8_t *stored;
	uint32_t stored_size;
	uint32_t raw_size;
	bool compressed;
	uint64_t cookie; // the caller's
	uint64_t cookie2;
};

enum submit_result {
	SUBMIT_OK = 0,
	// RECORD_WINDOW records of this stream wait: try again after TRANSPORT_WRITABLE.
	SUBMIT_FULL,
	SUBMIT_CLOSED, // closing or closed
	SUBMIT_STREAM, // stream number or kind
};

enum submit_result transport_submit(struct transport *t, struct conn *c, uint32_t stream,
	const struct send_record *record, uint64_t now_ns);

// Records of this stream that transport_submit would take now, so that nobody compresses one in
// vain. 0 counts as a refusal: TRANSPORT_WRITABLE follows. 1 when the answer of transport_submit
// will be SUBMIT_CLOSED or SUBMIT_STREAM.
uint32_t transport_room(struct transport *t, struct conn *c, uint32_t stream);

// Records whose every byte is acknowledged (ok) or whose connection died
// (!ok), each exactly once. On an ordered stream in order, and only when
// all earlier records are acknowledged: the peer has then published them.
struct sent_record {
	struct conn *conn;
	uint32_t stream;
	struct send_record record;
	bool ok;
};

bool transport_take_sent(struct transport *t, struct sent_record *sent);

// One packet to build: frame the header, then [ACK block]
// [payload gathered from iov], then room for the tag.
struct send_packet {
	struct conn *conn;
	struct wire_header header; // cid is the peer's
	bool has_ack;              // frame `ack`; padded to WIRE_ACK_RIDE_SIZE on DATA
	struct wire_ack ack;
	uint8_t iov_count; // 0..2; bytes to seal
	struct {
		const uint8_t *base;
		uint32_t size;
	} iov[2];
	// Payload of HELLO, RESET, FLOOR: iov points here, so do not copy the struct.
	uint8_t control[WIRE_HELLO_SIZE];
};

// Up to `max` packets that may go now: control and ACKs first, then deficit
// round robin over connections and streams, inside window, credit and pacer.
// Every packet returned counts as sent at now_ns: the caller keeps it until
// the port takes it (a port that refuses is back-pressure, not loss).
uint32_t transport_send(
	struct transport *t, struct send_packet *packets, uint32_t max, uint64_t now_ns);

// ---- time ----

// Fires what is due. Call once a turn, after packets
// were received. `late`: the turn came > 500 us late.
void transport_on_time(struct transport *t, uint64_t now_ns);
// Earliest moment at which transport_send or transport_on_time has something to do; in the past:
// now (also while an event or a sent record waits to be taken); UINT64_MAX: never.
uint64_t transport_deadline(const struct transport *t);

// ---- what people see ----

enum limited_by {
	LIMITED_NOTHING,
	LIMITED_CWND,
	LIMITED_PACER,
	LIMITED_CREDIT,
	LIMITED_STREAM,
	LIMITED_PN_SPAN,
	LIMITED_APP
};

const char *limited_by_name(enum limited_by l);

struct conn_stats {
	uint64_t packets_sent, packets_received; // all types
	uint64_t wire_bytes_sent;                // UDP payload bytes, header and tag room included
	uint64_t data_packets_sent, retransmits, spurious;
	uint64_t acks_sent, acks_received, cuts, timeouts, tail_probes;
	uint64_t raw_bytes_sent, stored_bytes_sent;         // of records acknowledged
	uint64_t raw_bytes_received, stored_bytes_received; // of records completed
	uint64_t records_sent, records_received, duplicates;
	uint64_t path_probes, path_falls; // falls: back to the smallest packets, by a black hole
	uint32_t segment_bytes; // payload of the largest packet that the path is known to carry
	uint64_t srtt_ns, rttvar_ns, min_rtt_ns, latest_rtt_ns;
	double cwnd_segments;
	uint64_t rate_Bps;
	uint32_t in_flight; // packets
	enum limited_by limited_by;
	const char *state; // "reserved", "connecting", "listening", "open", "closing", "closed"
};

void conn_stats_get(const struct conn *c, struct conn_stats *stats);

// From now on (or no more) every step of congestion control goes to env.trace. Off when a
// connection is reserved; off, it costs one test per ACK.
void conn_trace_set(struct transport *t, struct conn *c, bool on);
// How things stand, as a record of TRACE_START.
void conn_trace_get(const struct conn *c, uint64_t now_ns, struct trace_record *record);

// Invariants of everything, for tests and the simulator:
// returns NULL, or a sentence naming what is broken.
const char *transport_check(const struct transport *t);
