// The ciphers by OpenSSL: one context per key, only the IV per packet (3.0 spends more on looking
// for a cipher, or on a new context, than on 1,350 bytes). It allocates with a key's first use,
// never for a packet and never for the next key of the same place.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "dataplane/transform/seal.h"

struct evp_library {
	EVP_CIPHER *cipher[CIPHER_COUNT]; // fetched once
};

static void evp_stop(void *library)
{
	struct evp_library *evp = library;

	for (uint32_t id = 0; id < CIPHER_COUNT; id++)
		EVP_CIPHER_free(evp->cipher[id]);
	free(evp);
}

static void *evp_start(char *why, size_t size)
{
	static const char *const names[CIPHER_COUNT] = {
		[CIPHER_AES_256_GCM] = "AES-256-GCM",
		[CIPHER_AES_128_GCM] = "AES-128-GCM",
		[CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
	};
	struct evp_library *evp = calloc(1, sizeof(*evp));

	if (!evp) {
		snprintf(why, size, "no memory for OpenSSL's ciphers");
		return NULL;
	}
	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++) {
		evp->cipher[id] = EVP_CIPHER_fetch(NULL, names[id], NULL);
		if (evp->cipher[id])
			continue;
		snprintf(why, size, "OpenSSL has no %s; is its configuration a restricted one?",
			names[id]);
		evp_stop(evp);
		return NULL;
	}
	return evp;
}

static bool evp_key_set(struct seal_key *key, const struct cipher *cipher, const void *library,
	const uint8_t *bytes, bool seals)
{
	const struct evp_library *evp = library;

	if (!key->context)
		key->context = EVP_CIPHER_CTX_new();
	return key->context && EVP_CipherInit_ex2(key->context, evp->cipher[cipher->id], bytes,
				       NULL, seals, NULL) == 1;
}

static void evp_key_wipe(struct seal_key *key)
{
	EVP_CIPHER_CTX_free(key->context); // it cleanses what it frees
	explicit_bzero(key, sizeof(*key));
}

static uint32_t evp_seal(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const struct seal_source *in, uint32_t pieces, uint8_t *out)
{
	uint8_t nonce[SEAL_IV_SIZE];
	uint8_t *p = out;
	bool sealed;
	int n;

	seal_nonce(key, pn, nonce);
	sealed = EVP_EncryptInit_ex2(key->context, NULL, NULL, nonce, NULL) == 1 &&
		 EVP_EncryptUpdate(key->context, NULL, &n, header, key->header_size) == 1;
	for (uint32_t i = 0; i < pieces; i++) {
		if (in[i].size > 0)
			sealed = sealed && EVP_EncryptUpdate(key->context, p, &n, in[i].base,
						   (int)in[i].size) == 1;
		p += in[i].size;
	}
	sealed = sealed && EVP_EncryptFinal_ex(key->context, p, &n) == 1 &&
		 EVP_CIPHER_CTX_ctrl(key->context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, p) == 1;
	return sealed ? (uint32_t)(p - out) + SEAL_TAG_SIZE : 0;
}

static bool evp_open(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces)
{
	uint8_t nonce[SEAL_IV_SIZE], tag[SEAL_TAG_SIZE];
	uint32_t plain = seal_pieces_size(out, pieces);
	int n;

	if (plain + SEAL_TAG_SIZE != size)
		return false;
	memcpy(tag, in + plain, sizeof(tag)); // OpenSSL wants to be able to write it
	seal_nonce(key, pn, nonce);
	if (EVP_DecryptInit_ex2(key->context, NULL, NULL, nonce, NULL) != 1 ||
		EVP_CIPHER_CTX_ctrl(key->context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, tag) != 1 ||
		EVP_DecryptUpdate(key->context, NULL, &n, header, key->header_size) != 1)
		return false;
	for (uint32_t i = 0; i < pieces; i++) {
		if (out[i].size > 0 &&
			EVP_DecryptUpdate(key->context, out[i].base, &n, in, (int)out[i].size) != 1)
			return false;
		in += out[i].size;
	}
	return EVP_DecryptFinal_ex(key->context, tag, &n) == 1;
}

static const struct cipher evp_aes_256_gcm = {
	.name = "aes-256-gcm",
	.id = CIPHER_AES_256_GCM,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 32,
	.authenticates = true,
	.key_set = evp_key_set,
	.key_wipe = evp_key_wipe,
	.seal = evp_seal,
	.open = evp_open,
};

static const struct cipher evp_aes_128_gcm = {
	.name = "aes-128-gcm",
	.id = CIPHER_AES_128_GCM,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 16,
	.authenticates = true,
	.key_set = evp_key_set,
	.key_wipe = evp_key_wipe,
	.seal = evp_seal,
	.open = evp_open,
};

static const struct cipher evp_chacha20_poly1305 = {
	.name = "chacha20-poly1305",
	.id = CIPHER_CHACHA20_POLY1305,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 32,
	.authenticates = true,
	.key_set = evp_key_set,
	.key_wipe = evp_key_wipe,
	.seal = evp_seal,
	.open = evp_open,
};

const struct seal_backend seal_evp = {
	.name = "evp",
	.cipher = {[CIPHER_AES_256_GCM] = &evp_aes_256_gcm,
		[CIPHER_AES_128_GCM] = &evp_aes_128_gcm,
		[CIPHER_CHACHA20_POLY1305] = &evp_chacha20_poly1305},
	.start = evp_start,
	.stop = evp_stop,
};
