// Keys from secrets. See derive.h.
#include "perf/handshake/derive.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/keys.h"
#include "perf/aead_raw.h"

enum {
	PHASES = 4,  // of a session's keys: two directions, this phase and the next
	EXPANDS = 3, // of a phase: key, IV, next secret
	LABEL = 16,  // bytes that an expansion hashes, about
	EXPORTS = 4, // secrets: two at each end
	SHA384 = 48,
};

struct derive {
	struct seal_engine engine;
	const struct cipher *cipher;
	struct keys keys;
	const struct aead_raw_library *library;
	struct aead_raw raw;
	uint64_t pn;
	uint8_t secret[SHA384];
};

void *derive_open(const struct bench *bench)
{
	// A phase ends with its first packet: every call begins a new one.
	static const struct keys_limits one_packet = {.packets = 1};
	struct derive *d = aligned_alloc(64, (sizeof(*d) + 63) / 64 * 64);
	char why[96];
	bool phase;

	(void)bench;
	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d));
	d->pn = 1;
	memset(d->secret, 5, sizeof(d->secret));
	if (seal_engine_init(&d->engine, CIPHER_AUTO, why, sizeof(why)) == 0) {
		d->cipher = cipher_by_id(&d->engine, CIPHER_AES_256_GCM);
		d->library = d->engine.backend == &seal_imb ? &aead_raw_imb : &aead_raw_evp;
		if (keys_init(&d->keys, &d->engine, d->cipher, &one_packet, d->secret, d->secret,
			    0) &&
			keys_to_seal(&d->keys, d->pn, 0, 0, &phase) &&
			d->library->start(&d->raw, CIPHER_AES_256_GCM, d->secret))
			return d;
	}
	derive_close(d);
	return NULL;
}

void derive_close(void *state)
{
	struct derive *d = state;

	keys_fini(&d->keys);
	seal_engine_fini(&d->engine);
	if (d->library)
		d->library->stop(&d->raw);
	free(d);
}

uint64_t derive_keys(void *state, uint64_t operations)
{
	static const struct keys_limits usual;
	struct derive *d = state;
	uint64_t good = 0;

	for (uint64_t i = 0; i < operations; i++) {
		keys_fini(&d->keys);
		good += keys_init(&d->keys, &d->engine, d->cipher, &usual, d->secret, d->secret, 0);
	}
	return good;
}

uint64_t derive_rekey(void *state, uint64_t operations)
{
	struct derive *d = state;
	uint64_t good = 0;
	bool phase;

	for (uint64_t i = 0; i < operations; i++) {
		d->pn++;
		good += keys_to_seal(&d->keys, d->pn, d->pn, 0, &phase) != NULL;
		good += d->keys.wants && keys_ahead(&d->keys, 0);
	}
	return good;
}

static void expand(struct derive *d, const EVP_MD *hash, uint32_t size)
{
	static const uint8_t label[LABEL] = "sluice bare key";
	uint8_t out[EVP_MAX_MD_SIZE];

	HMAC(hash, d->secret, (int)size, label, sizeof(label), out, NULL);
	memcpy(d->secret, out, size);
}

static void phase_bare(struct derive *d)
{
	for (int i = 0; i < EXPANDS; i++)
		expand(d, EVP_sha256(), SECRET_SIZE);
	d->library->key_set(&d->raw, d->secret);
}

uint64_t derive_keys_bare(void *state, uint64_t operations)
{
	struct derive *d = state;

	for (uint64_t i = 0; i < operations * PHASES; i++)
		phase_bare(d);
	return operations;
}

uint64_t derive_rekey_bare(void *state, uint64_t operations)
{
	struct derive *d = state;

	for (uint64_t i = 0; i < operations; i++)
		phase_bare(d);
	return 2 * operations;
}

// Derive-Secret, then Expand-Label with the hash of the context.
uint64_t derive_exporter(void *state, uint64_t operations)
{
	struct derive *d = state;
	uint8_t hash[EVP_MAX_MD_SIZE];

	for (uint64_t i = 0; i < operations * EXPORTS; i++) {
		EVP_Digest(d->secret, 0, hash, NULL, EVP_sha384(), NULL);
		expand(d, EVP_sha384(), SHA384);
		EVP_Digest(d->secret, DERIVE_CONTEXT, hash, NULL, EVP_sha384(), NULL);
		expand(d, EVP_sha384(), SHA384);
	}
	return operations;
}
