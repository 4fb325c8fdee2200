// One stream's records on their way in: RECORD_WINDOW slots, in each a bitmap of the cells that
// came. A cell says itself where it belongs, so nothing is sorted and nothing is moved.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/drop.h"
#include "dataplane/transport/cell.h"
#include "dataplane/transport/record_bits.h"
#include "dataplane/wire/wire.h"

struct recv_slot {
	uint64_t have;   // cells that came
	uint8_t *block;  // stored bytes; NULL: none taken yet
	uint32_t size;   // on the wire; 0: the end has not come
	uint8_t cells;   // 0: the end has not come
	bool compressed; // valid once `have` is not 0
	uint8_t header[BLOCK_HEADER_SIZE];
};

// Records before `base` are delivered. A slot is clear
// (no block) until a cell of its record is placed.
struct recv_window {
	uint32_t base;
	uint32_t top;    // one past the highest record that has a cell
	uint32_t told;   // the limit the peer was told last
	uint32_t stream; // stream_id(); fixed by the first packet that
			 // authenticated
	bool used;
	struct record_bits complete; // whole and checked, not delivered
	struct record_bits gone;     // delivered before the base passed (unordered streams)
	struct recv_slot slots[RECORD_WINDOW];
};

// The place of a packet's cells, as recv_window_locate finds it.
struct recv_spot {
	uint64_t set; // the cells, as bits
	uint32_t record;
	uint32_t cell;   // the first of them
	uint32_t cells;  // >= 1
	uint32_t within; // byte within the record
	bool known;      // all came before: their bytes go nowhere
	bool first;      // no cell of the record came before
};

void recv_window_init(struct recv_window *w);
static inline struct recv_slot *recv_window_slot(struct recv_window *w, uint32_t record)
{
	return &w->slots[record & (RECORD_WINDOW - 1)];
}

// First record number that is not taken.
static inline uint32_t recv_window_limit(const struct recv_window *w)
{
	return w->base + RECORD_WINDOW;
}

// Judges offset, size and flags of a DATA packet against the
// window: VERDICT_ACCEPT, DROP_OFFSET, or DROP_OVERLAP when some of its cells came before and
// others did not. Changes nothing.
enum verdict recv_window_locate(const struct recv_window *w, const struct cell_cut *cut,
	const struct wire_header *header, uint32_t size, struct recv_spot *spot);
// The cells are in place and authentic. True when its record has all cells now.
bool recv_window_add(struct recv_window *w, const struct recv_spot *spot,
	const struct wire_header *header, uint32_t size);
// A complete record that may be delivered: the base's
// on an ordered stream, any on an unordered one.
bool recv_window_next(const struct recv_window *w, uint32_t *record);
// The record was delivered (or given up): its slot is clear, the base moves over what is gone.
void recv_window_release(struct recv_window *w, uint32_t record);
