// One subject against its limit: pairs in random order, interleaved, so that what the machine does
// meanwhile hits both.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "perf/bench.h"
#include "perf/stats.h"

enum { MEASURE_PAIRS_MAX = 256 };

struct measure_plan {
	uint32_t pairs;     // <= MEASURE_PAIRS_MAX
	uint64_t sample_ns; // wanted length of one sample; 0: a fixed small number of operations
	uint64_t seed;      // of the order and the bootstrap
};

struct measure {
	double subject_rate, limit_rate; // medians, units a second
	double ratio; // median of the pairs' ratios; 1: the limit, larger is better
	struct interval ci95;
	uint32_t pairs;
	double cycles_per_byte; // median, of the subject
	double steal;           // share of the time that the hypervisor took from this machine
	uint64_t hash;          // of the subject's first 1,000 operations
};

// -1: no memory for a state. `limit` may be the subject itself: an A/A run, the noise floor.
int measure_pair(const struct bench *subject, const struct bench *limit,
	const struct measure_plan *plan, struct measure *measure);
