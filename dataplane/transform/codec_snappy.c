// Snappy (block format). Decoding is the library's. Encoding is ours: the library's allocates 170
// KiB a call, wants room for more than the record, and cannot stop when the record does not shrink.
#include <snappy-c.h>
#include <string.h>

#include "dataplane/transform/codec.h"

// As the library's: a hash of 4 bytes finds the last place of them, offsets are 16 bits.
#define TABLE_BITS   14
#define TABLE_LEAST  8
#define MARGIN       15u // bytes at the end that only literals cover: no load passes it
#define COPY_LONGEST 64u

struct snappy_workspace {
	uint16_t table[1 << TABLE_BITS]; // hash -> place in the record
};

static uint32_t load32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static uint32_t hash(uint32_t bytes, uint32_t shift)
{
	return bytes * 0x1e35a7bdu >> shift;
}

// Bytes that are the same at `a` and `b`, of those in front of `end`; a < b.
static uint32_t match(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *start = b;

	for (; end - b >= 8; a += 8, b += 8) {
		uint64_t different = load64(a) ^ load64(b);

		if (different)
			return (uint32_t)(b - start) + (uint32_t)__builtin_ctzll(different) / 8;
	}
	while (b < end && *a == *b)
		a++, b++;
	return (uint32_t)(b - start);
}

// What follows writes at `at` and returns where the next goes; NULL: it does not fit before `end`.

// `beyond`: bytes that may be read from `in`, at least `size`.
static inline uint8_t *put_literal(
	uint8_t *at, const uint8_t *end, const uint8_t *in, uint32_t size, uint32_t beyond)
{
	uint32_t n = size - 1;

	if (end - at < (ptrdiff_t)size + 3)
		return NULL;
	if (n < 60) {
		*at++ = (uint8_t)(n << 2);
		if (size <= 16 && beyond >= 16 && end - at >= 16) {
			memcpy(at, in, 16); // one store; what is too much is written over
			return at + size;
		}
	} else if (n < 256) {
		*at++ = 60 << 2;
		*at++ = (uint8_t)n;
	} else {
		*at++ = 61 << 2;
		*at++ = (uint8_t)n;
		*at++ = (uint8_t)(n >> 8);
	}
	memcpy(at, in, size);
	return at + size;
}

static inline uint8_t *put_copy_long(uint8_t *at, uint32_t offset, uint32_t size)
{
	*at++ = (uint8_t)(2 | (size - 1) << 2);
	*at++ = (uint8_t)offset;
	*at++ = (uint8_t)(offset >> 8);
	return at;
}

static inline uint8_t *put_copy(uint8_t *at, const uint8_t *end, uint32_t offset, uint32_t size)
{
	if ((uint32_t)(end - at) < (size / (COPY_LONGEST - 4) + 1) * 3)
		return NULL;
	for (; size >= COPY_LONGEST + 4; size -= COPY_LONGEST)
		at = put_copy_long(at, offset, COPY_LONGEST);
	if (size > COPY_LONGEST) { // at least 4 stay for the last
		at = put_copy_long(at, offset, COPY_LONGEST - 4);
		size -= COPY_LONGEST - 4;
	}
	if (size >= 12 || offset >= 2048)
		return put_copy_long(at, offset, size);
	*at++ = (uint8_t)(1 | (size - 4) << 2 | offset >> 8 << 5);
	*at++ = (uint8_t)offset;
	return at;
}

// The next place at or behind `at` whose 4 bytes stand at `*candidate` too; NULL: there is none.
// Looks ever less closely at what does not repeat.
static inline const uint8_t *find(uint16_t *table, uint32_t shift, const uint8_t *in,
	const uint8_t *at, const uint8_t *limit, const uint8_t **candidate)
{
	for (uint32_t skip = 32, step; at <= limit; at += step, skip += step) {
		uint32_t bytes = load32(at), slot = hash(bytes, shift);

		step = skip >> 5;
		*candidate = in + table[slot];
		table[slot] = (uint16_t)(at - in);
		if (load32(*candidate) == bytes && *candidate < at)
			return at;
	}
	return NULL;
}

// All that repeats; `*done`: what is behind the last copy, which stays for a literal.
static uint8_t *put_matches(uint8_t *out, const uint8_t *out_end, uint16_t *table, uint32_t shift,
	const uint8_t *in, const uint8_t *end, const uint8_t **done)
{
	const uint8_t *limit = end - MARGIN, *at = in, *candidate;

	*done = in;
	while (out && (at = find(table, shift, in, at, limit, &candidate)) != NULL) {
		if (at > *done)
			out = put_literal(out, out_end, *done, (uint32_t)(at - *done),
				(uint32_t)(end - *done));
		for (;;) {
			uint32_t size = 4 + match(candidate + 4, at + 4, end), slot;

			if (out)
				out = put_copy(out, out_end, (uint32_t)(at - candidate), size);
			*done = at += size;
			if (!out || at > limit)
				return out;
			table[hash(load32(at - 1), shift)] = (uint16_t)(at - 1 - in);
			slot = hash(load32(at), shift);
			candidate = in + table[slot];
			table[slot] = (uint16_t)(at - in);
			if (load32(candidate) != load32(at))
				break;
		}
		at++;
	}
	return out;
}

static uint8_t *put_size(uint8_t *at, uint32_t size)
{
	for (; size >= 128; size >>= 7)
		*at++ = (uint8_t)(size | 128);
	*at++ = (uint8_t)size;
	return at;
}

static uint32_t snappy_encode(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room)
{
	struct snappy_workspace *w = workspace;
	const uint8_t *done = in, *end = in + size;
	uint8_t *at = out;
	uint32_t bits = TABLE_LEAST;

	(void)level;
	if (room < 5)
		return 0;
	at = put_size(at, size);
	if (size > MARGIN) {
		while (bits < TABLE_BITS && 1u << bits < size)
			bits++;
		memset(w->table, 0, sizeof(w->table[0]) << bits);
		at = put_matches(at, out + room, w->table, 32 - bits, in, end, &done);
	}
	if (at && done < end)
		at = put_literal(
			at, out + room, done, (uint32_t)(end - done), (uint32_t)(end - done));
	return at ? (uint32_t)(at - out) : 0;
}

static bool snappy_decode(
	void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size)
{
	size_t says;

	(void)workspace;
	if (snappy_uncompressed_length((const char *)in, size, &says) != SNAPPY_OK ||
		says != raw_size)
		return false;
	return snappy_uncompress((const char *)in, size, (char *)out, &says) == SNAPPY_OK &&
	       says == raw_size;
}

const struct codec codec_snappy = {
	.name = "snappy",
	.id = CODEC_SNAPPY,
	.workspace_size = sizeof(struct snappy_workspace),
	.encode = snappy_encode,
	.decode = snappy_decode,
};
