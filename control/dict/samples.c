// Samples of a message class: files, or what is in folders, cut into records.
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/dict/dict.h"

int dict_samples_init(struct dict_samples *samples)
{
	*samples = (struct dict_samples){.bytes = malloc(DICT_BYTES_MAX),
		.sizes = malloc(DICT_SAMPLES_MAX * sizeof(*samples->sizes))};
	if (samples->bytes && samples->sizes)
		return 0;
	dict_samples_free(samples);
	return -1;
}

void dict_samples_free(struct dict_samples *samples)
{
	free(samples->bytes);
	free(samples->sizes);
	*samples = (struct dict_samples){0};
}

static size_t sample_size(const uint8_t *at, size_t left, const struct dict_cut *cut)
{
	size_t most = cut->record ? cut->record : DICT_SAMPLE_MAX;
	size_t size = left < most ? left : most;
	const uint8_t *end = cut->lines ? memchr(at, '\n', size) : NULL;

	return end ? (size_t)(end - at) + 1 : size;
}

// The file's bytes lie behind the samples: now they are some.
static void samples_cut(struct dict_samples *samples, size_t size, const struct dict_cut *cut)
{
	size_t end = samples->size + size;

	while (samples->size < end && samples->count < DICT_SAMPLES_MAX) {
		size_t one = sample_size(samples->bytes + samples->size, end - samples->size, cut);

		samples->sizes[samples->count++] = one;
		samples->size += one;
	}
	samples->left_out += end - samples->size;
}

static int samples_fail(const char *path, const char *reason, char *error)
{
	snprintf(error, DICT_ERROR_SIZE, "%.300s: cannot be read: %s", path, reason);
	return -1;
}

static int samples_file(
	struct dict_samples *samples, const char *path, const struct dict_cut *cut, char *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failed;
	size_t size = 0, room = DICT_BYTES_MAX - samples->size;
	struct stat status;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &status) < 0) {
		failed = samples_fail(path, strerror(errno), error);
		goto out;
	}
	failed = S_ISREG(status.st_mode) ? 0 : samples_fail(path, "not a regular file", error);
	if (failed)
		goto out;
	while (got > 0 && size < room) {
		got = read(fd, samples->bytes + samples->size + size, room - size);
		size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		failed = samples_fail(path, strerror(errno), error);
		goto out;
	}
	if ((uint64_t)status.st_size > size)
		samples->left_out += (uint64_t)status.st_size - size;
	samples_cut(samples, size, cut);
out:
	if (fd >= 0)
		close(fd);
	return failed;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

int dict_samples_add(struct dict_samples *samples, const char *path, const struct dict_cut *cut,
	char error[DICT_ERROR_SIZE])
{
	char *paths[] = {(char *)(uintptr_t)path, NULL};
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	const FTSENT *entry;
	int failed = walk ? 0 : samples_fail(path, strerror(errno), error);

	while (!failed && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F)
			failed = samples_file(samples, entry->fts_path, cut, error);
		else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR ||
			 entry->fts_info == FTS_ERR)
			failed = samples_fail(entry->fts_path, strerror(entry->fts_errno), error);
		else if (entry->fts_info == FTS_DEFAULT && entry->fts_level == 0)
			failed = samples_fail(path, "not a regular file", error);
	}
	if (walk)
		fts_close(walk);
	return failed;
}
