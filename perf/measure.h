// One subject against its limit: pairs in random order, interleaved, so that what the machine does
// meanwhile hits both.
#pragma once

#include "perf/side.h"
#include "perf/stats.h"

struct measure_plan {
	uint32_t pairs;     // <= SIDE_SAMPLES_MAX
	uint64_t sample_ns; // wanted length of one sample; 0: an instant
	uint64_t seed;      // of the order and the bootstrap
};

struct ratio {
	double median; // of the pairs' ratios; 1: the limit, larger is better
	struct interval ci95;
};

struct measure {
	double subject, limit; // medians: units a second; p50 in ns when the benchmark is a latency
	struct ratio ratio;    // of rates, or of p50
	struct ratio latency[SIDE_PERCENTILES]; // only of a latency
	uint32_t pairs;
	double cycles_per_byte; // median, of the subject; negative: not known
	// Of the subject, each divided by the units that were done; negative: not known.
	double allocs, bytes_memcpy, syscalls;
	double steal;              // share of the time that the hypervisor took from this machine
	uint64_t hash, limit_hash; // of their work
	struct side *side[2];      // subject, limit: distributions and "extra"; until the next call
	char error[BENCH_ERROR_MAX];
};

// -1: `error` says why. `limit` may be the subject itself: an A/A run, the noise floor.
int measure_pair(const struct bench *subject, const struct bench *limit,
	const struct measure_plan *plan, struct measure *measure);
// Drops what `side` holds.
void measure_fini(struct measure *measure);
