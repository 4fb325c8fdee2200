// Bitmaps over packet numbers that count DOWN: pn stands at position -pn, so the 64 positions from
// that of `largest` upwards are exactly one word of an ACK block, without reversing bits. SIZE is a
// power of two, at least 128.
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t ring_bits_place(uint64_t pn, uint32_t size)
{
	return (uint32_t)(0 - pn) & (size - 1);
}

static inline bool ring_bits_test(const uint64_t *words, uint32_t size, uint64_t pn)
{
	uint32_t p = ring_bits_place(pn, size);
	return words[p >> 6] >> (p & 63) & 1;
}

static inline void ring_bits_set(uint64_t *words, uint32_t size, uint64_t pn)
{
	uint32_t p = ring_bits_place(pn, size);
	words[p >> 6] |= 1ull << (p & 63);
}

static inline void ring_bits_clear(uint64_t *words, uint32_t size, uint64_t pn)
{
	uint32_t p = ring_bits_place(pn, size);
	words[p >> 6] &= ~(1ull << (p & 63));
}

// Bit i of the result is packet number pn - i.
static inline uint64_t ring_bits_load(const uint64_t *words, uint32_t size, uint64_t pn)
{
	uint32_t p = ring_bits_place(pn, size);
	uint32_t shift = p & 63, w = p >> 6;
	uint64_t low = words[w] >> shift;
	if (shift == 0)
		return low;
	return low | words[(w + 1) & ((size >> 6) - 1)] << (64 - shift);
}

// Clears the packet numbers pn - i for every bit i of `mask`.
static inline void ring_bits_clear_mask(uint64_t *words, uint32_t size, uint64_t pn, uint64_t mask)
{
	uint32_t p = ring_bits_place(pn, size);
	uint32_t shift = p & 63, w = p >> 6;
	words[w] &= ~(mask << shift);
	if (shift)
		words[(w + 1) & ((size >> 6) - 1)] &= ~(mask >> (64 - shift));
}

// The lowest packet number in [from, end) whose bit is set, or end. end - from <= size.
static inline uint64_t ring_bits_lowest(
	const uint64_t *words, uint32_t size, uint64_t from, uint64_t end)
{
	while (from < end) {
		uint32_t p = ring_bits_place(from, size);
		uint32_t bit = p & 63;
		uint64_t m = words[p >> 6] & ~0ull >> (63 - bit);
		if (m) {
			from += bit - (63 - (uint32_t)__builtin_clzll(m));
			return from < end ? from : end;
		}
		from += bit + 1;
	}
	return end;
}
