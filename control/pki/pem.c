// Reads certificates and keys from PEM files, which need not be what they should be.
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/pki/owner.h"
#include "control/pki/x509.h"

// The bytes of a regular file in memory, so that nothing that changes is parsed. NULL: `error`.
static BIO *file_open(const char *file, bool secret, char *error)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	BIO *bio = NULL;
	struct stat status;
	char bytes[4096];
	ssize_t got = 1;
	size_t all = 0;

	if (fd < 0 || fstat(fd, &status) < 0) {
		snprintf(error, PKI_ERROR_SIZE, "%s cannot be read: %s", file, strerror(errno));
	} else if (!S_ISREG(status.st_mode) || status.st_size > PKI_FILE_MAX) {
		snprintf(error, PKI_ERROR_SIZE, "%s must be a regular file of at most %d bytes",
			file, PKI_FILE_MAX);
	} else if (secret && status.st_mode & 077) {
		snprintf(error, PKI_ERROR_SIZE,
			"%s is a private key that others may read (mode %03o); chmod 600 it", file,
			status.st_mode & 0777);
	} else {
		bio = BIO_new(secret ? BIO_s_secmem() : BIO_s_mem());
		while (bio && all < PKI_FILE_MAX && (got = read(fd, bytes, sizeof(bytes))) > 0) {
			BIO_write(bio, bytes, (int)got);
			all += (size_t)got;
		}
		if (!bio || got < 0)
			snprintf(error, PKI_ERROR_SIZE, "%s cannot be read: %s", file,
				strerror(bio ? errno : ENOMEM));
	}
	explicit_bzero(bytes, sizeof(bytes));
	if (fd >= 0)
		close(fd);
	if (got < 0) {
		BIO_free(bio);
		bio = NULL;
	}
	return bio;
}

// A PEM file that wants a passphrase is not asked for one: nobody sits there.
static int no_passphrase(char *buffer, int size, int writing, void *owner)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)owner;
	return -1;
}

STACK_OF(X509) * x509_read_certificates(const char *file, char *error)
{
	BIO *bio = file_open(file, false, error);
	STACK_OF(X509) *all = bio ? sk_X509_new_null() : NULL;
	X509 *certificate = NULL;
	bool ended;
	char why[160];

	while (all && (certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		if (sk_X509_push(all, certificate) == 0)
			break;
	BIO_free(bio);
	if (!all)
		return NULL;
	// Behind the last one there is no beginning of another; nothing else may end it.
	ended = !certificate && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (ended && sk_X509_num(all) > 0) {
		ERR_clear_error();
		return all;
	}
	snprintf(error, PKI_ERROR_SIZE, "%s holds %s in PEM form: %s", file,
		sk_X509_num(all) == 0 ? "no certificate" : "something that is no certificate",
		x509_openssl_error(why, sizeof(why)));
	X509_free(certificate);
	sk_X509_pop_free(all, X509_free);
	return NULL;
}

X509 *x509_read_certificate(const char *file, char *error)
{
	STACK_OF(X509) *all = x509_read_certificates(file, error);
	X509 *first = all ? sk_X509_shift(all) : NULL;

	sk_X509_pop_free(all, X509_free);
	return first;
}

EVP_PKEY *x509_read_key(const char *file, char *error)
{
	BIO *bio = owner_check_file(file, error) < 0 ? NULL : file_open(file, true, error);
	EVP_PKEY *key;
	char why[160];

	if (!bio)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!key)
		snprintf(error, PKI_ERROR_SIZE,
			"%s holds no private key in PEM form without a passphrase: %s", file,
			x509_openssl_error(why, sizeof(why)));
	return key;
}

int pki_read(const char *file, struct pki_certificate **certificates, char *error)
{
	STACK_OF(X509) *all = x509_read_certificates(file, error);
	int count = all ? sk_X509_num(all) : -1;

	*certificates = all ? calloc((size_t)count, sizeof(**certificates)) : NULL;
	for (int i = 0; *certificates && i < count; i++)
		x509_describe(sk_X509_value(all, i), &(*certificates)[i]);
	if (all && !*certificates) {
		snprintf(error, PKI_ERROR_SIZE, "%s cannot be read: out of memory", file);
		count = -1;
	}
	sk_X509_pop_free(all, X509_free);
	return count;
}
