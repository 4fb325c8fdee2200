// The search for an order of one key's operations.
#pragma once

#include "tests/linear/linear.h"

#define SEARCH_ANY   UINT64_MAX       // as a state: nobody knows
#define SEARCH_OTHER (UINT64_MAX - 1) // a value that nobody saw: all of these are alike

struct search_op {
	const struct linear_op *op;
	uint64_t call, end; // order of the events: smaller is earlier
	uint64_t put;       // state after it, of those that write
	bool open;          // need not happen
	uint32_t index;     // of the caller
};

// `state`: at the beginning. Steps are added to *steps; ends at limits->steps.
enum linear_verdict search_run(const struct search_op *ops, uint32_t count, uint64_t state,
	const struct linear_limits *limits, uint64_t *steps);
