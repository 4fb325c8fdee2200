// In place of aead_raw_imb.c where libipsec-mb is not installed.
#include "perf/aead_raw.h"

static bool raw_start(struct aead_raw *raw, enum cipher_id id, const uint8_t *bytes)
{
	(void)raw, (void)id, (void)bytes;
	return false;
}

static void raw_key_set(struct aead_raw *raw, const uint8_t *bytes)
{
	(void)raw, (void)bytes;
}

static void raw_seal(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, uint8_t *out)
{
	(void)raw, (void)nonce, (void)header, (void)header_size, (void)in, (void)size, (void)out;
}

static bool raw_open(const struct aead_raw *raw, const uint8_t *nonce, const uint8_t *header,
	uint32_t header_size, const uint8_t *in, uint32_t size, const uint8_t *tag, uint8_t *out)
{
	(void)raw, (void)nonce, (void)header, (void)header_size, (void)in, (void)size, (void)tag;
	(void)out;
	return false;
}

static void raw_stop(struct aead_raw *raw)
{
	(void)raw;
}

const struct aead_raw_library aead_raw_imb = {.name = "imb",
	.start = raw_start,
	.key_set = raw_key_set,
	.seal = raw_seal,
	.open = raw_open,
	.stop = raw_stop};
