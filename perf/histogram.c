// Log-linear histogram.
#include "perf/histogram.h"

#include <math.h>
#include <string.h>

static uint32_t bucket_of(uint64_t value)
{
	uint32_t shift;

	if (value < HISTOGRAM_STEPS)
		return (uint32_t)value;
	shift = 63 - (uint32_t)__builtin_clzll(value) - HISTOGRAM_BITS;
	return (shift + 1) * HISTOGRAM_STEPS + (uint32_t)(value >> shift) - HISTOGRAM_STEPS;
}

// The largest value of the bucket.
static uint64_t bucket_top(uint32_t bucket)
{
	uint32_t shift;

	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	shift = bucket / HISTOGRAM_STEPS - 1;
	return ((uint64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift) +
	       ((1ull << shift) - 1);
}

void histogram_clear(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
}

void histogram_record(struct histogram *h, uint64_t value)
{
	h->bucket[bucket_of(value)]++;
	h->count++;
	h->max = value > h->max ? value : h->max;
}

void histogram_add(struct histogram *h, const struct histogram *from)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->bucket[i] += from->bucket[i];
	h->count += from->count;
	h->max = from->max > h->max ? from->max : h->max;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	uint64_t rank = (uint64_t)ceil(percent / 100 * (double)h->count), seen = 0;

	rank = rank < 1 ? 1 : rank > h->count ? h->count : rank;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= rank && seen > 0) {
			uint64_t top = bucket_top(i);

			return top < h->max ? top : h->max;
		}
	}
	return 0;
}
