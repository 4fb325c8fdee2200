// The cipher table, and `null`: one copy out, one copy in, no protection.
#include "dataplane/transform/seal.h"

#include <stddef.h>
#include <string.h>

static uint32_t null_seal(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const struct seal_source *in, uint32_t pieces, uint8_t *out)
{
	uint8_t *p = out;

	(void)key, (void)pn, (void)header;
	for (uint32_t i = 0; i < pieces; i++) {
		memcpy(p, in[i].base, in[i].size);
		p += in[i].size;
	}
	return (uint32_t)(p - out);
}

static bool null_open(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces)
{
	uint32_t taken = 0;

	(void)key, (void)pn, (void)header;
	for (uint32_t i = 0; i < pieces; i++) {
		if (out[i].size > size - taken)
			return false;
		memcpy(out[i].base, in + taken, out[i].size);
		taken += out[i].size;
	}
	return taken == size;
}

static const struct cipher cipher_null = {
	.name = "null",
	.id = CIPHER_NULL,
	.tag_size = 0,
	.copies = true,
	.seal = null_seal,
	.open = null_open,
};

const struct cipher *cipher_by_id(uint8_t id)
{
	return id == CIPHER_NULL ? &cipher_null : NULL;
}
