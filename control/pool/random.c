// Jitter: a seeded generator (xorshift64*), and times that grow with it.
#include "control/pool/core.h"

uint32_t random_below(struct pool *pool, uint32_t limit)
{
	uint64_t x = pool->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	pool->random = x;
	return (uint32_t)((x * 0x2545f4914f6cdd1dull >> 32) * limit >> 32);
}

uint64_t random_around(struct pool *pool, uint64_t ns, uint32_t percent)
{
	uint64_t span = ns / 100 * percent;

	return ns - span + (2 * span / 1024) * random_below(pool, 1025);
}

uint64_t random_backoff(
	struct pool *pool, uint64_t base_ns, uint32_t times, uint64_t cap_ns, uint32_t percent)
{
	uint64_t ns = base_ns;

	for (uint32_t i = 0; i < times && ns < cap_ns; i++)
		ns += ns / 10 * 6;
	return random_around(pool, min_u64(ns, cap_ns), percent);
}
