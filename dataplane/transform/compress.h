// From an application's bytes to a record's stored bytes
// and block header, and back. Every size is bounded here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/drop.h"
#include "dataplane/transform/codec.h"
#include "dataplane/transform/dictionary.h"
#include "dataplane/wire/wire.h"

// A record that saves less than an eighth goes raw:
// decoding it would cost more than the bytes it saves.
static inline uint32_t compress_room(uint32_t raw_size)
{
	return raw_size - (raw_size >> 3);
}

struct compressed {
	struct block_header header;
	const uint8_t *stored; // `raw` itself when it went raw, else `slab`
	bool compressed;
};

// `codec` NULL or none: raw. `dictionary`: NULL, or one that the receiver has too, and a codec
// that knows dictionaries. `slab`: BLOCK_SIZE bytes for the result, used only
// when compressed; NULL: goes raw. `checksum`: false under an AEAD, whose tag
// already proves the bytes. Reads `raw` once or twice: an application that changes
// it meanwhile damages only its own record, which the receiver then refuses.
void compress_record(struct compressed *out, const struct codec *codec,
	const struct codec_workspace *workspace, uint8_t level, const struct dictionary *dictionary,
	const uint8_t *raw, uint32_t raw_size, uint8_t *slab, bool checksum);

// Checks the stored bytes against the header and, when compressed,
// expands them into `out` (raw_size bytes, at most BLOCK_SIZE). A
// raw record is delivered where it lies: out stays untouched. `dictionary`: the
// one that was agreed on, NULL: none; a record that names another is refused.
enum verdict expand_record(const struct block_header *header, bool compressed,
	const uint8_t *stored, const struct codec_workspace *workspace,
	const struct dictionary *dictionary, uint8_t *out, bool checksum);
