// A run: every benchmark that was asked for, against its limit.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "perf/measure.h"

struct run_options {
	const char *filter;  // fnmatch over the whole id; * crosses slashes
	const char *effort;  // "quick", "full", "smoke"
	const char *command; // that repeats it, for the reader of the result
	struct measure_plan plan;
};

// Sets the plan by its name. false: no such effort.
bool run_effort(struct run_options *o, const char *name);
// Prints each row on the standard error, and makes the object of schema sluice-perf/1 (new
// reference; NULL: nothing matches, said on the standard error). *failed: how many benchmarks could
// not be measured.
struct json_t *run_all(const struct run_options *o, size_t *failed);
