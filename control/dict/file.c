// The file of a dictionary: what is in it, and written whole or not at all.
#define ZSTD_STATIC_LINKING_ONLY // a dictionary must be one
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zdict.h>
#include <zstd.h>

#include "control/dict/dict.h"

static bool is_dictionary(const uint8_t *bytes, uint32_t size)
{
	ZSTD_DDict *made = ZSTD_createDDict_advanced(
		bytes, size, ZSTD_dlm_byRef, ZSTD_dct_fullDict, ZSTD_defaultCMem);

	ZSTD_freeDDict(made);
	return made != NULL;
}

int dict_info(
	struct dict_info *info, const uint8_t *bytes, uint32_t size, char error[DICT_ERROR_SIZE])
{
	if (size < DICTIONARY_SIZE_MIN || size > DICTIONARY_SIZE_MAX) {
		snprintf(error, DICT_ERROR_SIZE, "must have %d to %d bytes", DICTIONARY_SIZE_MIN,
			DICTIONARY_SIZE_MAX);
		return -1;
	}
	if (!is_dictionary(bytes, size)) {
		snprintf(error, DICT_ERROR_SIZE,
			"is no dictionary of zstd; sluice dict train makes one");
		return -1;
	}
	*info = (struct dict_info){.size = size,
		.tables = (uint32_t)ZDICT_getDictHeaderSize(bytes, size),
		.id = ZSTD_getDictID_fromDict(bytes, size)};
	SHA256(bytes, size, info->sha256);
	return 0;
}

static int file_fail(const char *file, const char *what, char *error)
{
	snprintf(error, DICT_ERROR_SIZE, "%.300s %s: %s", file, what, strerror(errno));
	return -1;
}

int dict_read(struct dict_info *info, const char *file, char error[DICT_ERROR_SIZE])
{
	static uint8_t bytes[DICTIONARY_SIZE_MAX + 1];
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char reason[DICT_ERROR_SIZE];
	size_t size = 0;
	ssize_t got = 1;

	if (fd < 0)
		return file_fail(file, "cannot be read", error);
	while (got > 0 && size < sizeof(bytes)) {
		got = read(fd, bytes + size, sizeof(bytes) - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		(void)file_fail(file, "cannot be read", error);
	close(fd);
	if (got < 0)
		return -1;
	if (dict_info(info, bytes, (uint32_t)size, reason) == 0)
		return 0;
	snprintf(error, DICT_ERROR_SIZE, "%.300s %.150s", file, reason);
	return -1;
}

static int file_exists(const char *file, char *error)
{
	snprintf(error, DICT_ERROR_SIZE,
		"%.300s exists; --replace makes it anew, and nodes that still have the old one "
		"then pack without",
		file);
	return -1;
}

int dict_may_write(const char *file, bool replace, char error[DICT_ERROR_SIZE])
{
	struct stat status;

	return replace || lstat(file, &status) != 0 ? 0 : file_exists(file, error);
}

int dict_write(const char *file, const void *bytes, uint32_t size, bool replace,
	char error[DICT_ERROR_SIZE])
{
	char partial[DICT_PATH_SIZE];
	const char *slash = strrchr(file, '/');
	int fd, done = -1;

	if (snprintf(partial, sizeof(partial), "%.*s.dict-XXXXXX",
		    slash ? (int)(slash - file) + 1 : 0, file) >= (int)sizeof(partial)) {
		errno = ENAMETOOLONG;
		return file_fail(file, "cannot be written", error);
	}
	fd = mkostemp(partial, O_CLOEXEC);
	// 0600: it holds pieces of samples.
	if (fd >= 0 && write(fd, bytes, size) == (ssize_t)size && fsync(fd) == 0)
		done = replace ? rename(partial, file) : link(partial, file);
	if (done < 0 && errno == EEXIST)
		(void)file_exists(file, error);
	else if (done < 0)
		(void)file_fail(file, "cannot be written", error);
	if (fd >= 0) {
		close(fd);
		unlink(partial);
	}
	return done;
}
