// How large the cells of a connection are.
#include "dataplane/transport/cell.h"

#include <assert.h>

// inverse * size is at most size above 2^32; times an offset below
// 2^17 the error stays under 2^32 as long as size is under 2^15, so
// the product's upper half is the quotient (MTU_MAX keeps it there).
struct cell_cut cell_cut_make(uint32_t cell_size)
{
	assert(cell_size >= 64 && cell_size < 1u << 15);
	return (struct cell_cut){cell_size, (uint32_t)(((1ull << 32) + cell_size - 1) / cell_size)};
}

static uint32_t cell_packets(uint32_t cell, uint32_t segment_size)
{
	uint32_t payload = segment_size / cell * cell;
	return (RECORD_WIRE_MAX + payload - 1) / payload;
}

uint32_t cell_size(uint32_t segment_size)
{
	uint32_t best = CELL_SIZE_MAX;
	assert(segment_size >= CELL_SIZE_MAX);
	for (uint32_t cell = CELL_SIZE_MAX; cell >= CELL_SIZE_MIN; cell -= 64)
		if (cell_packets(cell, segment_size) < cell_packets(best, segment_size))
			best = cell;
	return best;
}
