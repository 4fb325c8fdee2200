// The dictionaries of the node: their files are read and digested at start, by the main thread.
#pragma once

#include <stdint.h>

#include "dataplane/transform/dictionary.h"
#include "lib/ipc/setup.h"

struct dictionaries {
	uint32_t count;
	const struct dictionary *at[DICTIONARIES_MAX]; // read-only memory, the same for all workers
};

#define DICTIONARIES_WHY_SIZE (SETUP_FILE_SIZE + 160)

// `files`: with an id and a path each. 0, or -1 with a sentence that names the file; what was taken
// is then dictionaries_free's all the same.
int dictionaries_load(struct dictionaries *dictionaries, const struct setup_dictionary *files,
	uint32_t count, char why[DICTIONARIES_WHY_SIZE]);
void dictionaries_free(struct dictionaries *dictionaries);
// The one with this id, if it is that very file; NULL.
const struct dictionary *dictionaries_find(const struct dictionaries *dictionaries, uint8_t id,
	const uint8_t sha256[DICTIONARY_SHA256_SIZE]);
