// A dictionary of zstd: digested once at start, read by every worker, written by nobody. The
// reasons are in docs/adr/0022.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

struct ZSTD_CDict_s;
struct ZSTD_DDict_s;

struct dictionary {
	uint8_t id;       // 1 to 255: of the block header, and of the configuration
	uint32_t zstd_id; // that the file gives itself; frames do not carry it
	uint32_t size;    // bytes of the file
	uint8_t sha256[DICTIONARY_SHA256_SIZE];                   // of the file
	const struct ZSTD_CDict_s *encoder[DICTIONARY_LEVEL_MAX]; // of level 1, 2, ...
	const struct ZSTD_DDict_s *decoder;
};

// Bytes of memory for a dictionary of `size` bytes, DICTIONARY_SIZE_MIN to DICTIONARY_SIZE_MAX.
size_t dictionary_memory(uint32_t size);
// Digests `bytes` (which are copied) into `memory` (dictionary_memory(size) zeroed bytes, 64-byte
// aligned), which stays the caller's and is given up by just unmapping it. NULL: they are no
// dictionary of zstd.
const struct dictionary *dictionary_init(
	void *memory, uint8_t id, const uint8_t *bytes, uint32_t size);
