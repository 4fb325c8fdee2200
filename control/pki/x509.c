// What a certificate says.
#include "control/pki/x509.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/ipc/setup.h"

const char *const pki_algorithms[] = {"ed25519", "ml-dsa-65", NULL};
const char *const pki_age_names[] = {"good", "expiring", "expired", "not yet valid"};

enum pki_age pki_age(const struct pki_certificate *certificate, int64_t now)
{
	if (now >= certificate->not_after)
		return PKI_EXPIRED;
	if (now < certificate->not_before)
		return PKI_NOT_YET;
	// What lives for less than that is not warned about all its life, but in its last quarter.
	int64_t warn = (int64_t)PKI_WARN_DAYS * 86400;
	int64_t quarter = (certificate->not_after - certificate->not_before) / 4;

	warn = quarter < warn ? quarter : warn;
	return certificate->not_after - now < warn ? PKI_EXPIRING : PKI_GOOD;
}

const char *pki_time_text(char text[PKI_TIME_SIZE], int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(text, PKI_TIME_SIZE, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(text, PKI_TIME_SIZE, "an impossible time");
	return text;
}

const char *x509_openssl_error(char *text, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	snprintf(text, size, "%s", reason ? reason : "OpenSSL gives no reason");
	ERR_clear_error();
	return text;
}

bool x509_is_of_another_authority(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return true;
	default:
		return false;
	}
}

static int64_t x509_time(const ASN1_TIME *time)
{
	struct tm tm;

	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

// What is printed to people: nothing that a terminal would obey.
static void x509_common_name(const X509_NAME *name, char text[NAME_SIZE])
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)name, NID_commonName, -1);
	X509_NAME_ENTRY *entry = at < 0 ? NULL : X509_NAME_get_entry((X509_NAME *)name, at);
	unsigned char *utf8 = NULL;
	int size = entry ? ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry)) : 0;
	int used = 0;

	for (int i = 0; i < size && used < NAME_SIZE - 1; i++)
		text[used++] = utf8[i] >= ' ' && utf8[i] < 127 ? (char)utf8[i] : '?';
	text[used] = 0;
	OPENSSL_free(utf8);
}

bool x509_node(X509 *certificate, char node[NAME_SIZE])
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL); // NULL if twice
	char text[NAME_SIZE] = "", why[SETUP_WHY_SIZE];
	int found = 0;

	node[0] = 0;
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		int size = type == GEN_DNS ? ASN1_STRING_length(value) : 0;

		if (type != GEN_DNS)
			continue;
		found++;
		if (size > 0 && size < NAME_SIZE)
			memcpy(text, ASN1_STRING_get0_data(value), (size_t)size);
		// A zero in the middle makes another name of it.
		if (size <= 0 || size >= NAME_SIZE || strlen(text) != (size_t)size)
			found = 2;
	}
	GENERAL_NAMES_free(names);
	return found == 1 && setup_name(node, NAME_SIZE, text, why);
}

static void x509_hex(const uint8_t *bytes, unsigned size, char *text)
{
	for (unsigned i = 0; i < size; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", bytes[i]);
}

static void x509_serial(const X509 *certificate, char *text, size_t size)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;

	snprintf(text, size, "%s", hex ? hex : "");
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	OPENSSL_free(hex);
	BN_free(number);
}

void x509_describe(X509 *certificate, struct pki_certificate *to)
{
	const EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	memset(to, 0, sizeof(*to));
	x509_common_name(X509_get_subject_name(certificate), to->subject);
	x509_common_name(X509_get_issuer_name(certificate), to->issuer);
	to->authority = X509_check_ca(certificate) == 1;
	if (!x509_node(certificate, to->node))
		to->node[0] = 0;
	snprintf(to->algorithm, sizeof(to->algorithm), "%s", type ? type : "unknown");
	for (char *c = to->algorithm; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	x509_serial(certificate, to->serial, sizeof(to->serial));
	if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1)
		x509_hex(digest, size, to->sha256);
	to->not_before = x509_time(X509_get0_notBefore(certificate));
	to->not_after = x509_time(X509_get0_notAfter(certificate));
}
