// 64 bits for comparing states, not against an enemy: words multiplied to 128 bits and folded
// (as wyhash does). The hash of a set is the sum of its members', so that it follows each change.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/bytes.h"

static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)(hash ^ 0x9e3779b97f4a7c15ull) * (word ^ 0xd6e8feb86659fd93ull);
	uint64_t folded = (uint64_t)product ^ (uint64_t)(product >> 64);

	// a factor of zero would forget the other
	return folded + (hash ^ (word << 32 | word >> 32)) * 0xff51afd7ed558ccdull;
}

// The size counts, too.
static inline uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t size)
{
	uint8_t last[8] = {0};
	size_t at = 0;

	for (; size - at >= 8; at += 8)
		hash = hash_word(hash, be64_get(bytes + at));
	if (size > at)
		memcpy(last, bytes + at, size - at);
	return hash_word(hash_word(hash, be64_get(last)), size);
}
