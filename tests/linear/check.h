// One key's operations, made ready for the search.
#pragma once

#include "tests/linear/search.h"

// Leaves out what proves nothing and can change nothing that anybody saw; returns how many remain.
uint32_t useful(struct search_op *ops, uint32_t count);
// Whether a value counts: somebody saw it, or expected it. `left_out`: an operation that is not
// asked.
bool observed(const struct search_op *ops, uint32_t count, uint64_t value, uint32_t left_out);
// Whether somebody says that something was not there, or that anything was: then each value counts.
bool all_observed(const struct search_op *ops, uint32_t count, uint32_t left_out);

// Of a key whose operations have no order: fills in window and last.
void window_find(const struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report);
// Whether some short part of a history has no order, whatever was before it: fills in the same.
bool window_scan(const struct search_op *ops, uint32_t count, const struct linear_limits *limits,
	struct linear_report *report);
