// The simulated world: nodes (each a production struct transport), links between them, connections
// with an application at both ends, faults, and virtual time. One struct sim is one seed's run.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/transform/keys.h"
#include "dataplane/transport/cell.h"
#include "dataplane/transport/transport.h"
#include "tests/sim/cc_model.h"
#include "tests/sim/rng.h"

#define US 1000ull
#define MS 1000000ull
#define S  1000000000ull

// docs/wire.md: a connection closes when 2^32 packet numbers are left.
#define PN_SPENT (WIRE_PN_MAX - (1ull << 32))

enum sim_limits {
	NODES_MAX = 2 * WORKERS_MAX,
	PAIRS_MAX = 24,
	FAULTS_MAX = 24,
	SLOTS = 8,          // connections of one transport
	BLOCKS_MAX = 256,   // blocks of one end's arena
	STEER_SLOTS = 32,   // frames that one worker keeps of another one's
	RX_RING = 512,      // frames a node's port keeps while the node does not look
	FRAME_OVERHEAD = 2, // the checksum before our header
	OLD_FRAMES = 64,    // that an attacker remembers
	LAW_LINES_MAX = 4,  // steps that one packet or one look at the clock may trace
	TURNS_MAX = 3000000,
};

// ---- the plan: everything a seed decides, made before time starts (plan.c) --------------------

struct link_plan {
	uint64_t delay_ns, jitter_ns;
	uint64_t rate_Bps; // 0: as fast as it comes
	uint32_t queue;    // packets waiting for the rate
	uint32_t loss_ppm, duplicate_ppm, reorder_ppm, corrupt_ppm;
	uint64_t reorder_ns; // how late at most; 0: four times the delay and 200 us
	uint32_t burst_ppm;  // a burst begins with this frame: everything is lost for a while
	uint64_t burst_ns_max;
	uint32_t carries; // bytes of UDP payload of the largest frame that passes; 0: everything
};

enum fault_type {
	FAULT_APP_STALL,   // the application returns no buffers
	FAULT_PORT_REFUSE, // the port takes nothing, or `argument` packets a turn
	FAULT_POOL_EMPTY,  // block_get gives NULL
	FAULT_PAUSE,       // the node makes no turn
	FAULT_CLOCK_JUMP,  // the node's clock leaps forward by `duration_ns`
	FAULT_LINK_DOWN,   // both directions of the node's links
	FAULT_PATH_NARROW, // they carry no frame with more than `argument` bytes of UDP payload
	FAULT_RESTART,     // the node dies and comes back after duration_ns with another boot id
	FAULT_ABORT,       // an end of pair `argument` gives up at once
	FAULT_CLOSE, // an end of pair `argument` closes gracefully, whatever is left to submit
	FAULT_TYPE_COUNT,
};

struct fault {
	enum fault_type type;
	uint64_t at_ns, duration_ns;
	uint32_t node; // for ABORT and CLOSE: which end
	uint32_t argument;
};

struct record_plan {
	uint32_t raw_size, stored_size;
	bool compressed, message_end;
	// What happened to it.
	bool submitted, started;
	uint8_t delivered, reported;
	uint8_t *memory;   // stored bytes, while the transport borrows them
	uint64_t have;     // cells that the receiver accepted
	uint64_t *sent_pn; // last packet number of each cell; NULL before the first
};

struct stream_plan {
	uint32_t stream; // stream_id()
	uint32_t count;
	struct record_plan *records;
};

struct end_plan {
	uint32_t node;
	uint32_t credit_records;
	uint64_t first_pn; // 0: as it is; else the connection has sent all below already
	uint64_t hold_ns;  // how long the application keeps a delivered buffer
	uint64_t open_ns;  // when control opens this end
	uint64_t port_rate;
	bool submit_early;  // does not wait for OPENED
	bool closes;        // closes when everything of both directions is done
	uint64_t linger_ns; // ... after so long
	uint32_t nstreams;
	struct stream_plan streams[STREAMS_MAX];
};

struct pair_plan {
	uint32_t segment_size;
	enum controller_id controller;
	bool boot_ids_known;
	bool stale;  // an end opened by a restarted node towards a connection of its former life
	uint32_t of; // ... which pair
	uint64_t rekey_packets;  // of a sealed plan
	struct end_plan ends[2]; // 0 initiates
};

struct plan {
	uint64_t seed;
	uint32_t nodes;
	uint32_t workers; // 1, or: nodes 0..workers-1 are one host, the others are another
	uint32_t steer_slots;
	uint32_t pairs;
	bool undetected; // corruption passes the checksum: nothing may crash or leak, content is
			 // not judged
	bool sealed;     // packets are encrypted, and an attacker sits on every link
	uint32_t attack_ppm;
	uint64_t loop_ns;             // a turn takes this long
	uint64_t sleep_ns;            // an idle node wakes up to this much late
	uint64_t clock_ns[NODES_MAX]; // where the node's monotonic clock starts
	struct link_plan links[NODES_MAX][NODES_MAX];
	struct pair_plan pair[PAIRS_MAX];
	uint32_t nfaults;
	struct fault faults[FAULTS_MAX];
};

// `workers` > 1: two hosts of so many workers each, and a connection from each worker of one.
void plan_init(struct plan *plan, uint64_t seed, uint32_t workers);
// Turns encryption on. Nobody restarts: a former life's packets are strangers' then.
void plan_seal(struct plan *plan);
void plan_fini(struct plan *plan);
void plan_say(const struct plan *plan, FILE *out);
const char *fault_name(enum fault_type type);

// ---- links (link.c) ---------------------------------------------------------------------------

struct frame {
	uint64_t at_ns;  // arrival
	uint64_t number; // equal times arrive in the order they were sent
	uint32_t from, to;
	struct end *sender; // NULL: a hint
	bool corrupted;
	uint32_t size;
	uint8_t bytes[];
};

struct link {
	uint64_t free_ns;  // when the last queued byte has left
	uint64_t burst_ns; // everything is lost until then
	bool down;
};

uint16_t frame_checksum(const uint8_t *bytes, uint32_t size);

// ---- one end of a connection: transport handle, application, what the law observes ------------

enum end_state {
	END_WAITING, // control has not opened it yet
	END_OPENING,
	END_OPEN,
	END_CLOSED, // CLOSED taken, slot freed
	END_DEAD,   // its node died
};

struct held_block {
	uint8_t *block;
	uint64_t release_ns;
};

// What one ACK said that was not known before.
struct law_gain {
	bool acked;              // a DATA, PROBE, PATH or HELLO packet
	uint32_t data;           // DATA packets
	uint32_t data_since_cut; // ... sent after the last cut: cannot have been declared lost
	uint64_t largest;        // the highest of them
	uint64_t elapsed_ns;     // since that was sent
	uint64_t delay_ns;       // the peer's
};

// The shadow of one direction's sender, from what is seen on the wire alone (law.c, law_trace.c).
struct law {
	uint64_t next_pn; // every packet number is new
	uint64_t acked_words[PN_WINDOW / 64];
	uint64_t eliciting_words[PN_WINDOW / 64];
	uint64_t data_words[PN_WINDOW / 64];
	uint64_t sent_ns[PN_WINDOW]; // by the node's clock
	uint64_t received_words[PN_WINDOW /
				64]; // at the peer of these pns: what may be acknowledged
	uint64_t largest_received;
	bool any_received;
	uint64_t largest_acked;
	uint64_t cut_pn; // next_pn at the last cut
	double cwnd;
	uint32_t segment; // payload of a full packet
	uint64_t cuts, timeouts, tail_probes;
	// The trace (law_trace.c).
	uint32_t nlines;
	struct trace_record lines[LAW_LINES_MAX]; // since we looked
	struct law_gain gain;                     // of the ACK that we look at
	struct cc_model model;
	uint64_t largest_measured; // packet number of the last round trip sample
	uint64_t rtt_ns, srtt_ns, sample_ns, shortest_ns;
	double rttvar_ns;
	// The retransmission timer.
	uint64_t timer_ns;           // data or FIN sent last, or a timeout, or an ACK's news
	uint32_t row;                // timeouts since an ACK brought news
	uint64_t timeouts_traced;    // since we looked
	uint64_t floor_sent, unseen; // FLOOR's; DATA that came when FLOOR had given it up
	uint64_t cuts_traced;
	uint64_t acks_checked;
	uint32_t traced_segment;
	enum limited_by limited_by;
	bool asking;     // after a timeout, until something is acknowledged
	uint64_t credit; // largest credit heard
	uint32_t limits[STREAMS_MAX];
	uint64_t started_raw; // raw bytes of records with a byte on the wire
	uint64_t data_sent;
	uint64_t probes; // tail probes announced and not seen as data yet
	// The pacer's bucket.
	double rate, burst, tokens;
	uint64_t paced_ns, paced_bytes;
	bool measured; // the transport has set its bucket's size since we looked
};

struct end {
	struct sim *sim;
	struct end_plan *plan;
	uint32_t pair, side, node;
	enum end_state state;
	enum close_reason reason;
	struct conn *conn;
	struct keys *keys; // of a sealed plan
	uint32_t cid;
	bool close_asked, abort_asked, opened;
	bool refused;   // submit said CLOSED: nothing more will be taken
	bool forgotten; // a HELLO of the peer's next life came
	uint64_t done_ns;
	bool disturbed; // a fault ends this connection before its work is done
	// Sending.
	uint32_t next[STREAMS_MAX];
	bool blocked[STREAMS_MAX];
	uint32_t sent_next[STREAMS_MAX]; // reports of ordered streams come in order
	uint64_t submitted, reported, reported_ok;
	// Receiving: indexed as the peer's streams.
	uint32_t ordered_next[STREAMS_MAX];
	uint64_t delivered;
	uint64_t arrived;    // bytes of DATA that were new
	uint32_t blocks_out; // taken by the transport and not put back, or held by the application
	uint8_t *blocks[BLOCKS_MAX];
	uint32_t nheld, held_first;
	struct held_block held[BLOCKS_MAX];
	struct law law;
};

// ---- nodes ------------------------------------------------------------------------------------

struct node {
	uint32_t index;
	struct transport *transport; // NULL: dead
	void *memory;
	uint64_t boot_id;
	uint64_t clock_offset_ns;
	uint64_t wake_ns, turn_ns;
	uint64_t clock_seen_ns; // the node's clock at its last turn
	uint64_t loop_ns;       // EWMA of the time between turns, as its transport sees it
	uint64_t paused_until_ns, refuse_until_ns, pool_empty_until_ns, stall_until_ns;
	uint64_t hint_ns;    // when it last told somebody that a connection is unknown
	uint64_t restart_ns; // when it comes back; 0: it lives
	uint32_t refuse_takes;
	struct frame *rx[RX_RING];
	uint32_t rx_head, rx_count;
	struct steered {
		struct frame *frames[STEER_SLOTS];
		uint32_t head, count;
	} steered[WORKERS_MAX]; // by giver
	uint32_t steered_turn;
	struct frame *backlog[TX_BACKLOG_MAX];
	uint32_t backlog_count;
	uint32_t idle_turns; // turns in a row that were due and did nothing
	bool worked;
};

struct sim {
	struct plan *plan;
	struct rng rng;
	uint64_t now_ns;
	uint64_t down_until_ns[NODES_MAX]; // the links of a node
	uint64_t narrow_until_ns[NODES_MAX];
	uint32_t narrow[NODES_MAX];
	uint64_t progress_ns;
	uint64_t turns;
	uint32_t nfault; // next fault
	struct node nodes[NODES_MAX];
	struct link links[NODES_MAX][NODES_MAX];
	struct end ends[PAIRS_MAX][2];
	struct frame **flying; // heap by arrival
	uint32_t nflying, flying_room;
	uint64_t frame_number;
	FILE *story;  // NULL: nobody reads
	bool gave_up; // the operator aborted what did not move
	bool failed;
	char failure[512];
	// The golden traces drop by hand: true when this frame is to be lost.
	bool (*filter)(struct sim *sim, const struct frame *frame);
	void *filter_context;
	uint64_t frames, lost, duplicated, reordered, corrupted, refused; // what the links did
	struct frame *old[OLD_FRAMES];                                    // the attacker's
	uint64_t attacks, phases;
	// What became of frames that arrived: nothing else may.
	uint64_t arrived, walked, rx_full, died, steered, steer_full, steer_wrong;
};

// sim.c
void sim_init(struct sim *sim, struct plan *plan, FILE *story);
// The next thing that happens anywhere.
void sim_step(struct sim *sim);
bool sim_run(struct sim *sim);
void sim_fini(struct sim *sim);
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_say(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct end *sim_end_of(struct sim *sim, uint32_t node, const struct conn *conn);
static inline struct end *end_peer(struct end *end)
{
	return &end->sim->ends[end->pair][!end->side];
}
// What a node is called: a to z, then A to F.
static inline char node_letter(uint32_t node)
{
	return (char)(node < 26 ? 'a' + node : 'A' + node - 26);
}
// Content is judged unless corruption was allowed to pass.
static inline bool sim_strict(const struct sim *sim)
{
	return !sim->plan->undetected;
}

// fault.c: starts what is due.
void fault_step(struct sim *sim);
uint64_t fault_deadline(const struct sim *sim);
void node_start(struct sim *sim, struct node *node);
void node_die(struct sim *sim, struct node *node);

// link.c
struct frame *frame_new(uint32_t size);
void link_send(struct sim *sim, struct frame *frame);   // takes the frame
void link_inject(struct sim *sim, struct frame *frame); // takes it; it arrives at its at_ns
struct frame *link_take(struct sim *sim);               // the next arrival
uint64_t link_deadline(const struct sim *sim);

// node.c
uint64_t node_clock(const struct sim *sim, const struct node *node);
void node_turn(struct sim *sim, struct node *node);
void node_arrive(struct sim *sim, struct node *node, struct frame *frame);
void node_wake(struct sim *sim, struct node *node); // something is there for it

// steer.c: hosts of several workers
// Whose queue a frame to node `to` arrives on.
uint32_t steer_queue(struct sim *sim, uint32_t to);
// True: the frame was another worker's, and is his or lost.
bool steer_give(struct sim *sim, struct node *node, struct frame *frame);
struct frame *steer_take(struct sim *sim, struct node *node); // NULL: none
void steer_clear(struct sim *sim, struct node *node);
void steer_account(struct sim *sim);

// walk.c: the two walks
void walk_in(struct sim *sim, struct node *node, const struct frame *frame);
void walk_out(struct sim *sim, struct node *node, const struct send_packet *packet);

// end.c
void end_init(struct end *end, struct sim *sim, uint32_t pair, uint32_t side);
void end_step(struct end *end, uint64_t now_ns); // submit, give buffers back, close when done
uint64_t end_deadline(const struct end *end);
void end_on_event(struct end *end, const struct transport_event *event);
void end_on_record(struct end *end, const struct recv_record *record);
void end_on_sent(struct end *end, const struct sent_record *sent);
void end_abort(struct end *end, enum close_reason reason);
void end_die(struct end *end); // its node is gone, and all memory with it
bool end_done(const struct end *end);
struct stream_plan *end_stream(struct end *end, uint32_t stream);
uint8_t *end_block_get(void *context, void *owner);
void end_block_put(void *context, void *owner, uint8_t *block);

// law.c
void law_on_sent(struct end *end, const struct send_packet *packet);
void law_on_received(struct end *end, const struct wire_header *header, const struct wire_ack *ack,
	const struct wire_hello *hello);
void law_step(struct end *end, bool after_send);

// law_trace.c
void law_trace_start(struct end *end);
void law_on_trace(void *context, void *owner, const struct trace_record *record);
void law_trace_step(struct end *end, const struct conn_stats *stats, bool after_send);

// story.c: one packet as a line.
void story_packet(struct sim *sim, uint32_t from, uint32_t to, const char *verb,
	const uint8_t *bytes, uint32_t size);
