// Ciphers behind one table. Sealing is out of place and is the scatter/gather step: it gathers a
// packet's payload from the record into the packet buffer; opening scatters it from the packet
// buffer into the record's block.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/ipc/names.h" // enum cipher_id

struct seal_piece {
	uint8_t *base;
	uint32_t size;
};

struct seal_source {
	const uint8_t *base;
	uint32_t size;
};

// One key and IV per connection and direction: the packet number is
// per connection, so a key that two connections shared would repeat
// nonces. With CIPHER_NULL the secret stays zero; its place is here.
struct seal_key {
	uint8_t cipher; // enum cipher_id
	uint8_t phase;
	uint8_t secret[32];
};

struct cipher {
	const char *name;
	enum cipher_id id;
	uint32_t tag_size; // bytes behind the payload on the wire; WIRE_TAG_SIZE is reserved in any
			   // case
	bool copies;       // seal and open are bare copies: each byte counts as bytes_memcpy
	bool authenticates; // the tag proves the bytes: block checksums are not needed
	// `header`: WIRE_HEADER_SIZE bytes as framed, the AAD. Writes the gathered, sealed payload
	// and the tag to `out`. Returns bytes written.
	uint32_t (*seal)(const struct seal_key *key, uint64_t pn, const uint8_t *header,
		const struct seal_source *in, uint32_t pieces, uint8_t *out);
	// False when the tag does not verify; the places
	// are then undefined and must not be believed.
	bool (*open)(const struct seal_key *key, uint64_t pn, const uint8_t *header,
		const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces);
};

// NULL: no such cipher in this build.
const struct cipher *cipher_by_id(uint8_t id);
