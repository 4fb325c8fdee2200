// Seals and opens what membership says.
#include "control/cluster/keyring/keyring.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/bytes.h"

#define LABEL_SIZE 13

static const uint8_t label_datagram[] = "sluice swim 1", label_frame[] = "sluice sync 1";

enum { NONCE_AT = 12, NONCE_SIZE = 12, WIRE_VERSION = 1 };

const char *const keyring_result_names[KEYRING_RESULT_COUNT] = {
	[KEYRING_OK] = "ok",
	[KEYRING_SHORT] = "size",
	[KEYRING_CLEAR] = "clear",
	[KEYRING_VERSION] = "version",
	[KEYRING_KEY] = "key",
	[KEYRING_FORGED] = "forged",
	[KEYRING_CLOCK] = "clock",
	[KEYRING_REPLAYED] = "replayed",
};

static int salt_new(struct keyring *keyring)
{
	if (RAND_bytes((uint8_t *)&keyring->salt, sizeof(keyring->salt)) != 1)
		return -1; // the counter stays where it is: it must not begin anew
	keyring->counter = 0;
	return 0;
}

int keyring_init(struct keyring *keyring)
{
	*keyring = (struct keyring){.replay = calloc(1, sizeof(*keyring->replay))};
	return keyring->replay && salt_new(keyring) == 0 ? 0 : -1;
}

static void uses_free(struct keyring_use *use, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		EVP_CIPHER_CTX_free(use[i].seal); // wipes the key
		EVP_CIPHER_CTX_free(use[i].open);
	}
}

void keyring_fini(struct keyring *keyring)
{
	uses_free(keyring->use, keyring->count);
	free(keyring->replay);
	*keyring = (struct keyring){0};
}

static int use_init(struct keyring_use *use, const uint8_t key[KEYS_SIZE])
{
	*use = (struct keyring_use){.seal = EVP_CIPHER_CTX_new(), .open = EVP_CIPHER_CTX_new()};
	keys_id(use->id, key);
	return use->seal && use->open &&
			       EVP_EncryptInit_ex(use->seal, EVP_aes_256_gcm(), NULL, key, NULL) ==
				       1 &&
			       EVP_DecryptInit_ex(use->open, EVP_aes_256_gcm(), NULL, key, NULL) ==
				       1
		       ? 0
		       : -1;
}

static struct keyring_use *use_find(struct keyring *keyring, const uint8_t *id)
{
	for (uint32_t i = 0; i < keyring->count; i++) {
		if (memcmp(keyring->use[i].id, id, KEYS_ID_SIZE) == 0)
			return &keyring->use[i];
	}
	return NULL;
}

int keyring_set(struct keyring *keyring, const struct keys *keys)
{
	struct keyring_use use[KEYS_MAX];

	for (uint32_t i = 0; i < keys->count; i++) {
		const struct keyring_use *former;

		if (use_init(&use[i], keys->key[i]) < 0) {
			uses_free(use, i + 1);
			return -1;
		}
		former = use_find(keyring, use[i].id);
		use[i].opened = former ? former->opened : 0;
		use[i].opened_time = former ? former->opened_time : 0;
	}
	uses_free(keyring->use, keyring->count);
	memcpy(keyring->use, use, sizeof(use));
	keyring->count = keys->count;
	return 0;
}

static size_t seal(struct keyring *keyring, const uint8_t *label, uint32_t now,
	const uint8_t *plain, size_t size, uint8_t *out)
{
	EVP_CIPHER_CTX *context = keyring->count ? keyring->use[0].seal : NULL;
	int used;

	// A nonce must never come twice under one key.
	if (!context || (keyring->counter == UINT32_MAX && salt_new(keyring) < 0))
		return 0;
	memcpy(out, "SG", 2);
	out[2] = WIRE_VERSION;
	out[3] = 0;
	memcpy(out + 4, keyring->use[0].id, KEYS_ID_SIZE);
	be32_put(out + 8, now);
	be64_put(out + NONCE_AT, keyring->salt);
	be32_put(out + NONCE_AT + 8, ++keyring->counter);
	if (EVP_EncryptInit_ex(context, NULL, NULL, NULL, out + NONCE_AT) != 1 ||
		EVP_EncryptUpdate(context, NULL, &used, label, LABEL_SIZE) != 1 ||
		EVP_EncryptUpdate(context, NULL, &used, out, KEYRING_HEADER) != 1 ||
		EVP_EncryptUpdate(context, out + KEYRING_HEADER, &used, plain, (int)size) != 1 ||
		EVP_EncryptFinal_ex(context, out + KEYRING_HEADER + size, &used) != 1 ||
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, KEYRING_TAG,
			out + KEYRING_HEADER + size) != 1)
		return 0;
	return size + KEYRING_OVERHEAD;
}

static bool use_open(EVP_CIPHER_CTX *context, const uint8_t *label, const uint8_t *datagram,
	size_t size, uint8_t *plain)
{
	uint8_t tag[KEYRING_TAG];
	int used;

	memcpy(tag, datagram + KEYRING_HEADER + size, KEYRING_TAG);
	return EVP_DecryptInit_ex(context, NULL, NULL, NULL, datagram + NONCE_AT) == 1 &&
	       EVP_DecryptUpdate(context, NULL, &used, label, LABEL_SIZE) == 1 &&
	       EVP_DecryptUpdate(context, NULL, &used, datagram, KEYRING_HEADER) == 1 &&
	       EVP_DecryptUpdate(context, plain, &used, datagram + KEYRING_HEADER, (int)size) ==
		       1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, KEYRING_TAG, tag) == 1 &&
	       EVP_DecryptFinal_ex(context, plain + size, &used) == 1;
}

// `size` is at most what `plain` has room for, and KEYRING_OVERHEAD.
static enum keyring_result open_sealed(struct keyring *keyring, const uint8_t *label, uint32_t now,
	const uint8_t *sealed, size_t size, uint8_t *plain, struct keyring_use **by)
{
	struct keyring_use *use;
	uint32_t time;

	if (size < 3)
		return KEYRING_SHORT;
	if (memcmp(sealed, "SG", 2) != 0)
		return KEYRING_CLEAR;
	if (sealed[2] != WIRE_VERSION)
		return KEYRING_VERSION;
	if (size < KEYRING_OVERHEAD || sealed[3] != 0)
		return KEYRING_SHORT;
	use = use_find(keyring, sealed + 4);
	if (!use)
		return KEYRING_KEY;
	if (!use_open(use->open, label, sealed, size - KEYRING_OVERHEAD, plain))
		return KEYRING_FORGED;
	// It has the key: from here on its header is believed.
	time = be32_get(sealed + 8);
	if (time - now + KEYRING_SKEW_S > 2 * KEYRING_SKEW_S)
		return KEYRING_CLOCK;
	*by = use;
	return KEYRING_OK;
}

static enum keyring_result opened(struct keyring_use *use, uint32_t now, size_t size, size_t *plain)
{
	use->opened++;
	use->opened_time = now;
	*plain = size - KEYRING_OVERHEAD;
	return KEYRING_OK;
}

size_t keyring_seal(struct keyring *keyring, uint32_t now, const uint8_t *plain, size_t size,
	uint8_t out[KEYRING_DATAGRAM_MAX])
{
	assert(size <= KEYRING_PLAIN_MAX);
	return seal(keyring, label_datagram, now, plain, size, out);
}

enum keyring_result keyring_open(struct keyring *keyring, uint32_t now, const uint8_t *datagram,
	size_t size, uint8_t plain[KEYRING_PLAIN_MAX], size_t *plain_size)
{
	struct keyring_use *use;
	enum keyring_result result;

	if (size > KEYRING_DATAGRAM_MAX)
		return KEYRING_SHORT;
	result = open_sealed(keyring, label_datagram, now, datagram, size, plain, &use);
	if (result != KEYRING_OK)
		return result;
	if (!replay_take(keyring->replay, now, be64_get(datagram + NONCE_AT),
		    be32_get(datagram + NONCE_AT + 8)))
		return KEYRING_REPLAYED;
	return opened(use, now, size, plain_size);
}

size_t keyring_seal_frame(struct keyring *keyring, uint32_t now, const uint8_t *plain, size_t size,
	uint8_t out[KEYRING_FRAME_MAX])
{
	assert(size <= KEYRING_FRAME_PLAIN_MAX);
	return seal(keyring, label_frame, now, plain, size, out);
}

enum keyring_result keyring_open_frame(struct keyring *keyring, uint32_t now, const uint8_t *frame,
	size_t size, uint8_t plain[KEYRING_FRAME_PLAIN_MAX], size_t *plain_size)
{
	struct keyring_use *use;
	enum keyring_result result;

	if (size > KEYRING_FRAME_MAX)
		return KEYRING_SHORT;
	result = open_sealed(keyring, label_frame, now, frame, size, plain, &use);
	return result == KEYRING_OK ? opened(use, now, size, plain_size) : result;
}
