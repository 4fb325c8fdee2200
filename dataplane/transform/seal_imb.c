// The ciphers by libipsec-mb: its direct calls, no jobs, nothing allocated per key or per packet.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include "dataplane/transform/seal.h"

static_assert(sizeof(struct gcm_key_data) <= SEAL_SCHEDULE_SIZE, "room for libipsec-mb's key");

// What the library has for one key length of AES.
struct imb_gcm {
	aes_gcm_pre_t expand;
	aes_gcm_enc_dec_t seal, open;
	aes_gcm_init_t init;
	aes_gcm_enc_dec_update_t seal_update, open_update;
	aes_gcm_enc_dec_finalize_t seal_end, open_end;
};

struct imb_library {
	IMB_MGR *mgr;
	struct imb_gcm aes_128, aes_256;
};

static struct imb_gcm imb_gcm_128(const IMB_MGR *mgr)
{
	return (struct imb_gcm){mgr->gcm128_pre, mgr->gcm128_enc, mgr->gcm128_dec, mgr->gcm128_init,
		mgr->gcm128_enc_update, mgr->gcm128_dec_update, mgr->gcm128_enc_finalize,
		mgr->gcm128_dec_finalize};
}

static struct imb_gcm imb_gcm_256(const IMB_MGR *mgr)
{
	return (struct imb_gcm){mgr->gcm256_pre, mgr->gcm256_enc, mgr->gcm256_dec, mgr->gcm256_init,
		mgr->gcm256_enc_update, mgr->gcm256_dec_update, mgr->gcm256_enc_finalize,
		mgr->gcm256_dec_finalize};
}

static void imb_stop(void *library)
{
	struct imb_library *imb = library;

	free_mb_mgr(imb->mgr);
	free(imb);
}

static void *imb_start(char *why, size_t size)
{
	struct imb_library *imb = calloc(1, sizeof(*imb));
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (!imb || !(imb->mgr = alloc_mb_mgr(0))) {
		free(imb);
		snprintf(why, size, "no memory for libipsec-mb");
		return NULL;
	}
	init_mb_mgr_auto(imb->mgr, &arch);
	// Without AES instructions its tables would be slow, and their timing would tell of the
	// key.
	if (arch == IMB_ARCH_NONE || !(imb->mgr->features & IMB_FEATURE_AESNI) ||
		imb_get_errno(imb->mgr) != 0) {
		imb_stop(imb);
		snprintf(why, size,
			"libipsec-mb wants a CPU with AES instructions; use the backend evp");
		return NULL;
	}
	imb->aes_128 = imb_gcm_128(imb->mgr);
	imb->aes_256 = imb_gcm_256(imb->mgr);
	return imb;
}

static bool gcm_key_set(struct seal_key *key, const struct cipher *cipher, const void *library,
	const uint8_t *bytes, bool seals)
{
	const struct imb_library *imb = library;
	const struct imb_gcm *gcm =
		cipher->id == CIPHER_AES_128_GCM ? &imb->aes_128 : &imb->aes_256;

	(void)seals; // one schedule serves both
	key->library = gcm;
	gcm->expand(bytes, (struct gcm_key_data *)key->schedule);
	return true;
}

static void imb_key_wipe(struct seal_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

static uint32_t gcm_seal(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const struct seal_source *in, uint32_t pieces, uint8_t *out)
{
	const struct imb_gcm *gcm = key->library;
	const struct gcm_key_data *schedule = (const struct gcm_key_data *)key->schedule;
	struct gcm_context_data context;
	uint8_t nonce[SEAL_IV_SIZE];
	uint8_t *p = out;

	seal_nonce(key, pn, nonce);
	if (pieces == 1) {
		gcm->seal(schedule, &context, out, in->base, in->size, nonce, header,
			key->header_size, out + in->size, SEAL_TAG_SIZE);
		return in->size + SEAL_TAG_SIZE;
	}
	gcm->init(schedule, &context, nonce, header, key->header_size);
	for (uint32_t i = 0; i < pieces; i++) {
		if (in[i].size > 0)
			gcm->seal_update(schedule, &context, p, in[i].base, in[i].size);
		p += in[i].size;
	}
	gcm->seal_end(schedule, &context, p, SEAL_TAG_SIZE);
	return (uint32_t)(p - out) + SEAL_TAG_SIZE;
}

static bool gcm_open(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces)
{
	const struct imb_gcm *gcm = key->library;
	const struct gcm_key_data *schedule = (const struct gcm_key_data *)key->schedule;
	struct gcm_context_data context;
	uint8_t nonce[SEAL_IV_SIZE], tag[SEAL_TAG_SIZE];

	if (seal_pieces_size(out, pieces) + SEAL_TAG_SIZE != size)
		return false;
	seal_nonce(key, pn, nonce);
	if (pieces == 1) {
		gcm->open(schedule, &context, out->base, in, out->size, nonce, header,
			key->header_size, tag, SEAL_TAG_SIZE);
		return seal_tag_equal(tag, in + out->size);
	}
	gcm->init(schedule, &context, nonce, header, key->header_size);
	for (uint32_t i = 0; i < pieces; i++) {
		if (out[i].size > 0)
			gcm->open_update(schedule, &context, out[i].base, in, out[i].size);
		in += out[i].size;
	}
	gcm->open_end(schedule, &context, tag, SEAL_TAG_SIZE);
	return seal_tag_equal(tag, in);
}

static bool chacha_key_set(struct seal_key *key, const struct cipher *cipher, const void *library,
	const uint8_t *bytes, bool seals)
{
	const struct imb_library *imb = library;

	(void)cipher, (void)seals;
	key->library = imb->mgr;
	memcpy(key->schedule, bytes, SEAL_KEY_MAX); // it has no schedule
	return true;
}

static uint32_t chacha_seal(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const struct seal_source *in, uint32_t pieces, uint8_t *out)
{
	const IMB_MGR *mgr = key->library;
	struct chacha20_poly1305_context_data context;
	uint8_t nonce[SEAL_IV_SIZE];
	uint8_t *p = out;

	seal_nonce(key, pn, nonce);
	mgr->chacha20_poly1305_init(key->schedule, &context, nonce, header, key->header_size);
	for (uint32_t i = 0; i < pieces; i++) {
		if (in[i].size > 0)
			mgr->chacha20_poly1305_enc_update(
				key->schedule, &context, p, in[i].base, in[i].size);
		p += in[i].size;
	}
	mgr->chacha20_poly1305_finalize(&context, p, SEAL_TAG_SIZE);
	return (uint32_t)(p - out) + SEAL_TAG_SIZE;
}

static bool chacha_open(const struct seal_key *key, uint64_t pn, const uint8_t *header,
	const uint8_t *in, uint32_t size, const struct seal_piece *out, uint32_t pieces)
{
	const IMB_MGR *mgr = key->library;
	struct chacha20_poly1305_context_data context;
	uint8_t nonce[SEAL_IV_SIZE], tag[SEAL_TAG_SIZE];

	if (seal_pieces_size(out, pieces) + SEAL_TAG_SIZE != size)
		return false;
	seal_nonce(key, pn, nonce);
	mgr->chacha20_poly1305_init(key->schedule, &context, nonce, header, key->header_size);
	for (uint32_t i = 0; i < pieces; i++) {
		if (out[i].size > 0)
			mgr->chacha20_poly1305_dec_update(
				key->schedule, &context, out[i].base, in, out[i].size);
		in += out[i].size;
	}
	mgr->chacha20_poly1305_finalize(&context, tag, SEAL_TAG_SIZE);
	return seal_tag_equal(tag, in);
}

static const struct cipher imb_aes_256_gcm = {
	.name = "aes-256-gcm",
	.id = CIPHER_AES_256_GCM,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 32,
	.authenticates = true,
	.key_set = gcm_key_set,
	.key_wipe = imb_key_wipe,
	.seal = gcm_seal,
	.open = gcm_open,
};

static const struct cipher imb_aes_128_gcm = {
	.name = "aes-128-gcm",
	.id = CIPHER_AES_128_GCM,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 16,
	.authenticates = true,
	.key_set = gcm_key_set,
	.key_wipe = imb_key_wipe,
	.seal = gcm_seal,
	.open = gcm_open,
};

static const struct cipher imb_chacha20_poly1305 = {
	.name = "chacha20-poly1305",
	.id = CIPHER_CHACHA20_POLY1305,
	.tag_size = SEAL_TAG_SIZE,
	.key_size = 32,
	.authenticates = true,
	.key_set = chacha_key_set,
	.key_wipe = imb_key_wipe,
	.seal = chacha_seal,
	.open = chacha_open,
};

const struct seal_backend seal_imb = {
	.name = "imb",
	.cipher = {[CIPHER_AES_256_GCM] = &imb_aes_256_gcm,
		[CIPHER_AES_128_GCM] = &imb_aes_128_gcm,
		[CIPHER_CHACHA20_POLY1305] = &imb_chacha20_poly1305},
	.start = imb_start,
	.stop = imb_stop,
};
