// The files of an authority: made whole or not at all, 0600 in a folder of 0700.
#include "control/pki/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_path(char path[PKI_PATH_SIZE], const char *folder, const char *name, char *error)
{
	if (snprintf(path, PKI_PATH_SIZE, "%s/%s", folder, name) < PKI_PATH_SIZE)
		return 0;
	snprintf(error, PKI_ERROR_SIZE, "the path of %s is longer than %d characters", name,
		PKI_PATH_SIZE - 1);
	return -1;
}

// With the folders that it is in, which anybody may enter. What cannot be made the last one tells.
static int folder_make_all(const char *folder)
{
	char path[PKI_PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s", folder) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *at = path; *at && (at = strchr(at + 1, '/'));) {
		*at = 0;
		mkdir(path, 0755);
		*at = '/';
	}
	return mkdir(folder, 0700);
}

int folder_make(const char *folder, char *error)
{
	struct stat status;

	if (folder_make_all(folder) < 0 && errno != EEXIST) {
		snprintf(error, PKI_ERROR_SIZE, "the folder %s cannot be made: %s", folder,
			strerror(errno));
		return -1;
	}
	if (stat(folder, &status) < 0 || !S_ISDIR(status.st_mode)) {
		snprintf(error, PKI_ERROR_SIZE, "%s is not a folder", folder);
		return -1;
	}
	if (status.st_mode & 077) {
		snprintf(error, PKI_ERROR_SIZE,
			"others may enter %s (mode %03o), where private keys go; chmod 700 it or "
			"name another folder",
			folder, status.st_mode & 0777);
		return -1;
	}
	return 0;
}

int folder_may_write(const char *folder, const char *name, bool replace, char *error)
{
	char path[PKI_PATH_SIZE];
	struct stat status;

	if (folder_path(path, folder, name, error) < 0)
		return -1;
	if (lstat(path, &status) < 0 || replace)
		return 0;
	snprintf(error, PKI_ERROR_SIZE,
		"%s exists; --replace makes it anew (what the old one signed or opened is lost)",
		path);
	return -1;
}

// Written under another name first, so that a reader sees all of it or the old one.
static int folder_write(const char *folder, const char *name, BIO *text, bool replace, char *error)
{
	char path[PKI_PATH_SIZE], partial[PKI_PATH_SIZE];
	char *bytes;
	long size = BIO_get_mem_data(text, &bytes);
	int fd = -1, done = -1;

	if (folder_path(path, folder, name, error) < 0 ||
		folder_path(partial, folder, ".pki-XXXXXX", error) < 0)
		return -1;
	fd = mkostemp(partial, O_CLOEXEC); // 0600
	if (fd >= 0 && write(fd, bytes, (size_t)size) == size && fsync(fd) == 0)
		done = replace ? rename(partial, path) : link(partial, path);
	if (done < 0)
		snprintf(error, PKI_ERROR_SIZE, "%s cannot be written: %s", path, strerror(errno));
	if (fd >= 0) {
		close(fd);
		unlink(partial);
	}
	return done;
}

static int folder_no_memory(char *error)
{
	snprintf(error, PKI_ERROR_SIZE, "out of memory");
	return -1;
}

int folder_write_certificate(
	const char *folder, const char *name, X509 *certificate, bool replace, char *error)
{
	BIO *text = BIO_new(BIO_s_mem());
	int result;

	if (text && PEM_write_bio_X509(text, certificate) == 1)
		result = folder_write(folder, name, text, replace, error);
	else
		result = folder_no_memory(error);
	BIO_free(text);
	return result;
}

int folder_write_key(const char *folder, const char *name, EVP_PKEY *key, bool replace, char *error)
{
	BIO *text = BIO_new(BIO_s_secmem()); // wiped when it is freed
	int result;

	if (text && PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) == 1)
		result = folder_write(folder, name, text, replace, error);
	else
		result = folder_no_memory(error);
	BIO_free(text);
	return result;
}
