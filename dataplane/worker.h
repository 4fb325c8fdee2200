// One worker: one thread, one queue of every link, its
// connections, their timers and buffers, completely its own.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "dataplane/app/channel.h"
#include "dataplane/command/mailbox.h"
#include "dataplane/config.h"
#include "dataplane/dictionaries.h"
#include "dataplane/port/steer.h"
#include "dataplane/session.h"
#include "dataplane/transport/transport.h"
#include "lib/ipc/plane.h"

// Packets built that a port has not taken yet, in order.
struct backlog {
	struct rte_mbuf *mbufs[TX_BACKLOG_MAX];
	uint32_t head, count;
	uint64_t progress_ns; // when the port last took one, or the backlog was empty
};

// Control's rings as this worker sees them.
struct plane_link {
	bool attached;
	struct ring_consumer commands;
	struct ring_producer events;
	int wake; // socket that wakes control; borrowed
};

#define WORKER_SCRATCH_SIZE   16384u
#define WORKER_DISCARD_BLOCKS 16u
#define WORKER_ENCODE_TURN    (2u * BLOCK_SIZE) // a codec must not keep the receive side waiting

// Of the last WORKER_LOAD_NS, per mille of the worker's time.
#define WORKER_LOAD_NS     10000000ull
#define WORKER_LOAD_IDLE   700u // busy for less: there is time for a better codec
#define WORKER_LOAD_LATE   950u // busy for more, with nothing to send: sessions wait for the worker
#define WORKER_CODEC_SHARE 500u // that `auto` may spend on packing, of all sessions

struct worker_load {
	uint64_t since_ns;
	uint64_t cycles_busy, cycles_total, cycles_codec; // the counters at that time
	uint32_t busy, codec;                             // per mille
};

// Plain counters of the loop; observe publishes them.
struct worker_counters {
	uint64_t turns, busy_turns, sleeps;
	uint64_t cycles_busy, cycles_total;
	uint64_t cycles_codec; // packing records
	uint64_t rx_packets, tx_packets, steered;
	uint64_t bytes_memcpy_sealed, bytes_memcpy_opened; // by a cipher that only copies
	uint64_t events_lost;
	uint64_t sessions_refused;  // no slot, or no receive buffers of the application
	uint64_t drops[DROP_COUNT]; // those that a port does not count
};

// A session that control traces, in the ring of the same index.
struct worker_trace {
	uint32_t number; // 0: not ours
	uint32_t cid;
};

struct worker {
	uint16_t index;
	const struct config *config;
	pthread_t thread;
	_Atomic int started; // 0 not yet, 1 running, -1 failed; main reads
	char error[128];
	bool stop;

	// Links: main opened them; queue `index` of each is ours.
	uint16_t ports;
	struct port **port;
	struct backlog *backlog; // one per port
	struct steer *steer;     // to and from the other workers; NULL: there are none
	uint64_t hint_ns;        // when the last reset hint went out

	// Connections, and what stands around them.
	struct transport *transport;
	void *transport_memory;
	struct session *sessions; // CONNS_MAX, by slot
	uint32_t sessions_count;
	uint32_t unrouted; // sessions that wait for a next hop

	// Ciphers, and the keys of each session.
	struct seal_engine seal;
	struct keys *keys;                    // CONNS_MAX, by slot
	uint64_t rekey_slots[CONNS_MAX / 64]; // sessions that want a key derived
	bool rekey_any;

	// Applications.
	struct app_channel *apps[APPS_MAX]; // dense
	uint32_t apps_count;
	uint32_t parked; // descriptors of all of them that wait for room in the transport

	// Memory.
	struct codec_workspace *codec_workspace;
	const struct dictionaries *dictionaries; // main's, set before the thread starts; NULL: none
	uint32_t encode_budget;                  // bytes that codecs may still read in this turn
	uint8_t *scratch; // WORKER_SCRATCH_SIZE: known payloads, and control packets
	uint8_t *discard[WORKER_DISCARD_BLOCKS]; // free blocks of sessions without an application
	uint32_t discard_count;
	uint8_t *discard_memory;

	// Control and the main thread.
	struct plane_link plane;
	struct plane_dataplane *tables; // we write our worker row and our session rows
	struct worker_trace traces[PLANE_TRACES_MAX];
	struct mailbox *inbox;  // main -> worker
	struct mailbox *outbox; // worker -> main

	// Time and figures.
	uint64_t now_ns; // of this turn
	uint64_t last_work_ns, published_ns, sessions_published_ns, reserved_looked_ns;
	struct worker_counters counters;
	struct worker_load load;
};

// Memory and tables; no thread yet. 0, or -1 with a sentence in worker->error.
int worker_init(struct worker *w, uint16_t index, const struct config *config, struct port **port,
	struct steer *steer, struct plane_dataplane *tables, uint64_t boot_id);
void worker_fini(struct worker *w);
int worker_start(struct worker *w);
// Tells the worker to leave its loop and joins it.
void worker_stop(struct worker *w);

// loop.c: the poll loop, until worker->stop.
void worker_run(struct worker *w);
// loop.c: one turn of it; the work it found.
uint32_t worker_turn(struct worker *w, uint64_t now_ns);
// receive.c: one burst from one link; packets handled.
uint32_t receive_port(struct worker *w, uint16_t port, uint64_t now_ns);
// receive.c: packets that other workers passed on.
uint32_t receive_steered(struct worker *w, uint64_t now_ns);
// receive.c: complete records to their applications. Records handled.
uint32_t receive_records(struct worker *w, uint64_t now_ns);
// send.c: what applications handed over goes to the transport; descriptors handled.
uint32_t send_take(struct worker *w, uint64_t now_ns);
// send.c: what the transport lets go is built and given to the links; packets built.
uint32_t send_packets(struct worker *w, uint64_t now_ns);
// submit.c: one descriptor of an application to the transport. False: no room now, park it.
bool submit_record(struct worker *w, struct session *s, const struct app_tx *tx, uint64_t now_ns);
// submit.c: what was parked, as far as there is room.
uint32_t submit_parked(struct worker *w, uint64_t now_ns);
// rekey.c: the key for packet `pn`, and its phase; NULL: there is none that may be used.
const struct seal_key *rekey_to_seal(
	struct worker *w, const struct session *s, uint64_t pn, bool *phase);
// rekey.c: packet `pn` authenticated with `key`.
void rekey_opened(
	struct worker *w, const struct session *s, const struct seal_key *key, uint64_t pn);
// rekey.c: derives the keys that sessions want next; ends those that may not go on.
void rekey_turn(struct worker *w, uint64_t now_ns);
// hint.c: tells the sender of `in` that its connection id is unknown here.
void hint_send(struct worker *w, uint16_t port, const struct port_packet *in, uint32_t cid,
	uint64_t now_ns);
// backlog.c: keeps packets for a port, in order, and gives it what it takes.
void backlog_add(struct worker *w, uint16_t port, struct rte_mbuf *mbuf);
uint32_t backlog_flush(struct worker *w, uint64_t now_ns);
bool backlog_room(const struct worker *w); // room for one more burst on every port that moves
// load.c: every WORKER_LOAD_NS, w->load anew. What the codec `auto` goes by.
void load_look(struct worker *w);
// A flow and its worker as `auto` sees them. `limited_by`: enum limited_by of the flow.
struct auto_signs load_signs(const struct worker_load *load, uint32_t limited_by);
// idle.c: sleeps when the policy allows, never beyond `deadline_ns`.
void idle_rest(struct worker *w, uint64_t now_ns, uint64_t deadline_ns);

uint64_t clock_now(void); // CLOCK_MONOTONIC, nanoseconds
