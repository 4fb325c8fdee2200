// OpenSSL's arithmetic alone. See primitives.h.
#include "perf/handshake/primitives.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	SECRET_MAX = 128,
	CIPHERTEXT_MAX = 2048,
	SIGNATURE_MAX = 4096,
	TRANSCRIPT = 64 + 33 + 1 + 48, // what CertificateVerify signs (RFC 8446, 4.4.3)
	CERTIFICATE = 300,             // of one, what is signed
};

struct primitives {
	const char *group;
	bool encapsulates; // it is a KEM: the end that answers has no key of its own
	EVP_PKEY *key;     // of a certificate; NULL: the exchange alone
	EVP_MD_CTX *context;
	uint8_t transcript[TRANSCRIPT], certificate[CERTIFICATE];
	uint8_t signature[SIGNATURE_MAX], of_certificate[SIGNATURE_MAX];
	size_t signature_size, of_certificate_size;
};

static EVP_PKEY *key_new(const char *group)
{
	if (strcmp(group, "P-256") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
	return EVP_PKEY_Q_keygen(NULL, NULL, group);
}

static bool sign(struct primitives *p, const uint8_t *text, size_t size, uint8_t *signature,
	size_t *signature_size)
{
	*signature_size = SIGNATURE_MAX;
	return EVP_MD_CTX_reset(p->context) == 1 &&
	       EVP_DigestSignInit(p->context, NULL, NULL, NULL, p->key) == 1 &&
	       EVP_DigestSign(p->context, signature, signature_size, text, size) == 1;
}

static bool verify(struct primitives *p, const uint8_t *text, size_t size, const uint8_t *signature,
	size_t signature_size)
{
	return EVP_MD_CTX_reset(p->context) == 1 &&
	       EVP_DigestVerifyInit(p->context, NULL, NULL, NULL, p->key) == 1 &&
	       EVP_DigestVerify(p->context, signature, signature_size, text, size) == 1;
}

struct primitives *primitives_new(const char *group, const char *algorithm)
{
	struct primitives *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->group = group;
	p->encapsulates = strstr(group, "MLKEM") != NULL;
	p->context = EVP_MD_CTX_new();
	if (algorithm)
		p->key = EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
	if (p->context && primitives_exchange(p) &&
		(!algorithm || (p->key && sign(p, p->certificate, CERTIFICATE, p->of_certificate,
						  &p->of_certificate_size))))
		return p;
	primitives_free(p);
	return NULL;
}

void primitives_free(struct primitives *p)
{
	if (!p)
		return;
	EVP_MD_CTX_free(p->context);
	EVP_PKEY_free(p->key);
	free(p);
}

static bool derive(EVP_PKEY *mine, EVP_PKEY *peer, uint8_t secret[SECRET_MAX])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	size_t size = SECRET_MAX;
	bool done = EVP_PKEY_derive_init(context) == 1 &&
		    EVP_PKEY_derive_set_peer(context, peer) == 1 &&
		    EVP_PKEY_derive(context, secret, &size) == 1;

	EVP_PKEY_CTX_free(context);
	return done;
}

static bool agree(const char *group, uint8_t secret[2][SECRET_MAX])
{
	EVP_PKEY *one = key_new(group), *other = key_new(group);
	bool done = one && other && derive(one, other, secret[0]) && derive(other, one, secret[1]);

	EVP_PKEY_free(one);
	EVP_PKEY_free(other);
	return done;
}

static bool encapsulate(const char *group, uint8_t secret[2][SECRET_MAX])
{
	uint8_t ciphertext[CIPHERTEXT_MAX];
	size_t size = sizeof(ciphertext), sizes[2] = {SECRET_MAX, SECRET_MAX};
	EVP_PKEY *key = key_new(group);
	EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	bool done = context && EVP_PKEY_encapsulate_init(context, NULL) == 1 &&
		    EVP_PKEY_encapsulate(context, ciphertext, &size, secret[0], &sizes[0]) == 1 &&
		    EVP_PKEY_decapsulate_init(context, NULL) == 1 &&
		    EVP_PKEY_decapsulate(context, secret[1], &sizes[1], ciphertext, size) == 1;

	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(key);
	return done;
}

bool primitives_exchange(struct primitives *p)
{
	uint8_t secret[2][SECRET_MAX] = {{0}, {0}};

	return (p->encapsulates ? encapsulate : agree)(p->group, secret) &&
	       memcmp(secret[0], secret[1], SECRET_MAX) == 0;
}

bool primitives_authenticate(struct primitives *p)
{
	for (int end = 0; end < 2; end++)
		if (!sign(p, p->transcript, TRANSCRIPT, p->signature, &p->signature_size) ||
			!verify(p, p->transcript, TRANSCRIPT, p->signature, p->signature_size) ||
			!verify(p, p->certificate, CERTIFICATE, p->of_certificate,
				p->of_certificate_size))
			return false;
	return true;
}
