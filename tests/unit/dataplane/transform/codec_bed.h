// What codecs are tested on: inputs of several kinds, and memory that ends where it says.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transform/codec.h"

// What a record may hold.
enum corpus { CORPUS_TEXT, CORPUS_BINARY, CORPUS_JSON, CORPUS_ZERO, CORPUS_RANDOM, CORPUS_COUNT };

extern const enum codec_id bed_codecs[]; // those that pack; ends with CODEC_NONE

// Fills `out` with a piece of that corpus; another seed, another piece.
void corpus_fill(enum corpus corpus, uint32_t seed, uint8_t *out, uint32_t size);

// A workspace as a worker has it; for the life of the test.
struct codec_workspace *bed_workspace(void);

// A dictionary of zstd of `size` bytes at most, made of records of a corpus: the file's bytes in
// `out`. Returns their number.
uint32_t bed_dictionary_train(enum corpus corpus, uint8_t *out, uint32_t size);
// The same of 16 KiB, digested; for the life of the test.
const struct dictionary *bed_dictionary(enum corpus corpus, uint8_t id);

// `size` bytes (at most 128 KiB) whose next is a page that nobody may touch. Each of the areas has
// its own; a later call for the same area returns the same memory. Filled with 0xee.
enum bed_area { BED_RAW, BED_STORED, BED_BACK, BED_AREAS };
uint8_t *bed_guarded(enum bed_area area, uint32_t size);

// The codec's functions, its workspace found.
uint32_t bed_encode(const struct codec *codec, uint32_t level, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t room);
bool bed_decode(const struct codec *codec, const uint8_t *in, uint32_t size, uint8_t *out,
	uint32_t raw_size);
