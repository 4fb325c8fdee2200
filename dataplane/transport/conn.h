// One connection and the worker's table of them: what every event file of the transport shares.
// Nobody outside of dataplane/transport includes this (the unit tests do).
#pragma once

#include "dataplane/transport/cc.h"
#include "dataplane/transport/list.h"
#include "dataplane/transport/loss.h"
#include "dataplane/transport/pacer.h"
#include "dataplane/transport/path.h"
#include "dataplane/transport/recv_pn.h"
#include "dataplane/transport/recv_window.h"
#include "dataplane/transport/rtt.h"
#include "dataplane/transport/send_window.h"
#include "dataplane/transport/sent_log.h"
#include "dataplane/transport/transport.h"
#include "dataplane/transport/wheel.h"

#define NEVER UINT64_MAX

enum {
	QUANTUM_SEGMENTS = 16,    // of one connection, and of one stream within it, per round
	URGENT_LEAD_SEGMENTS = 4, // of urgent streams in a row while others wait
	URGENT_GRANT_RECORDS = 4, // a peer that grants so many can spare one of them
	SPAN_RESERVE = 64,        // packet numbers that data leaves to ACKs and probes
	FLOOR_EVERY = 256,   // a FLOOR packet after so many packet numbers, if losses left holes
	PLACED_MAX = 64,     // records that got a block and no authentic cell yet
	HINT_PROBES = 3,     // unanswered probes after a hint that the peer forgot us
	TIMEOUT_PACKETS = 2, // in flight at most from a timeout until something is acknowledged
	FIN_TRIES = 4,       // our FIN, when the peer's FIN came: the peer may be gone already
};

// A timer that comes later than this looks again before it acts.
#define TURN_LATE_NS 500000ull

#define HELLO_RETRY_NS     5000000ull   // first, doubling ...
#define HELLO_RETRY_MAX_NS 320000000ull // ... up to this
#define HELLO_TIMEOUT_NS   5000000000ull
// Packet numbers left when a connection begins to close, and when it stops at once.
#define PN_CLOSE (WIRE_PN_MAX - (1ull << 32))
#define PN_STOP  (WIRE_PN_MAX - (1ull << 31))

#define BLOCKED_PROBE_NS     5000000ull // a sender without credit asks, first, doubling ...
#define BLOCKED_PROBE_MAX_NS 1000000000ull
#define HINT_PROBE_NS        50000000ull // between the probes after a hint

enum conn_state {
	CONN_FREE = 0,
	CONN_RESERVED,
	CONN_CONNECTING, // HELLO sent, waits for the reply
	CONN_LISTENING,  // waits for HELLO
	CONN_OPEN,
	CONN_CLOSING, // delivers what was submitted, then FIN; or has the peer's FIN and does the
		      // same
	CONN_CLOSED,  // sends its last ACK or RESET, gives everything back, then the event
};

// Packets that go before data, one bit each.
enum conn_control {
	CONTROL_RESET = 1 << 0,
	CONTROL_HELLO = 1 << 1,
	CONTROL_REPLY = 1 << 2,
	CONTROL_ACK = 1 << 3,
	CONTROL_TAIL = 1 << 4, // tail probe
	CONTROL_FIN = 1 << 5,
	CONTROL_PROBE = 1 << 6,
	CONTROL_FLOOR = 1 << 7,
	CONTROL_PATH = 1 << 8,
};

enum conn_event {
	EVENT_OPENED = 1 << 0,
	EVENT_CLOSED = 1 << 1, // given out only when the connection has drained
};

struct conn {
	// Read for every packet.
	uint32_t cid, peer_cid;
	uint8_t state;        // enum conn_state
	uint8_t limited;      // enum limited_by: why transport_send last stopped sending data
	uint8_t send_mask;    // streams with something pending or waiting
	uint8_t urgent;       // streams that go first
	uint8_t cur;          // stream that the round robin stands at; never an urgent one
	uint16_t control;     // enum conn_control: packets waiting to go
	uint16_t segment_max; // payload of a packet as both links take it
	uint32_t segment;     // payload of a full packet now: path.cells cells
	struct cell_cut cut;  // cell size
	uint32_t in_flight;   // DATA packets neither acknowledged nor lost
	uint32_t fin_flight;  // FIN packets likewise
	int32_t deficit;      // bytes this connection may still send in its round
	int32_t urgent_lead;  // bytes that urgent streams are ahead of others that waited
	uint64_t send_credit,
		send_credit_used;   // bytes: granted by the peer, spent on records started
	uint64_t send_credit_first; // bytes: what the peer grants at once
	uint64_t recv_credit,
		recv_credit_used;  // bytes: granted to the peer, spent by records that arrived
	uint64_t recv_credit_told; // the last that an ACK or HELLO carried
	uint64_t last_heard_ns;    // authenticated packet
	uint64_t ack_due_ns;       // delayed ACK; NEVER
	struct wheel_node timer;
	struct rtt rtt;
	struct cc cc;
	struct loss loss;
	struct pacer pacer;
	struct path path;
	struct recv_spot spot; // of the DATA packet that was placed last ...
	uint64_t spot_pn;      // ... with this packet number; 0: none

	// Timers (absolute, NEVER when off); conn_arm keeps the wheel at or before the earliest.
	uint64_t sent_base_ns; // last eliciting packet sent, or progress: tail probe and timeout
			       // count from here
	uint64_t pace_ns;      // tokens for the next packet
	uint64_t blocked_ns;   // next probe of a sender without credit
	uint64_t blocked_wait_ns;
	uint64_t keepalive_ns; // next keep-alive probe
	uint64_t hello_ns;     // next HELLO
	uint64_t hello_wait_ns;
	uint64_t hello_end_ns; // give up
	uint64_t hint_ns;      // next probe after a hint
	uint64_t progress_ns;  // closing: last time that something was delivered
	uint32_t backoff;      // timeouts in a row
	uint8_t hint_left;     // probes left after a hint; 0: no hint
	bool tail_probed;      // since the last progress
	bool rearmed;          // a late turn already gave the timer a second chance
	uint8_t fin_tries;

	// Closing.
	bool initiator;
	bool memory, peer_memory; // links; what a HELLO says
	bool close_wanted;        // by our side
	bool pn_spent;            // ... because packet numbers come to their end
	bool fin_acked;           // our FIN
	bool peer_fin;
	bool reported;         // CLOSED was taken
	uint8_t reason;        // enum close_reason
	uint32_t records_open; // submitted, not acknowledged
	uint64_t largest_acked;
	uint64_t floor_told; // in the last FLOOR packet
	bool holes; // a loss since then: the peer waits for packet numbers that will not come

	uint8_t events;          // enum conn_event
	uint8_t events_writable; // streams
	uint8_t told_next;       // stream whose limit the next ACK begins with
	uint8_t told_mask;       // streams whose limit moved since it was told
	uint16_t slot;
	uint8_t generation;
	uint8_t tag_size; // of the cipher: counted as sent
	bool traced;      // env.trace hears of every step
	uint8_t nplaced;
	struct {
		uint8_t stream;
		uint32_t record;
	} placed[PLACED_MAX];

	struct list on_control, on_data, on_ready, on_sent, on_event,
		on_placed; // nodes of struct transport's lists

	void *owner;
	uint8_t session_id[16];
	uint64_t peer_boot_id;
	struct conn_stats stats; // counters only; conn_stats_get adds the rest

	struct recv_pn pns;
	struct sent_log log;
	struct send_window send[STREAMS_MAX];
	struct recv_window recv[STREAMS_MAX];
};

struct transport {
	struct transport_config config;
	uint64_t random;
	uint64_t loop_ns; // EWMA of the time between turns
	uint64_t last_turn_ns;
	struct wheel wheel;
	struct list control; // connections with a control packet or ACK to send
	struct list data;    // connections that may send data
	struct list ready;   // ... with records to be delivered
	struct list sent;    // ... with records to be given back
	struct list events;
	struct list placed; // ... with blocks that no authentic cell has claimed
	uint16_t nfree;
	uint16_t free[CONNS_MAX];      // slots
	uint32_t peer_cids[CONNS_MAX]; // compact, for hints: a scan touches 4 KiB
	struct conn *conns;
};

static inline struct conn *conn_of(struct transport *t, uint16_t slot)
{
	return &t->conns[slot];
}

static inline bool conn_connected(const struct conn *c)
{
	return c->state == CONN_OPEN || c->state == CONN_CLOSING;
}

// A control packet is to go with the next transport_send.
static inline void conn_control(struct transport *t, struct conn *c, uint16_t control)
{
	c->control |= control;
	list_join(&t->control, &c->on_control);
}

// on_timeout.c: a deadline was set to `at_ns`: the wheel must not come later.
void conn_arm(struct transport *t, struct conn *c, uint64_t at_ns);
// Earliest deadline of the tail probe, the timeout and
// the loss check; NEVER when nothing is in flight.
uint64_t conn_loss_deadline(const struct conn *c);
void conn_on_time(struct transport *t, struct conn *c, uint64_t now_ns);

// on_data.c
enum verdict conn_on_data(struct transport *t, struct conn *c, const struct wire_header *header,
	uint32_t size, uint64_t now_ns);
void conn_unplace(struct transport *t, struct conn *c);
// An eliciting packet came: when to acknowledge.
enum ack_when {
	ACK_IN_TIME, // within rtt_ack_delay
	ACK_SOON,    // its sender waits for it; but it may ride on the answer
	ACK_AT_ONCE,
};
void conn_ack_later(struct transport *t, struct conn *c, enum ack_when when, uint64_t now_ns);

// on_ack.c
void conn_on_ack(struct transport *t, struct conn *c, const struct wire_ack *ack, uint64_t now_ns);
// Declares what is lost by now, and sets the time to look again.
void conn_detect_loss(struct transport *t, struct conn *c, uint64_t now_ns);
// pn is lost: its cells are pending again.
void conn_lose(struct conn *c, uint64_t pn);
// Window or round trip time changed.
void conn_repace(struct transport *t, struct conn *c, uint64_t now_ns);

// trace.c: only of a traced connection.
void conn_trace_step(struct transport *t, struct conn *c, enum trace_event event,
	enum trace_cut cut, uint32_t newly_acked, uint64_t now_ns);

// on_path.c
// From what is known to pass upwards.
void conn_path_search(struct transport *t, struct conn *c, uint64_t now_ns);
void conn_path_sent(struct transport *t, struct conn *c, uint64_t pn, uint64_t now_ns);
void conn_path_acked(struct transport *t, struct conn *c, uint32_t cells, uint64_t now_ns);
void conn_path_lost(struct transport *t, struct conn *c, uint64_t pn, uint64_t now_ns);
// path.due_ns has come.
void conn_path_on_time(struct transport *t, struct conn *c, uint64_t now_ns);
// The window was cut: by the loss of large packets only, again and again?
void conn_path_event(struct transport *t, struct conn *c, uint64_t now_ns);

// on_hello.c
enum verdict conn_on_hello(struct transport *t, struct conn *c, const uint8_t *payload,
	uint32_t size, uint64_t now_ns);
void hello_fill(
	const struct transport *t, const struct conn *c, bool reply, struct wire_hello *hello);

// Why a connection ended in good order.
static inline enum close_reason conn_peaceful(const struct conn *c)
{
	if (c->pn_spent)
		return CLOSE_PN_SPENT;
	return c->close_wanted ? CLOSE_LOCAL : CLOSE_PEER;
}

// on_close.c
void conn_on_fin(struct transport *t, struct conn *c, uint64_t now_ns);
// The next step of a graceful close, if it is its time.
void conn_close_step(struct transport *t, struct conn *c);
// The end: nothing more is sent but what `control` still
// holds. CLOSED follows when everything is given back.
void conn_finish(struct transport *t, struct conn *c, enum close_reason reason);
// Gives out CLOSED when a closed connection has nothing left.
void conn_drained(struct transport *t, struct conn *c);

// schedule.c: the connection may have data to send now.
void conn_run(struct transport *t, struct conn *c);
// The stream may have something to send now, or not any more.
void conn_stream_update(struct conn *c, uint32_t number);

// What one DATA packet carries.
struct send_choice {
	uint32_t stream; // number
	uint32_t record;
	uint32_t cell, cells; // the first, and how many
	uint32_t size;        // bytes
};

// build.c: packets. Each takes a pn and counts as sent. After data the caller arms
// conn_loss_deadline, once a burst.
void build_data(struct transport *t, struct conn *c, struct send_packet *p,
	const struct send_choice *choice, uint64_t now_ns);
void build_ack(
	struct conn *c, struct send_packet *p, uint32_t words, uint32_t limits, uint64_t now_ns);
void build_control(struct transport *t, struct conn *c, struct send_packet *p, uint16_t control,
	uint64_t now_ns);
