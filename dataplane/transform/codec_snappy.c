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

// Where the result grows. `at` is NULL once something did not fit.
struct output {
	uint8_t *at, *end;
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

// `beyond`: bytes that may be read from `in`, at least `size`.
static void put_literal(struct output *out, const uint8_t *in, uint32_t size, uint32_t beyond)
{
	uint32_t n = size - 1;
	uint8_t *at = out->at;

	if (!at || out->end - at < (ptrdiff_t)size + 3) {
		out->at = NULL;
		return;
	}
	if (n < 60) {
		*at++ = (uint8_t)(n << 2);
	} else if (n < 256) {
		*at++ = 60 << 2;
		*at++ = (uint8_t)n;
	} else {
		*at++ = 61 << 2;
		*at++ = (uint8_t)n;
		*at++ = (uint8_t)(n >> 8);
	}
	if (size <= 16 && beyond >= 16 && out->end - at >= 16)
		memcpy(at, in, 16); // one store; what is too much is written over
	else
		memcpy(at, in, size);
	out->at = at + size;
}

static uint8_t *put_copy_long(uint8_t *at, uint32_t offset, uint32_t size)
{
	*at++ = (uint8_t)(2 | (size - 1) << 2);
	*at++ = (uint8_t)offset;
	*at++ = (uint8_t)(offset >> 8);
	return at;
}

static void put_copy(struct output *out, uint32_t offset, uint32_t size)
{
	uint8_t *at = out->at;

	if (!at || (uint32_t)(out->end - at) < (size / (COPY_LONGEST - 4) + 1) * 3) {
		out->at = NULL;
		return;
	}
	for (; size >= COPY_LONGEST + 4; size -= COPY_LONGEST)
		at = put_copy_long(at, offset, COPY_LONGEST);
	if (size > COPY_LONGEST) { // at least 4 stay for the last
		at = put_copy_long(at, offset, COPY_LONGEST - 4);
		size -= COPY_LONGEST - 4;
	}
	if (size < 12 && offset < 2048) {
		*at++ = (uint8_t)(1 | (size - 4) << 2 | offset >> 8 << 5);
		*at++ = (uint8_t)offset;
	} else {
		at = put_copy_long(at, offset, size);
	}
	out->at = at;
}

// The next place at or behind `at` whose 4 bytes stand at `*candidate` too; NULL: there is none.
// Looks ever less closely at what does not repeat.
static const uint8_t *find(uint16_t *table, uint32_t shift, const uint8_t *in, const uint8_t *at,
	const uint8_t *limit, const uint8_t **candidate)
{
	for (uint32_t skip = 32; at <= limit; at += skip++ >> 5) {
		uint32_t bytes = load32(at), slot = hash(bytes, shift);

		*candidate = in + table[slot];
		table[slot] = (uint16_t)(at - in);
		if (load32(*candidate) == bytes && *candidate < at)
			return at;
	}
	return NULL;
}

// All that repeats; what is behind the last copy stays for a literal.
static const uint8_t *put_matches(
	struct output *out, uint16_t *table, uint32_t shift, const uint8_t *in, const uint8_t *end)
{
	const uint8_t *limit = end - MARGIN, *done = in, *at = in, *candidate;

	while (out->at && (at = find(table, shift, in, at, limit, &candidate)) != NULL) {
		if (at > done)
			put_literal(out, done, (uint32_t)(at - done), (uint32_t)(end - done));
		do {
			uint32_t size = 4 + match(candidate + 4, at + 4, end), slot;

			put_copy(out, (uint32_t)(at - candidate), size);
			done = at += size;
			if (!out->at || at > limit)
				return done;
			table[hash(load32(at - 1), shift)] = (uint16_t)(at - 1 - in);
			slot = hash(load32(at), shift);
			candidate = in + table[slot];
			table[slot] = (uint16_t)(at - in);
		} while (load32(candidate) == load32(at));
		at++;
	}
	return done;
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
	struct output to = {out, out + room};
	const uint8_t *done = in, *end = in + size;
	uint32_t bits = TABLE_LEAST;

	(void)level;
	if (room < 5)
		return 0;
	to.at = put_size(out, size);
	if (size > MARGIN) {
		while (bits < TABLE_BITS && 1u << bits < size)
			bits++;
		memset(w->table, 0, sizeof(w->table[0]) << bits);
		done = put_matches(&to, w->table, 32 - bits, in, end);
	}
	if (done < end)
		put_literal(&to, done, (uint32_t)(end - done), (uint32_t)(end - done));
	return to.at ? (uint32_t)(to.at - out) : 0;
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
