// A verdict in words.
#pragma once

#include <stdio.h>

#include "tests/linear/linear.h"

// What keys and values are called; NULL as a whole: by their numbers.
struct linear_names {
	const char *(*key)(const void *owner, uint64_t key);
	const char *(*value)(const void *owner, uint64_t value);
	const void *owner;
};

// One sentence; of a history that is not linearizable also the operations that prove it, by call.
void linear_print(FILE *out, const struct linear_op *ops, const struct linear_report *report,
	const struct linear_names *names);
