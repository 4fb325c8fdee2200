// Names and levels of the codecs, for every place where a person or an application writes them.
#pragma once

#include <stdint.h>

#include "lib/ipc/names.h"

#define CODEC_LEVEL_MAX 255 // that can be asked for: codec_level_refuse says what a codec has

// Of an option that asks for a level, whatever the codec.
#define CODEC_LEVEL_SENTENCE                                                                     \
	"level of the codec, 0: its default; lz4 1 to 16 (default 1), larger is faster; zstd 1 " \
	"to "                                                                                    \
	"19 (default 1), deflate 1 to 3 (default 1), brotli 1 to 9 (default 6), larger packs "   \
	"better; auto finds it itself"

// Of an option that asks for a dictionary.
#define DICTIONARY_SENTENCE                                                                        \
	"id of a dictionary that both nodes have in their configuration, for zstd at levels 1 to " \
	"4; 0: none"

extern const char *const codec_choices[]; // names of the codecs of this build, ends with NULL

// enum raw_reason in words: the end of a sentence about records.
const char *raw_reason_sentence(uint32_t reason);
// The most frequent of these; RAW_REASONS: there are none.
uint32_t raw_reason_most(const uint64_t by[RAW_REASONS]);
// "unknown" beyond enum codec_id.
const char *codec_name(uint32_t id);
// -1: no such name. Not only those of this build: whether a node has it, its dataplane says.
int codec_find(const char *name);
// NULL, or a sentence that says which levels the codec has. 0, its default, is always one of them.
const char *codec_level_refuse(uint32_t id, uint32_t level);
// The same of a dictionary, which only zstd can use; 0, none, goes with everything.
const char *codec_dictionary_refuse(uint32_t id, uint32_t level, uint32_t dictionary);
// enum dictionary_state in words, as the end of "the dictionary ...".
const char *dictionary_state_sentence(uint32_t state);
