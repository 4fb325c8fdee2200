// One attached application as its worker sees it: its region, its arena, three rings, its blocks
// and its sessions. The main thread makes a channel (app_channel_new), hands it to one worker, and
// frees it after that worker let go. In between everything here belongs to the worker alone, but
// for the fields that say otherwise. No rte_*.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"
#include "lib/ipc/app.h"
#include "lib/ipc/names.h"
#include "lib/shm/region.h"
#include "lib/shm/ring.h"

#define APP_NONE 0xffffu // no block, no row, no parked record

enum app_channel_limits {
	APP_CONNECTS_MAX = 16,       // requests of one application that wait for an answer
	APP_CREDIT_RECORDS_MIN = 1,  // least credit a session opens with
	APP_CREDIT_RECORDS_MAX = 96, // and the most; the transport's window is RECORD_WINDOW
	APP_STAGED_MAX = 64,         // events staged before a publish
	APP_RETURNS_TURN = 64,       // blocks taken back per call of app_take_returns
};

enum app_block_state {
	APP_BLOCK_FREE = 0,
	APP_BLOCK_RECEIVING, // the transport or the worker puts a record together in it
	APP_BLOCK_OWNED, // delivered: the application's until it comes back through the return ring
	APP_BLOCK_SLAB,  // what a codec produced, until acknowledged
};

// One block of the arena. Private to the worker: an application cannot reach it.
struct app_block {
	uint8_t state;    // enum app_block_state
	uint16_t row;     // of the session it was taken for; APP_NONE: that session ended
	uint16_t next;    // free list, last in first out: the warmest block is the next one out
	uint32_t session; // OWNED: as published, what the return must name
};

// Why a channel is broken. The application broke the contract: it is detached, nobody else notices.
enum app_broken {
	APP_BROKEN_NOT = 0,
	APP_BROKEN_RING,       // an impossible index
	APP_BROKEN_DESCRIPTOR, // app_tx_check refused
	APP_BROKEN_RETURN,     // gave back a block that it does not own
	APP_BROKEN_FULL,       // its event ring is full: it sent the same buffer twice
	APP_BROKEN_COUNT,
};

const char *app_broken_sentence(enum app_broken broken);

// A send descriptor that the transport had no room for; chained per session and stream.
struct app_parked {
	struct app_tx tx;
	uint16_t next;
};

// One session of this application: a row of info[] in the arena. A row is free again when the
// application has taken the CLOSED event, so a slow application can never overflow its event ring.
struct app_session {
	struct app_channel *channel;
	uint32_t cid; // valid while `open`
	uint16_t row; // index here and in info[]
	bool open;
	bool draining;           // closed, CLOSED not taken yet
	uint32_t closed_at;      // draining: ring index behind the CLOSED event
	uint32_t credit_records; // granted: for conn_open.credit_records
	uint32_t blocks;         // RECEIVING + OWNED now, never above 2 * credit_records
	uint32_t returned;       // records that came back since the last app_take_credit
	uint32_t parked;         // descriptors parked over all streams
	struct {
		uint16_t first, last; // of channel->parked; APP_NONE: empty
	} queue[STREAMS_MAX];
};

struct app_channel {
	// Set by the main thread before hand-over, constant afterwards.
	uint16_t index;      // of the application, 0..APPS_MAX-1
	uint16_t generation; // of that index
	uint16_t worker;     // the integrator's to set; before: the one asked for, or APP_NONE
	uint32_t pid;
	uint32_t uid;
	char name[NAME_SIZE]; // comm of the process
	void *owner;          // the integrator's

	struct region region;            // the application's, read-only here
	struct region arena;             // ours, read-only there
	const struct app_region *shared; // in region: the application writes, the worker reads
	struct app_arena *mine;          // in arena: the worker writes, the application reads
	const uint8_t *tx_blocks;        // the application's block area
	uint32_t tx_blocks_size;         // bytes
	uint8_t *blocks;                 // the arena's block area
	int wake_fd;                     // our end; the worker sends one byte, non-blocking
	int peer_wake_fd; // the end to hand out; main closes it once it is sent, -1 then

	struct ring_consumer tx;
	struct ring_consumer returns;
	struct ring_producer rx;
	bool woken;          // a wake-up is out since the application was last seen awake ...
	uint32_t woken_head; // ... and its head stood here: no second one until it moves
	struct app_rx staged[APP_STAGED_MAX];
	uint32_t staged_count;
	bool staged_wakes; // one of them, or of those published since the last flush, is worth a
			   // wake-up
	uint64_t wakes;    // sent so far

	enum app_broken broken; // worker
	bool reported;          // worker: main was told that it is broken
	bool leaving;           // worker: handed back to main as soon as it is quiet
	uint32_t sends;         // records taken and not yet answered by app_deliver_sent

	uint32_t blocks_count;
	uint32_t free_count;
	uint16_t free_first;
	uint32_t slabs;     // in use
	uint32_t slabs_max; // share of the arena that codecs may have
	uint32_t granted;   // blocks promised to open sessions
	uint32_t orphans;   // blocks still owned by the application of sessions that ended
	struct app_block block[APP_BLOCKS_MAX];
	struct app_session session[APP_SESSIONS_MAX];
	uint16_t session_next; // where the search for a free row starts: rows are reused as late as
			       // possible
	struct app_parked parked[APP_BLOCKS_MAX];
	uint16_t parked_free;

	// The worker stores the request of each OPENED it
	// delivered, the main thread takes it (0: free slot).
	_Atomic uint32_t answered[APP_CONNECTS_MAX];
};

// Makes the channel of an application. Takes `region_fd` (closed on failure too). `blocks`: arena
// blocks wanted, 0 default. 0; negative errno; REGION_E_* (seals, size, no memory); APP_E_HEADER.
// *reason: a sentence. Main thread only: allocates, maps, populates (milliseconds).
enum { APP_E_HEADER = 16 }; // the region's header is not one of ours
int app_channel_new(
	struct app_channel **channel, int region_fd, uint32_t blocks, const char **reason);
// After the worker let go (app_channel_quiet). NULL is legal.
void app_channel_free(struct app_channel *channel);

// Nothing of the application is in use any more: no block of the arena with transport or codec, no
// record of its region in flight, no session. Blocks that the application itself holds do not
// count: it is gone.
bool app_channel_quiet(const struct app_channel *channel);
// Invariants for tests: every block counted exactly once. NULL, or a sentence naming what is wrong.
const char *app_channel_check(const struct app_channel *channel);

// ---- sessions ---------------------------------------------------------------------------------

// Takes a row and a fair share of the arena for a session. NULL: no row, or nothing left to grant.
struct app_session *app_session_open(struct app_channel *channel, uint32_t session);
// NULL: not one of this application's open sessions (it may just have ended).
struct app_session *app_session_find(struct app_channel *channel, uint32_t session);
// The session ends: its grant returns, parked records come back failed (SENT), CLOSED is staged as
// the last event. Every block of the transport must be back (app_block_put) and every sent record
// answered. `reason`: enum close_reason.
void app_session_close(struct app_session *session, uint32_t reason);
// Publishes the figures of the session in its info row (seqlock).
void app_session_publish(struct app_session *session, const struct session_stats *stats);

// ---- blocks -----------------------------------------------------------------------------------

// A block to put a record together in: transport_env.block_get. NULL: beyond the session's grant.
uint8_t *app_block_get(struct app_session *session);
// transport_env.block_put, and for blocks that are not delivered after all.
void app_block_put(struct app_session *session, uint8_t *block);
// A block for what a codec produces; lives until app_slab_put.
// NULL: the share is used up, send raw or later.
uint8_t *app_slab_get(struct app_channel *channel);
void app_slab_put(struct app_channel *channel, uint8_t *slab);
// Whether `memory` is in the arena's block area (a slab or a receive block).
bool app_block_is(const struct app_channel *channel, const uint8_t *memory);
