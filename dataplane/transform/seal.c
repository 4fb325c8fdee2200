// The cipher table, and `null`: one copy out, one copy in, no protection.
#include "dataplane/transform/seal.h"

#include <stdio.h>
#include <string.h>

static bool null_key_set(struct seal_key *key, const struct cipher *cipher, const void *library,
	const uint8_t *bytes, bool seals)
{
	(void)key, (void)cipher, (void)library, (void)bytes, (void)seals;
	return true;
}

static void null_key_wipe(struct seal_key *key)
{
	(void)key;
}

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

const struct cipher cipher_null = {
	.name = "null",
	.id = CIPHER_NULL,
	.tag_size = 0,
	.copies = true,
	.key_set = null_key_set,
	.key_wipe = null_key_wipe,
	.seal = null_seal,
	.open = null_open,
};

static const char *const backend_names[CIPHER_BACKEND_COUNT] = {
	[CIPHER_AUTO] = "auto",
	[CIPHER_IMB] = "imb",
	[CIPHER_EVP] = "evp",
};

int cipher_backend_find(const char *name)
{
	for (int i = 0; i < CIPHER_BACKEND_COUNT; i++)
		if (strcmp(backend_names[i], name) == 0)
			return i;
	return -1;
}

static int engine_start(
	struct seal_engine *engine, const struct seal_backend *backend, char *why, size_t size)
{
	engine->library = backend->start(why, size);
	if (!engine->library)
		return -1;
	engine->backend = backend;
	return 0;
}

int seal_engine_init(
	struct seal_engine *engine, enum cipher_backend backend, char *why, size_t size)
{
	*engine = (struct seal_engine){0};
	if (backend != CIPHER_EVP && engine_start(engine, &seal_imb, why, size) == 0)
		return 0;
	if (backend == CIPHER_IMB)
		return -1;
	return engine_start(engine, &seal_evp, why, size);
}

void seal_engine_fini(struct seal_engine *engine)
{
	if (engine->backend)
		engine->backend->stop(engine->library);
	*engine = (struct seal_engine){0};
}

const struct cipher *cipher_by_id(const struct seal_engine *engine, uint8_t id)
{
	if (id == CIPHER_NULL)
		return &cipher_null;
	return id < CIPHER_COUNT ? engine->backend->cipher[id] : NULL;
}
