// libipsec-mb by its own macros: one call for AES-GCM, three for ChaCha20-Poly1305, which has no
// direct call for a whole packet.
#include <stdlib.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include "perf/aead_raw.h"

static void raw_key_set(struct aead_raw *raw, const uint8_t *bytes)
{
	IMB_MGR *mgr = raw->library;

	if (raw->id == CIPHER_AES_256_GCM)
		IMB_AES256_GCM_PRE(mgr, bytes, raw->key);
	else if (raw->id == CIPHER_AES_128_GCM)
		IMB_AES128_GCM_PRE(mgr, bytes, raw->key);
	else
		memcpy(raw->key, bytes, SEAL_KEY_MAX);
}

static bool raw_start(struct aead_raw *raw, enum cipher_id id, const uint8_t *bytes)
{
	IMB_MGR *mgr = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;

	raw->id = id;
	raw->library = mgr;
	raw->key = aligned_alloc(64, SEAL_SCHEDULE_SIZE);
	if (!mgr || !raw->key)
		return false;
	init_mb_mgr_auto(mgr, &arch);
	if (arch == IMB_ARCH_NONE || !(mgr->features & IMB_FEATURE_AESNI))
		return false;
	raw_key_set(raw, bytes);
	return true;
}

static void chacha_seal(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *out)
{
	IMB_MGR *mgr = raw->library;
	struct chacha20_poly1305_context_data context;

	IMB_CHACHA20_POLY1305_INIT(mgr, raw->key, &context, nonce, header, header_size);
	IMB_CHACHA20_POLY1305_ENC_UPDATE(mgr, raw->key, &context, out, in, size);
	IMB_CHACHA20_POLY1305_ENC_FINALIZE(mgr, &context, out + size, SEAL_TAG_SIZE);
}

static void raw_seal(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *out)
{
	IMB_MGR *mgr = raw->library;
	struct gcm_context_data context;

	if (raw->id == CIPHER_AES_256_GCM)
		IMB_AES256_GCM_ENC(mgr, raw->key, &context, out, in, size, nonce, header,
			header_size, out + size, SEAL_TAG_SIZE);
	else if (raw->id == CIPHER_AES_128_GCM)
		IMB_AES128_GCM_ENC(mgr, raw->key, &context, out, in, size, nonce, header,
			header_size, out + size, SEAL_TAG_SIZE);
	else
		chacha_seal(raw, nonce, header, header_size, in, size, out);
}

static void chacha_open(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *tag, uint8_t *out)
{
	IMB_MGR *mgr = raw->library;
	struct chacha20_poly1305_context_data context;

	IMB_CHACHA20_POLY1305_INIT(mgr, raw->key, &context, nonce, header, header_size);
	IMB_CHACHA20_POLY1305_DEC_UPDATE(mgr, raw->key, &context, out, in, size);
	IMB_CHACHA20_POLY1305_DEC_FINALIZE(mgr, &context, tag, SEAL_TAG_SIZE);
}

static bool raw_open(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, const uint8_t *tag, uint8_t *out)
{
	IMB_MGR *mgr = raw->library;
	struct gcm_context_data context;
	uint8_t has[SEAL_TAG_SIZE];

	if (raw->id == CIPHER_AES_256_GCM)
		IMB_AES256_GCM_DEC(mgr, raw->key, &context, out, in, size, nonce, header,
			header_size, has, SEAL_TAG_SIZE);
	else if (raw->id == CIPHER_AES_128_GCM)
		IMB_AES128_GCM_DEC(mgr, raw->key, &context, out, in, size, nonce, header,
			header_size, has, SEAL_TAG_SIZE);
	else
		chacha_open(raw, nonce, header, header_size, in, size, has, out);
	return memcmp(has, tag, sizeof(has)) == 0;
}

static void raw_stop(struct aead_raw *raw)
{
	free(raw->key);
	if (raw->library)
		free_mb_mgr(raw->library);
}

const struct aead_raw_library aead_raw_imb = {.name = "imb",
	.start = raw_start,
	.key_set = raw_key_set,
	.seal = raw_seal,
	.open = raw_open,
	.stop = raw_stop};
