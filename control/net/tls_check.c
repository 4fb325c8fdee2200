// Would the peers of a node believe what it has read?
#include "control/net/tls_check.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "control/pki/x509.h"

// A control process dials and is dialled. X509_V_OK, or why not.
static int check_purpose(SSL_CTX *context, X509 *certificate, int purpose)
{
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	STACK_OF(X509) *chain = NULL;
	int result = X509_V_ERR_OUT_OF_MEM;

	SSL_CTX_get0_chain_certs(context, &chain);
	if (check && X509_STORE_CTX_init(
			     check, SSL_CTX_get_cert_store(context), certificate, chain) == 1) {
		X509_STORE_CTX_set_flags(check, X509_V_FLAG_NO_CHECK_TIME);
		X509_STORE_CTX_set_purpose(check, purpose);
		result = X509_verify_cert(check) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(check);
	}
	X509_STORE_CTX_free(check);
	return result;
}

static int check_chain(const struct tls *tls, SSL_CTX *context, char *error, size_t error_size)
{
	const struct config_security *config = tls->config;
	X509 *certificate = SSL_CTX_get0_certificate(context);
	int verified = check_purpose(context, certificate, X509_PURPOSE_SSL_CLIENT);

	if (verified == X509_V_OK)
		verified = check_purpose(context, certificate, X509_PURPOSE_SSL_SERVER);
	if (verified == X509_V_OK)
		return 0;
	if (verified == X509_V_ERR_INVALID_PURPOSE)
		snprintf(error, error_size,
			"security.certificate: %s, or its authority, may not be used at both ends "
			"of TLS (extended key usage: serverAuth and clientAuth are wanted); sluice "
			"pki issue %s makes one",
			config->certificate, tls->node);
	else if (x509_is_of_another_authority(verified))
		snprintf(error, error_size,
			"security.certificate: %s is not signed by security.ca %s: %s",
			config->certificate, config->ca, X509_verify_cert_error_string(verified));
	else
		snprintf(error, error_size, "security.certificate: every peer would refuse %s: %s",
			config->certificate, X509_verify_cert_error_string(verified));
	return -1;
}

int tls_check(const struct tls *tls, struct ssl_ctx_st *context, char *error, size_t error_size)
{
	const struct config_security *config = tls->config;
	X509 *certificate = SSL_CTX_get0_certificate(context);
	char node[NAME_SIZE];

	if (!x509_node(certificate, node)) {
		snprintf(error, error_size,
			"security.certificate: %s names no node, or several (one dNSName is "
			"wanted); sluice pki issue %s makes one",
			config->certificate, tls->node);
		return -1;
	}
	if (strcmp(node, tls->node) != 0) {
		snprintf(error, error_size,
			"security.certificate: %s is for node '%s', and this is node '%s'",
			config->certificate, node, tls->node);
		return -1;
	}
	return check_chain(tls, context, error, error_size);
}
