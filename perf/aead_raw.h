// The bare libraries that ciphers are held against: one call a packet, nothing around it.
#pragma once

#include <stdint.h>

#include "dataplane/transform/seal.h"

// One key of a library. Zeroed before its first use.
struct aead_raw {
	enum cipher_id id;
	void *library; // its own
	void *key;
	void *key_open; // evp: of a context that opens; imb: `key` serves both
};

struct aead_raw_library {
	const char *name;
	// `bytes`: a key of SEAL_KEY_MAX bytes, of which it takes what the cipher wants. False: not
	// on this machine, or no memory.
	bool (*start)(struct aead_raw *raw, enum cipher_id id, const uint8_t *bytes);
	// Another key in its place, to seal with.
	void (*key_set)(struct aead_raw *raw, const uint8_t *bytes);
	// `header_size` bytes of associated data; the tag behind `out`. `in` may be `out`.
	void (*seal)(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
		uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *out);
	// `size` bytes without the tag, which may lie elsewhere. False: it does not verify.
	bool (*open)(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
		uint32_t header_size, const uint8_t *in, uint32_t size, const uint8_t *tag,
		uint8_t *out);
	void (*stop)(struct aead_raw *raw);
};

extern const struct aead_raw_library aead_raw_imb, aead_raw_evp;
