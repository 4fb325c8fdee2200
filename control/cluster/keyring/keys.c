// The file of a cluster's keys.
#include "control/cluster/keyring/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/pki/files.h"
#include "control/pki/folder.h"
#include "control/pki/owner.h"

// ---- one key ----

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool hex_take(uint8_t key[KEYS_SIZE], const char *hex, size_t size)
{
	if (size != 2 * KEYS_SIZE)
		return false;
	for (size_t i = 0; i < KEYS_SIZE; i++) {
		int high = digit_value(hex[2 * i]), low = digit_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool keys_from_hex(uint8_t key[KEYS_SIZE], const char *hex)
{
	return hex_take(key, hex, strlen(hex));
}

int keys_make(uint8_t key[KEYS_SIZE], char *error)
{
	if (RAND_bytes(key, KEYS_SIZE) == 1)
		return 0;
	snprintf(error, PKI_ERROR_SIZE, "no key can be made: OpenSSL has no random numbers");
	return -1;
}

void keys_id(uint8_t id[KEYS_ID_SIZE], const uint8_t key[KEYS_SIZE])
{
	uint8_t hash[EVP_MAX_MD_SIZE] = {0};

	EVP_Digest(key, KEYS_SIZE, hash, NULL, EVP_sha256(), NULL);
	memcpy(id, hash, KEYS_ID_SIZE);
}

const char *keys_id_text(char text[KEYS_ID_TEXT], const uint8_t key[KEYS_SIZE])
{
	uint8_t id[KEYS_ID_SIZE];

	keys_id(id, key);
	snprintf(text, KEYS_ID_TEXT, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
	return text;
}

int keys_find(const struct keys *keys, const char *id)
{
	char text[KEYS_ID_TEXT];

	for (uint32_t i = 0; i < keys->count; i++) {
		if (strcmp(keys_id_text(text, keys->key[i]), id) == 0)
			return (int)i;
	}
	return -1;
}

void keys_wipe(struct keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

// ---- the file ----

static int line_take(struct keys *keys, const char *line, size_t size, unsigned number,
	const char *path, char *error)
{
	uint8_t id[2][KEYS_ID_SIZE];

	while (size > 0 && strchr(" \t\r", line[size - 1]))
		size--;
	while (size > 0 && strchr(" \t", line[0])) {
		line++;
		size--;
	}
	if (size == 0)
		return 0;
	if (keys->count == KEYS_MAX) {
		snprintf(error, PKI_ERROR_SIZE, "%s: has more than %d keys", path, KEYS_MAX);
		return -1;
	}
	if (!hex_take(keys->key[keys->count], line, size)) {
		snprintf(error, PKI_ERROR_SIZE,
			"%s: line %u is not a key, which is %d hexadecimal digits", path, number,
			2 * KEYS_SIZE);
		return -1;
	}
	keys_id(id[0], keys->key[keys->count]);
	for (uint32_t i = 0; i < keys->count; i++) {
		keys_id(id[1], keys->key[i]);
		if (memcmp(id[0], id[1], KEYS_ID_SIZE) == 0) {
			snprintf(error, PKI_ERROR_SIZE, "%s: the key in line %u is there twice",
				path, number);
			return -1;
		}
	}
	keys->count++;
	return 0;
}

int keys_parse(struct keys *keys, const char *text, const char *path, char *error)
{
	unsigned number = 1;

	memset(keys, 0, sizeof(*keys));
	for (const char *line = text; *line; number++) {
		size_t size = strcspn(line, "\n"), used = strcspn(line, "#\n");

		if (line_take(keys, line, used, number, path, error) < 0) {
			keys_wipe(keys);
			return -1;
		}
		line += size + (line[size] == '\n');
	}
	if (keys->count > 0)
		return 0;
	snprintf(error, PKI_ERROR_SIZE, "%s: has no key; sluice pki issue makes this file", path);
	return -1;
}

static int file_read(const char *path, char *text, size_t size, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t got = -1;

	if (fd < 0 || fstat(fd, &status) < 0) {
		snprintf(error, PKI_ERROR_SIZE, "%s cannot be read: %s", path, strerror(errno));
	} else if (!S_ISREG(status.st_mode) || status.st_size >= (off_t)size) {
		snprintf(error, PKI_ERROR_SIZE, "%s must be a regular file of less than %zu bytes",
			path, size);
	} else if (status.st_mode & 077) {
		snprintf(error, PKI_ERROR_SIZE,
			"%s has the cluster's keys and others may read it (mode %03o); chmod 600 "
			"it",
			path, status.st_mode & 0777);
	} else {
		got = read(fd, text, size - 1);
		if (got < 0)
			snprintf(error, PKI_ERROR_SIZE, "%s cannot be read: %s", path,
				strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = 0;
	if (got >= 0 && strlen(text) == (size_t)got)
		return 0;
	if (got >= 0)
		snprintf(error, PKI_ERROR_SIZE, "%s is not a text file", path);
	return -1;
}

int keys_file_read(char text[KEYS_FILE_MAX], struct keys *keys, const char *path, char *error)
{
	text[0] = 0;
	if (owner_check_file(path, error) == 0 &&
		file_read(path, text, KEYS_FILE_MAX, error) == 0 &&
		keys_parse(keys, text, path, error) == 0)
		return 0;
	OPENSSL_cleanse(text, KEYS_FILE_MAX);
	return -1;
}

int keys_load(struct keys *keys, const char *path, char *error)
{
	char text[KEYS_FILE_MAX];
	int result = keys_file_read(text, keys, path, error);

	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

int keys_text(const struct keys *keys, BIO *text)
{
	bool good = BIO_puts(text, KEYS_HEAD "\n") > 0;

	for (uint32_t i = 0; i < keys->count; i++) {
		for (size_t j = 0; good && j < KEYS_SIZE; j++)
			good = BIO_printf(text, "%02x", keys->key[i][j]) > 0;
		good = good && BIO_puts(text, "\n") > 0;
	}
	return good ? 0 : -1;
}

// Takes `text`, NULL: out of memory.
static int file_replace(BIO *text, const char *path, char *error)
{
	const char *slash = strrchr(path, '/');
	char folder[PKI_PATH_SIZE];
	const struct files_text file = {slash ? slash + 1 : path, text};
	int result = -1;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
		slash ? path : ".");
	snprintf(error, PKI_ERROR_SIZE, "out of memory");
	if (text)
		result = files_write(folder, &file, 1, true, error);
	BIO_free(text);
	return result;
}

// Memory that is wiped when it is freed. NULL: there is none.
static BIO *text_new(int (*write)(const void *what, BIO *text), const void *what)
{
	BIO *text = BIO_new(BIO_s_secmem());

	if (text && write(what, text) == 0)
		return text;
	BIO_free(text);
	return NULL;
}

static int write_keys(const void *keys, BIO *text)
{
	return keys_text(keys, text);
}

static int write_plain(const void *plain, BIO *text)
{
	return BIO_puts(text, plain) > 0 ? 0 : -1;
}

int keys_save(const struct keys *keys, const char *path, char *error)
{
	return file_replace(text_new(write_keys, keys), path, error);
}

int keys_file_write(const char *text, const char *path, char *error)
{
	return file_replace(text_new(write_plain, text), path, error);
}

int keys_ensure(const char *folder, char *error)
{
	char path[PKI_PATH_SIZE];
	struct keys keys = {.count = 1};
	struct stat status;
	int result;

	if (folder_path(path, folder, KEYS_FILE, error) < 0)
		return -1;
	if (lstat(path, &status) == 0) {
		result = keys_load(&keys, path, error);
	} else {
		result = keys_make(keys.key[0], error);
		if (result == 0)
			result = keys_save(&keys, path, error);
	}
	keys_wipe(&keys);
	return result;
}
