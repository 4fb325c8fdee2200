// A set of the RECORD_WINDOW records from a window's base
// on: two words indexed by record number modulo the window.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"

_Static_assert(RECORD_WINDOW == 128, "two words");

struct record_bits {
	uint64_t words[2];
};

static inline void record_bits_set(struct record_bits *b, uint32_t record)
{
	b->words[record >> 6 & 1] |= 1ull << (record & 63);
}

static inline void record_bits_clear(struct record_bits *b, uint32_t record)
{
	b->words[record >> 6 & 1] &= ~(1ull << (record & 63));
}

static inline bool record_bits_test(const struct record_bits *b, uint32_t record)
{
	return b->words[record >> 6 & 1] >> (record & 63) & 1;
}

static inline bool record_bits_any(const struct record_bits *b)
{
	return (b->words[0] | b->words[1]) != 0;
}

// The lowest record of the set, counted from `base` on. The set is not empty.
static inline uint32_t record_bits_first(const struct record_bits *b, uint32_t base)
{
	uint32_t w = base >> 6 & 1, shift = base & 63;
	uint64_t m = b->words[w] >> shift;
	if (m)
		return base + (uint32_t)__builtin_ctzll(m);
	m = b->words[w ^ 1];
	if (m)
		return base - shift + 64 + (uint32_t)__builtin_ctzll(m);
	return base - shift + 128 + (uint32_t)__builtin_ctzll(b->words[w]);
}
