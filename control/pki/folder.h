// The files of an authority: made whole or not at all, 0600 in a folder of 0700.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "control/pki/pki.h"

// Each: 0, or -1 with a sentence in `error` (PKI_ERROR_SIZE).
// The folder, made unless it is there; one that others may enter is refused.
int folder_make(const char *folder, char *error);
// Is there a file already, and may it be replaced?
int folder_may_write(const char *folder, const char *name, bool replace, char *error);
int folder_write_certificate(
	const char *folder, const char *name, X509 *certificate, bool replace, char *error);
int folder_write_key(
	const char *folder, const char *name, EVP_PKEY *key, bool replace, char *error);

// folder/name. -1 with a sentence when it is too long.
int folder_path(char path[PKI_PATH_SIZE], const char *folder, const char *name, char *error);
