// What a record contains, derived from who sends it:
// any byte can be checked without keeping a copy.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/sim/rng.h"

static inline uint64_t content_key(uint64_t seed, uint32_t end, uint32_t stream, uint32_t record)
{
	return rng_mix(rng_mix(rng_mix(seed + 1) ^ end) ^ ((uint64_t)stream << 32 | record));
}

static inline uint64_t content_word(uint64_t key, uint32_t index)
{
	return (key ^ index) * 0x9e3779b97f4a7c15ull;
}

static inline void content_fill(uint64_t key, uint8_t *bytes, uint32_t size)
{
	uint32_t i;
	for (i = 0; i + 8 <= size; i += 8) {
		uint64_t word = content_word(key, i / 8);
		memcpy(bytes + i, &word, 8);
	}
	uint64_t word = content_word(key, i / 8);
	memcpy(bytes + i, &word, size - i);
}

// `bytes` is the content from `from` on. Byte at a time only up to the first whole word.
static inline bool content_equal(uint64_t key, uint32_t from, const uint8_t *bytes, uint32_t size)
{
	uint32_t i = 0;
	for (; i < size && (from + i) % 8; i++)
		if (bytes[i] !=
			(uint8_t)(content_word(key, (from + i) / 8) >> 8 * ((from + i) % 8)))
			return false;
	for (; i + 8 <= size; i += 8) {
		uint64_t word = content_word(key, (from + i) / 8);
		if (memcmp(bytes + i, &word, 8) != 0)
			return false;
	}
	uint64_t word = content_word(key, (from + i) / 8);
	return memcmp(bytes + i, &word, size - i) == 0;
}
