// Cells: the grain in which a record is kept account of, one bit each. A packet carries one or more
// consecutive cells of one record, as many as its path is known to take (docs/adr/0013).
#pragma once

#include <stdint.h>

#include "dataplane/wire/wire.h"

// Every size lies between these, so the cells of a record fit a 64-bit word with room for one more.
#define CELL_SIZE_MIN 1088u
#define CELL_SIZE_MAX 1408u // wire_segment_size(MTU_MIN)
#define CELLS_MAX     ((RECORD_WIRE_MAX + CELL_SIZE_MIN - 1) / CELL_SIZE_MIN)

_Static_assert(CELLS_MAX < 64, "the cells of a record are bits of one word");

// The cell size, and what makes dividing by it a multiplication (exact for every offset within a
// record).
struct cell_cut {
	uint32_t size;
	uint32_t inverse;
};

struct cell_cut cell_cut_make(uint32_t cell_size);

// The cell size of a connection whose links take segments of this size: the one with which a full
// record needs the fewest packets, of several the largest.
uint32_t cell_size(uint32_t segment_size);

// Cells that `size` bytes fill, the last perhaps in part. size <= RECORD_WIRE_MAX.
static inline uint32_t cell_cut_count(const struct cell_cut *cut, uint32_t size)
{
	return (uint32_t)((uint64_t)(size + cut->size - 1) * cut->inverse >> 32);
}

// `cells` of them from `cell` on, as bits.
static inline uint64_t cells_mask(uint32_t cell, uint32_t cells)
{
	return ((1ull << cells) - 1) << cell;
}
