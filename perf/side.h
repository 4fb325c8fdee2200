// One side of a pair: a benchmark that is open, and its samples.
#pragma once

#include "perf/bench.h"

enum { SIDE_SAMPLES_MAX = 256 };

// The percentiles that a latency is judged by.
enum { SIDE_P50, SIDE_P99, SIDE_P999, SIDE_PERCENTILES };
extern const double side_percentiles[SIDE_PERCENTILES];

struct side {
	const struct bench *bench;
	void *state;
	uint64_t operations;                                // of a body's sample
	uint64_t sample_ns;                                 // of a sample's
	double rate[SIDE_SAMPLES_MAX];                      // units a second
	double cycles[SIDE_SAMPLES_MAX];                    // a byte; negative: not known
	double latency[SIDE_PERCENTILES][SIDE_SAMPLES_MAX]; // ns
	struct histogram all;                               // of all samples
	struct bench_counters total;                        // of all samples
	double units;                                       // of all samples
	uint64_t hash;
	struct json_t *extra; // of all samples (extra.h), or NULL
	char error[BENCH_ERROR_MAX];
};

// Opens it and finds out how much work a sample of about sample_ns is; 0: a small fixed amount.
// -1: `error` says why. After 0, side_close.
int side_open(struct side *s, const struct bench *bench, uint64_t sample_ns);
// Takes one sample. -1: `error` says why.
int side_sample(struct side *s, uint32_t index);
void side_close(struct side *s);
// Hash and counters of a body, on a fresh state, untimed: of 1,000 operations the hash, of the next
// 1,000 the counters. Nothing to do for a sample, which brings its own. -1: `error` says why.
int side_count(struct side *s);
