// HKDF-Expand over SHA-256, for at most one block. OpenSSL's own HKDF and HMAC allocate, which a
// worker may not; its SHA256_* do not, and are deprecated in favour of those that do.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "dataplane/transform/secret.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>

#define LABEL_MAX 32u

// HMAC (RFC 2104) with a key that is shorter than a block.
static void hmac(const uint8_t key[SECRET_SIZE], const uint8_t *text, size_t size,
	uint8_t out[SHA256_DIGEST_LENGTH])
{
	uint8_t inner[SHA256_CBLOCK] = {0}, outer[SHA256_CBLOCK] = {0};
	SHA256_CTX context;

	memcpy(inner, key, SECRET_SIZE);
	memcpy(outer, key, SECRET_SIZE);
	for (uint32_t i = 0; i < SHA256_CBLOCK; i++) {
		inner[i] ^= 0x36;
		outer[i] ^= 0x5c;
	}
	SHA256_Init(&context);
	SHA256_Update(&context, inner, sizeof(inner));
	SHA256_Update(&context, text, size);
	SHA256_Final(out, &context);
	SHA256_Init(&context);
	SHA256_Update(&context, outer, sizeof(outer));
	SHA256_Update(&context, out, SHA256_DIGEST_LENGTH);
	SHA256_Final(out, &context);
	explicit_bzero(inner, sizeof(inner));
	explicit_bzero(outer, sizeof(outer));
	explicit_bzero(&context, sizeof(context));
}

void secret_expand(const uint8_t secret[SECRET_SIZE], const char *label, uint8_t *out, uint8_t size)
{
	uint8_t text[2 + 1 + LABEL_MAX + 1 + 1], block[SHA256_DIGEST_LENGTH];
	size_t length = strlen(label), n = 0;

	assert(length <= LABEL_MAX && size <= sizeof(block));
	text[n++] = 0;
	text[n++] = size;
	text[n++] = (uint8_t)length;
	memcpy(text + n, label, length);
	n += length;
	text[n++] = 0; // no context
	text[n++] = 1; // the first block, and the only one
	hmac(secret, text, n, block);
	memcpy(out, block, size);
	explicit_bzero(block, sizeof(block));
}
