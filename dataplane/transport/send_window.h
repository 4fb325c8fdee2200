// One stream's records on their way out: queued, started, acknowledged, returned. A record's
// cells are bits of a 64-bit word, so an ACK or a loss is one bit set, and the lowest thing to
// send is found by two scans of words.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transport/cell.h"
#include "dataplane/transport/record_bits.h"
#include "dataplane/transport/transport.h"

struct send_slot {
	uint64_t pending; // cells to be sent: never sent, or lost and not acknowledged
	uint64_t acked;
	uint64_t sent; // cells that went out at least once
	// Cells that a packet began with, or that followed the last of one: no later packet spans
	// one, so of two packets with a cell in common the later one is part of the earlier.
	uint64_t heads;
	uint32_t size; // on the wire: block header and stored bytes
	uint8_t cells; // <= CELLS_MAX
	struct send_record record;
};

// base <= started <= next <= base + RECORD_WINDOW. Records before `base`
// went back to the caller; [base, started) have a first cell sent (or
// pending again) and their credit is spent; [started, next) wait.
struct send_window {
	uint32_t base;
	uint32_t started;
	uint32_t next;
	uint32_t limit;  // the peer's: first record number that it will not take
	uint32_t stream; // stream_id(); kind is fixed by the first record
	int32_t deficit; // bytes this stream may still send in its round
	bool used;
	bool want_writable;         // a submit was refused
	bool broken;                // ordered: a record failed, so no later one counts as delivered
	struct record_bits pending; // started records with a cell to be sent
	struct record_bits done;    // every byte acknowledged, not returned yet
	struct record_bits
		returned; // went back out of order (unordered streams), base has not passed yet
	struct send_slot slots[RECORD_WINDOW];
};

void send_window_init(struct send_window *w);
static inline struct send_slot *send_window_slot(struct send_window *w, uint32_t record)
{
	return &w->slots[record & (RECORD_WINDOW - 1)];
}

// All cells of a record.
static inline uint64_t send_slot_all(const struct send_slot *s)
{
	return (1ull << s->cells) - 1;
}

// Bytes of `cells` cells from `cell` on.
static inline uint32_t send_slot_bytes(
	const struct send_slot *s, const struct cell_cut *cut, uint32_t cell, uint32_t cells)
{
	uint32_t left = s->size - cell * cut->size;
	return left < cells * cut->size ? left : cells * cut->size;
}

bool send_window_full(const struct send_window *w);
// Queues a record; the window is not full.
void send_window_add(struct send_window *w, const struct send_record *record, uint32_t cell_size);
// Something is pending, or waits to be started.
static inline bool send_window_ready(const struct send_window *w)
{
	return record_bits_any(&w->pending) || w->started != w->next;
}

// The next cell to be sent: a pending one of the
// lowest started record. False: nothing is pending.
bool send_window_pick(struct send_window *w, uint32_t *record, uint32_t *cell);
// Starts the next record: its cells become pending. The caller checked limit and credit.
void send_window_start(struct send_window *w);
// Pending cells from `cell` on that go in one packet, at most `max`. `cell` is pending.
uint32_t send_slot_run(const struct send_slot *s, uint32_t cell, uint32_t max);
// These cells go out now, in one packet. True when one of them went out before.
bool send_window_sent(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells);
// True when these were the last cells of their record. Those of records that are gone are ignored.
bool send_window_acked(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells);
// True when cells are pending now (not all were acknowledged by other packets meanwhile).
bool send_window_lost(struct send_window *w, uint32_t record, uint32_t cell, uint32_t cells);
// Of the `cells` from *cell on, those that are not acknowledged: *cell becomes the first, the
// answer is how many go in one packet, at most `max`. 0: none, or the record is not on its way.
uint32_t send_window_wants(
	const struct send_window *w, uint32_t record, uint32_t *cell, uint32_t cells, uint32_t max);
// A record that may go back to the caller; `failed`:
// the connection is closed, everything goes back.
bool send_window_take(struct send_window *w, bool failed, struct send_record *record, bool *ok);
// send_window_take would give one.
bool send_window_has(const struct send_window *w, bool failed);
