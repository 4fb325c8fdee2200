// Distribution of latencies in log-linear buckets (the shape of HdrHistogram): each power of two is
// cut into 128 linear steps, so a value is known to 0.8 % whatever its size. Pure.
#pragma once

#include <stdint.h>

enum {
	HISTOGRAM_BITS = 7, // of resolution
	HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
	// Values below 2^7 have a bucket each; then 128 buckets a power of two, 2^7 to 2^63.
	HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS,
};

struct histogram {
	uint64_t count, max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);
void histogram_record(struct histogram *h, uint64_t value);
// Adds what `from` has.
void histogram_add(struct histogram *h, const struct histogram *from);
// The value that `percent` of all do not exceed: the upper end of its bucket, never above the
// maximum. 0 when empty.
uint64_t histogram_percentile(const struct histogram *h, double percent);
