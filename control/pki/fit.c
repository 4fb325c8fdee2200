// Do a node's certificate, its key and an authority belong together?
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "control/pki/folder.h"
#include "control/pki/x509.h"

const char *const pki_fit_names[] = {
	"good", "of another authority", "of another key", "its key cannot be used"};

// By any of them, whenever that was: time is another question.
static bool fit_is_signed(STACK_OF(X509) * authorities, X509 *certificate)
{
	bool signed_by_one = false;

	for (int i = 0; !signed_by_one && i < sk_X509_num(authorities); i++) {
		X509 *authority = sk_X509_value(authorities, i);

		signed_by_one = X509_check_issued(authority, certificate) == X509_V_OK &&
				X509_verify(certificate, X509_get0_pubkey(authority)) == 1;
	}
	ERR_clear_error();
	return signed_by_one;
}

static enum pki_fit fit_key(X509 *certificate, const char *file, char *error)
{
	EVP_PKEY *key = x509_read_key(file, error);
	bool its = key && X509_check_private_key(certificate, key) == 1;

	ERR_clear_error();
	EVP_PKEY_free(key);
	if (!key)
		return PKI_FIT_KEY_UNUSABLE;
	return its ? PKI_FITS : PKI_FIT_OTHER_KEY;
}

enum pki_fit pki_fit(const char *folder, const char *node, char *error)
{
	char file[PKI_PATH_SIZE], certificate_file[PKI_PATH_SIZE], key_file[PKI_PATH_SIZE];
	char home[PKI_PATH_SIZE];
	STACK_OF(X509) *authorities = NULL;
	X509 *certificate = NULL;
	enum pki_fit fit = PKI_FITS;
	struct stat status;

	if (folder_path(home, folder, node, error) == 0 &&
		folder_path(file, folder, PKI_AUTHORITY, error) == 0 &&
		folder_path(certificate_file, home, PKI_NODE, error) == 0 &&
		folder_path(key_file, home, PKI_KEY, error) == 0) {
		authorities = x509_read_certificates(file, error);
		certificate = x509_read_certificate(certificate_file, error);
	}
	error[0] = 0;
	if (authorities && certificate && !fit_is_signed(authorities, certificate))
		fit = PKI_FIT_OTHER_AUTHORITY;
	else if (certificate && lstat(key_file, &status) == 0)
		fit = fit_key(certificate, key_file, error);
	X509_free(certificate);
	sk_X509_pop_free(authorities, X509_free);
	return fit;
}
