// HKDF-Expand against OpenSSL's own, which may allocate.
#include "dataplane/transform/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

static void expand_by_openssl(const uint8_t *secret, const char *label, uint8_t *out, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	uint8_t info[64] = {0, (uint8_t)size, (uint8_t)strlen(label)};
	OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, SECRET_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, 4 + strlen(label)),
		OSSL_PARAM_construct_end()};

	memcpy(info + 3, label, strlen(label));
	assert_int_equal(EVP_KDF_derive(context, out, size, params), 1);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}

static void secret_expand__is_hkdf(void **state)
{
	static const struct {
		const char *label;
		uint8_t size;
	} cases[] = {{"sluice key", 32}, {"sluice key", 16}, {"sluice iv", 12}, {"sluice ku", 32},
		{"", 1}, {"a label of thirty-two characters", 32}};
	uint8_t secret[SECRET_SIZE], ours[SECRET_SIZE], its[SECRET_SIZE];

	(void)state;
	for (uint32_t i = 0; i < 40 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *label = cases[i % 6].label;
		uint8_t size = cases[i % 6].size;

		for (uint32_t b = 0; b < sizeof(secret); b++)
			secret[b] = (uint8_t)(i * 31 + b * 7);
		secret_expand(secret, label, ours, size);
		expand_by_openssl(secret, label, its, size);
		assert_memory_equal(ours, its, size);
	}
}

static void secret_expand__of_itself(void **state)
{
	uint8_t secret[SECRET_SIZE] = "the secret that a phase begins w", next[SECRET_SIZE];

	(void)state;
	secret_expand(secret, "sluice ku", next, sizeof(next));
	assert_memory_not_equal(next, secret, sizeof(next));
	secret_expand(secret, "sluice ku", secret, sizeof(secret));
	assert_memory_equal(next, secret, sizeof(next));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secret_expand__is_hkdf),
		cmocka_unit_test(secret_expand__of_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
