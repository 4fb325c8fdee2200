// Big-endian numbers and sized bytes, in and out. Reading never goes beyond the end: what is
// missing reads as zero and is remembered.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "control/cluster/kv/kv.h"
#include "lib/base/bytes.h"

struct kv_in {
	const uint8_t *at;
	size_t left;
	bool bad; // something was missing, or a caller said so
};

struct kv_out {
	uint8_t *at;
	size_t left;
	bool full; // something did not fit
};

static inline const uint8_t *in_take(struct kv_in *in, size_t size)
{
	static const uint8_t zeros[8];
	const uint8_t *at = in->at;

	if (in->left < size) {
		in->bad = true;
		in->left = 0;
		return zeros;
	}
	in->at += size;
	in->left -= size;
	return at;
}

static inline uint8_t in_u8(struct kv_in *in)
{
	return *in_take(in, 1);
}

static inline uint16_t in_u16(struct kv_in *in)
{
	return be16_get(in_take(in, 2));
}

static inline uint32_t in_u32(struct kv_in *in)
{
	return be32_get(in_take(in, 4));
}

static inline uint64_t in_u64(struct kv_in *in)
{
	return be64_get(in_take(in, 8));
}

static inline bool in_bool(struct kv_in *in)
{
	uint8_t value = in_u8(in);

	in->bad |= value > 1;
	return value == 1;
}

// Borrows; nothing when they are not all there.
static inline struct kv_bytes in_bytes(struct kv_in *in, uint32_t size)
{
	const uint8_t *at = in_take(in, size);

	return (struct kv_bytes){at, in->bad ? 0 : size};
}

static inline struct kv_bytes in_key(struct kv_in *in)
{
	return in_bytes(in, in_u16(in));
}

static inline struct kv_bytes in_value(struct kv_in *in)
{
	return in_bytes(in, in_u32(in));
}

// Room for `size` bytes, or NULL.
static inline uint8_t *out_take(struct kv_out *out, size_t size)
{
	uint8_t *at = out->at;

	if (out->full || out->left < size) {
		out->full = true;
		return NULL;
	}
	out->at += size;
	out->left -= size;
	return at;
}

static inline void out_u8(struct kv_out *out, uint32_t value)
{
	uint8_t *at = out_take(out, 1);

	if (at)
		*at = (uint8_t)value;
}

static inline void out_u16(struct kv_out *out, uint32_t value)
{
	uint8_t *at = out_take(out, 2);

	if (at)
		be16_put(at, (uint16_t)value);
}

static inline void out_u32(struct kv_out *out, uint32_t value)
{
	uint8_t *at = out_take(out, 4);

	if (at)
		be32_put(at, value);
}

static inline void out_u64(struct kv_out *out, uint64_t value)
{
	uint8_t *at = out_take(out, 8);

	if (at)
		be64_put(at, value);
}

static inline void out_bytes(struct kv_out *out, struct kv_bytes bytes)
{
	uint8_t *at = out_take(out, bytes.size);

	if (at && bytes.size)
		memcpy(at, bytes.data, bytes.size);
}

static inline void out_key(struct kv_out *out, struct kv_bytes key)
{
	out_u16(out, key.size);
	out_bytes(out, key);
}

static inline void out_value(struct kv_out *out, struct kv_bytes value)
{
	out_u32(out, value.size);
	out_bytes(out, value);
}
