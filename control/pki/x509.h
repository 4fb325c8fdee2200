// Shared by pki/ and by TLS: certificates as OpenSSL has them.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "control/pki/pki.h"

void x509_describe(X509 *certificate, struct pki_certificate *to);
// The node a certificate is for: it has exactly one dNSName, which is a node's name as the
// configuration allows them. Not a host name: no wildcards, and upper case is not lower case.
bool x509_node(X509 *certificate, char node[NAME_SIZE]);

// All certificates, the first, or the private key of a PEM file: a regular one, of at most
// PKI_FILE_MAX bytes. NULL with a sentence in `error` (PKI_ERROR_SIZE). The caller frees it, the
// stack with its certificates. A key that others may read, or own, is refused.
STACK_OF(X509) * x509_read_certificates(const char *file, char *error);
X509 *x509_read_certificate(const char *file, char *error);
EVP_PKEY *x509_read_key(const char *file, char *error);

// Does this error of a chain (X509_V_ERR_...) say that nobody whom we believe signed it?
bool x509_is_of_another_authority(int error);

// What OpenSSL said last, in its words; its queue is empty afterwards. Returns `text`.
const char *x509_openssl_error(char *text, size_t size);
