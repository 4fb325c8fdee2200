// What codec/* and pipeline/* rows do: records of a corpus packed or unpacked, by us or by the bare
// library.
#pragma once

#include "perf/bench.h"
#include "perf/codec/corpus.h"

// What bench.param holds: codec | level << 8 | corpus << 16; bench.argument: what is done.
#define SCENE(codec, level, corpus) \
	((uint32_t)(codec) | (uint32_t)(level) << 8 | (uint32_t)(corpus) << 16)

enum scene_task {
	SCENE_IN = 1,         // unpacked, not packed
	SCENE_PIPELINE = 2,   // a record's way: header, bounds, CRC32C; else the codec alone
	SCENE_LIMIT = 4,      // by the library
	SCENE_DICTIONARY = 8, // zstd with a dictionary of 32 KiB, made of other records
};

struct codec_workspace;

// bench.bytes: of a block.
void *scene_open(const struct bench *bench);
int scene_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
void scene_close(void *state);

// A worker's workspaces, of all codecs. NULL: no memory.
struct codec_workspace *scene_workspace_new(void);
void scene_workspace_free(struct codec_workspace *workspace); // NULL is legal
