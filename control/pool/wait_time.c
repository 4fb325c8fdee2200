// How long requests waited for their connection: counts by size, and quantiles of them.
#include "control/pool/core.h"

// Four buckets for each power of two; the first ones are exact.
static uint32_t bucket_of(uint64_t ns)
{
	uint32_t log;

	if (ns < 4)
		return (uint32_t)ns;
	log = 63 - (uint32_t)__builtin_clzll(ns);
	return log * 4 + (uint32_t)(ns >> (log - 2) & 3) - 4;
}

// The smallest that is beyond the bucket.
static uint64_t bucket_end(uint32_t bucket)
{
	uint32_t log = (bucket + 4) / 4;

	if (bucket < 4)
		return bucket;
	return (5ull + (bucket + 4) % 4) << (log - 2);
}

void wait_time_add(struct pool *pool, uint64_t wait_ns)
{
	pool->waits[bucket_of(wait_ns)]++;
	if (wait_ns > pool->wait_max_ns)
		pool->wait_max_ns = wait_ns;
}

uint64_t wait_time_at(const struct pool *pool, uint32_t per_mille)
{
	uint64_t all = 0, below = 0;

	for (uint32_t i = 0; i < WAIT_BUCKETS; i++)
		all += pool->waits[i];
	for (uint32_t i = 0; i < WAIT_BUCKETS && all > 0; i++) {
		below += pool->waits[i];
		if (below * 1000 >= all * per_mille)
			return min_u64(bucket_end(i), pool->wait_max_ns);
	}
	return 0;
}
