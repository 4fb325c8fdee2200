// Codecs behind one table: a record in, a record out. Contiguous
// memory on both sides, at most RECORD_RAW_MAX bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

struct dictionary;

// All calls are without allocation, and no record knows of another: what a workspace keeps from
// one to the next makes it faster, never different. `workspace` is the codec's part of the
// worker's (codec_workspace_of); one thread at a time.
struct codec {
	const char *name;
	enum codec_id id;
	uint8_t level_min, level_max, level_default; // all 0: it has none
	// From this level on 64 KiB take about a millisecond, 10 ms at the top: a worker packs one
	// record a turn. 0: no level does.
	uint8_t level_slow;
	size_t workspace_size;         // bytes; 0: needs none
	void (*init)(void *workspace); // once, at start; NULL: nothing to prepare
	// Bytes written to `out`, or 0 when the result does not fit `room` (then the record goes
	// raw). `in` may change meanwhile (an application's memory): the result is then nonsense,
	// but nothing beyond `room` is written and nothing outside `in` read. level_min <= level
	// <= level_max.
	uint32_t (*encode)(void *workspace, uint8_t level, const uint8_t *in, uint32_t size,
		uint8_t *out, uint32_t room);
	// True when `in`, all of it, decodes to exactly `raw_size` bytes. Never writes beyond
	// out[raw_size - 1], whatever `in` says.
	bool (*decode)(
		void *workspace, const uint8_t *in, uint32_t size, uint8_t *out, uint32_t raw_size);
	// The same two with a dictionary, which both ends must have: bytes that were packed with
	// another one may decode to nonsense. 1 <= level <= DICTIONARY_LEVEL_MAX. NULL: it knows
	// no dictionaries.
	uint32_t (*encode_with)(void *workspace, const struct dictionary *dictionary, uint8_t level,
		const uint8_t *in, uint32_t size, uint8_t *out, uint32_t room);
	bool (*decode_with)(void *workspace, const struct dictionary *dictionary, const uint8_t *in,
		uint32_t size, uint8_t *out, uint32_t raw_size);
};

// Where each codec's part lies, in front of the parts themselves.
struct codec_workspace {
	void *part[CODEC_COUNT]; // NULL: that codec needs none
};

// NULL: not in this build, or no such codec.
const struct codec *codec_by_id(uint8_t id);
// Bytes for the workspaces of all codecs of this build.
size_t codec_workspace_size(void);
// Prepares `memory` (codec_workspace_size() zeroed bytes, 64-byte aligned), which stays the
// caller's and is given up by just unmapping it.
struct codec_workspace *codec_workspace_init(void *memory);

static inline void *codec_workspace_of(
	const struct codec_workspace *workspace, const struct codec *codec)
{
	return workspace->part[codec->id];
}

extern const struct codec codec_lz4, codec_zstd, codec_deflate, codec_brotli, codec_snappy;
