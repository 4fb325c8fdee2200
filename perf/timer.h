// What the timer benchmarks share: deadlines of N connections that pass and are set again.
#pragma once

#include <stdint.h>

#include "perf/bench.h"

enum { TIMER_MAX = 256, TIMER_TURN_NS = 2000, TIMER_SPREAD_BITS = 20 };

// State of the draws and the clock: subject and limit see the same.
struct timer_load {
	uint64_t seed, now_ns;
	uint32_t count;
};

// The next deadline of a connection: 1 us to 1 ms away, as pacing and retransmission set them.
static inline uint64_t timer_draw(struct timer_load *l, uint32_t connection)
{
	uint64_t z = (l->seed ^ connection) * 0x9e3779b97f4a7c15ull + l->now_ns;

	z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9ull;
	return l->now_ns + 1000 + (z >> (64 - TIMER_SPREAD_BITS));
}

// Commutes: deadlines that pass in one turn have no order among them.
static inline uint64_t timer_hash(uint64_t hash, uint64_t at_ns, uint32_t connection)
{
	return hash + (at_ns ^ (uint64_t)connection << 56) * 0x100000001b3ull;
}

// timer_limit.c
void *timer_array_open(const struct bench *bench);
uint64_t timer_array_turns(void *state, uint64_t operations);
uint64_t timer_array_next(void *state, uint64_t operations);
void *timer_heap_open(const struct bench *bench);
uint64_t timer_heap_turns(void *state, uint64_t operations);
uint64_t timer_heap_rearms(void *state, uint64_t operations);
