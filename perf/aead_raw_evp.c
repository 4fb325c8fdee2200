// OpenSSL as its documentation would have it used for many packets: one context a direction, only
// the IV.
#include <string.h>

#include <openssl/evp.h>

#include "perf/aead_raw.h"

static bool raw_start(struct aead_raw *raw, enum cipher_id id, const uint8_t *bytes)
{
	static const char *const names[CIPHER_COUNT] = {
		[CIPHER_AES_256_GCM] = "AES-256-GCM",
		[CIPHER_AES_128_GCM] = "AES-128-GCM",
		[CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
	};

	raw->id = id;
	raw->library = EVP_CIPHER_fetch(NULL, names[id], NULL);
	raw->key = EVP_CIPHER_CTX_new();
	raw->key_open = EVP_CIPHER_CTX_new();
	return raw->library && raw->key && raw->key_open &&
	       EVP_EncryptInit_ex2(raw->key, raw->library, bytes, NULL, NULL) == 1 &&
	       EVP_DecryptInit_ex2(raw->key_open, raw->library, bytes, NULL, NULL) == 1;
}

static void raw_key_set(struct aead_raw *raw, const uint8_t *bytes)
{
	EVP_EncryptInit_ex2(raw->key, NULL, bytes, NULL, NULL);
}

static void raw_seal(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *out)
{
	int n;

	EVP_EncryptInit_ex2(raw->key, NULL, NULL, nonce, NULL);
	EVP_EncryptUpdate(raw->key, NULL, &n, header, (int)header_size);
	EVP_EncryptUpdate(raw->key, out, &n, in, (int)size);
	EVP_EncryptFinal_ex(raw->key, out + size, &n);
	EVP_CIPHER_CTX_ctrl(raw->key, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, out + size);
}

static bool raw_open(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, const uint8_t *tag, uint8_t *out)
{
	uint8_t wanted[SEAL_TAG_SIZE];
	int n;

	memcpy(wanted, tag, sizeof(wanted));
	EVP_DecryptInit_ex2(raw->key_open, NULL, NULL, nonce, NULL);
	EVP_CIPHER_CTX_ctrl(raw->key_open, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, wanted);
	EVP_DecryptUpdate(raw->key_open, NULL, &n, header, (int)header_size);
	EVP_DecryptUpdate(raw->key_open, out, &n, in, (int)size);
	return EVP_DecryptFinal_ex(raw->key_open, out + size, &n) == 1;
}

static void raw_stop(struct aead_raw *raw)
{
	EVP_CIPHER_CTX_free(raw->key);
	EVP_CIPHER_CTX_free(raw->key_open);
	EVP_CIPHER_free(raw->library);
}

const struct aead_raw_library aead_raw_evp = {.name = "evp",
	.start = raw_start,
	.key_set = raw_key_set,
	.seal = raw_seal,
	.open = raw_open,
	.stop = raw_stop};
