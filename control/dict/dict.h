// Dictionaries of zstd: samples in, a file out, and what is in a file. Sentences of refusals are
// DICT_ERROR_SIZE bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

enum dict_limits {
	DICT_ERROR_SIZE = 512,
	DICT_PATH_SIZE = 512,
	DICT_SAMPLE_MAX = 65536, // bytes: a record
	DICT_SAMPLES_MIN = 32,
	DICT_SAMPLES_MAX = 1 << 20,
	DICT_BYTES_MIN = 10 * 1024, // of all samples
	DICT_BYTES_MAX = 64 * 1024 * 1024,
	DICT_SIZE_DEFAULT = 32 * 1024,
	DICT_SHARE = 10,   // samples must hold so many times the dictionary
	DICT_HELD_OUT = 8, // every so many-th sample is held out
};

// ---- samples.c

struct dict_samples {
	uint8_t *bytes; // one behind the other
	size_t size;
	size_t *sizes; // of each
	size_t count;
	uint64_t left_out; // bytes that found no room any more
};

// How a file is cut into samples. What is longer than a record is cut into records.
struct dict_cut {
	bool lines;      // each line is one, its end included
	uint32_t record; // bytes of each; 0: the file is one
};

// 0, or -1. Freed by dict_samples_free.
int dict_samples_init(struct dict_samples *samples);
void dict_samples_free(struct dict_samples *samples);
// A file, or a folder with all that is in it, by name. 0, or -1 with a sentence.
int dict_samples_add(struct dict_samples *samples, const char *path, const struct dict_cut *cut,
	char error[DICT_ERROR_SIZE]);

// ---- train.c

struct dict_want {
	uint32_t size;  // bytes at most; 0: DICT_SIZE_DEFAULT, or less where samples are few
	uint32_t id;    // to be written into it; 0: from its content
	uint32_t level; // 1 to DICTIONARY_LEVEL_MAX: what it is tried with
	// Called now and then: `done` of `total` bytes were looked at. May be NULL.
	void (*on_step)(void *owner, uint64_t done, uint64_t total);
	void *owner;
};

// What the samples that were held out come to.
struct dict_gain {
	uint64_t samples, raw, stored_without, stored_with; // bytes, as records would be stored
};

struct dict_made {
	uint8_t bytes[DICTIONARY_SIZE_MAX];
	uint32_t size;
	struct dict_gain gain;
};

// Tries several and keeps the best. 0, or -1 with a sentence that says what to do.
int dict_train(struct dict_made *made, const struct dict_samples *samples,
	const struct dict_want *want, char error[DICT_ERROR_SIZE]);

// ---- file.c

struct dict_info {
	uint32_t size, tables; // bytes: all of it, and what stands before its content
	uint32_t id;           // that it gives itself
	uint8_t sha256[DICTIONARY_SHA256_SIZE];
};

// 0, or -1 with a sentence: not a dictionary that a node would take.
int dict_info(
	struct dict_info *info, const uint8_t *bytes, uint32_t size, char error[DICT_ERROR_SIZE]);
// The same of a file.
int dict_read(struct dict_info *info, const char *file, char error[DICT_ERROR_SIZE]);
// Before long work: the file is not there, or may be replaced. 0, or -1 with a sentence.
int dict_may_write(const char *file, bool replace, char error[DICT_ERROR_SIZE]);
// All of it or nothing, mode 0600. 0, or -1 with a sentence.
int dict_write(const char *file, const void *bytes, uint32_t size, bool replace,
	char error[DICT_ERROR_SIZE]);
