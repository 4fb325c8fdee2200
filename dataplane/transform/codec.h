// Codecs behind one table: a record in, a record out. Contiguous
// memory on both sides, at most RECORD_RAW_MAX bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

// All calls are without allocation and without state between
// records; `workspace` is the worker's, taken at start.
struct codec {
	const char *name;
	enum codec_id id;
	uint8_t level_min, level_max, level_default;
	size_t workspace_size; // bytes, 64-byte aligned; 0: needs none
	// Bytes written to `out`, or 0 when the result
	// does not fit `room` (then the record goes raw).
	uint32_t (*encode)(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
		uint8_t *out, uint32_t room);
	// True when `in` decodes to exactly `raw_size` bytes. Never writes beyond out[raw_size -
	// 1], whatever `in` says.
	bool (*decode)(
		void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size);
};

// NULL: not in this build, or no such codec.
const struct codec *codec_by_id(uint8_t id);
// The largest workspace of any codec of this build.
size_t codec_workspace_size(void);

extern const struct codec codec_lz4;
