// The limit of the codecs: the libraries' own calls, as their manuals have them, with contexts kept
// where the library has such.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/names.h"

struct library; // contexts of all of them

struct library *library_new(void); // NULL: no memory
void library_free(struct library *library);
// From now on zstd packs and unpacks with this dictionary, digested for `level`. False: no memory.
bool library_dictionary(struct library *library, const uint8_t *bytes, uint32_t size, int level);
// A dictionary of at most `room` bytes out of `count` samples of `size` bytes, one behind the
// other. Its size; 0: none.
uint32_t library_train(
	uint8_t *out, uint32_t room, const uint8_t *samples, uint32_t size, uint32_t count);
// Bytes written, at most `room`; 0: it does not fit. `spare`: 128 KiB for the one (snappy) that
// wants room for more than the record.
uint32_t library_pack(struct library *library, enum codec_id codec, int level, const uint8_t *in,
	uint32_t size, uint8_t *out, uint32_t room, uint8_t *spare);
bool library_unpack(struct library *library, enum codec_id codec, const uint8_t *in, uint32_t size,
	uint8_t *out, uint32_t raw_size);
// CRC32C as ISA-L has it.
uint32_t library_crc32c(const uint8_t *bytes, uint32_t size);
