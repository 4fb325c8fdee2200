// Files of dictionaries: bounded, regular, of zstd. What is digested is never written again.
#include "dataplane/dictionaries.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(char *why, const struct setup_dictionary *file, const char *reason)
{
	snprintf(why, DICTIONARIES_WHY_SIZE, "dictionary %u: %s %s", file->id, file->file, reason);
	return -1;
}

// All of it; -1: it ends early, or cannot be read.
static int file_fill(int fd, uint8_t *bytes, uint32_t size)
{
	ssize_t got = 1;

	for (uint32_t at = 0; at < size && got > 0; at += (uint32_t)got)
		got = read(fd, bytes + at, size - at);
	if (got < 0)
		return -1;
	errno = EIO;
	return got > 0 ? 0 : -1;
}

static int file_read(const struct setup_dictionary *file, uint8_t *bytes, uint32_t *size, char *why)
{
	int fd = open(file->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;
	char reason[96];
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		snprintf(reason, sizeof(reason), "cannot be read: %s", strerror(errno));
		result = refuse(why, file, reason);
	} else if (!S_ISREG(status.st_mode) || status.st_size < DICTIONARY_SIZE_MIN ||
		   status.st_size > DICTIONARY_SIZE_MAX) {
		snprintf(reason, sizeof(reason), "must be a regular file of %d to %d bytes",
			DICTIONARY_SIZE_MIN, DICTIONARY_SIZE_MAX);
		result = refuse(why, file, reason);
	} else {
		*size = (uint32_t)status.st_size;
		result = file_fill(fd, bytes, *size);
		snprintf(reason, sizeof(reason), "cannot be read: %s", strerror(errno));
		if (result != 0)
			(void)refuse(why, file, reason);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

static int load(struct dictionaries *dictionaries, const struct setup_dictionary *file, char *why)
{
	static uint8_t bytes[DICTIONARY_SIZE_MAX]; // main thread, at start
	const struct dictionary *d;
	uint32_t size;
	size_t memory;
	void *at;

	if (file_read(file, bytes, &size, why) != 0)
		return -1;
	memory = dictionary_memory(size);
	at = mmap(NULL, memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return refuse(why, file, "finds no memory");
	madvise(at, memory, MADV_HUGEPAGE);
	d = dictionary_init(at, (uint8_t)file->id, bytes, size);
	if (!d || mprotect(at, memory, PROT_READ) != 0) {
		munmap(at, memory);
		return refuse(why, file,
			d ? "cannot be protected"
			  : "is no dictionary of zstd; sluice dict train makes one");
	}
	dictionaries->at[dictionaries->count++] = d;
	return 0;
}

int dictionaries_load(struct dictionaries *dictionaries, const struct setup_dictionary *files,
	uint32_t count, char why[DICTIONARIES_WHY_SIZE])
{
	for (uint32_t i = 0; i < count; i++)
		if (load(dictionaries, &files[i], why) != 0)
			return -1;
	return 0;
}

void dictionaries_free(struct dictionaries *dictionaries)
{
	for (uint32_t i = 0; i < dictionaries->count; i++)
		munmap((void *)(uintptr_t)dictionaries->at[i],
			dictionary_memory(dictionaries->at[i]->size));
	dictionaries->count = 0;
}

const struct dictionary *dictionaries_find(const struct dictionaries *dictionaries, uint8_t id,
	const uint8_t sha256[DICTIONARY_SHA256_SIZE])
{
	for (uint32_t i = 0; dictionaries && i < dictionaries->count; i++)
		if (dictionaries->at[i]->id == id &&
			memcmp(dictionaries->at[i]->sha256, sha256, DICTIONARY_SHA256_SIZE) == 0)
			return dictionaries->at[i];
	return NULL;
}
