// Files of one folder that belong together: all of them are written, or none.
#include "control/pki/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/pki/folder.h"

struct file {
	char path[PKI_PATH_SIZE];
	char partial[PKI_PATH_SIZE];    // what will lie there; empty: not begun
	char former[PKI_PATH_SIZE + 8]; // what lay there, until all are in their places
	bool saved, placed;
};

static int files_failed(const char *path, char *error)
{
	snprintf(error, PKI_ERROR_SIZE, "%.*s cannot be written: %s", PKI_PATH_SIZE - 1, path,
		strerror(errno));
	return -1;
}

// All of it to the disk, under another name. 0, or -1 with errno.
static int file_write(struct file *file, BIO *text)
{
	char *bytes;
	long size = BIO_get_mem_data(text, &bytes);
	int fd = mkostemp(file->partial, O_CLOEXEC); // 0600
	ssize_t wrote;
	int failed = 0;

	if (fd < 0) {
		file->partial[0] = 0;
		return -1;
	}
	wrote = write(fd, bytes, (size_t)size);
	if (wrote < 0 || (wrote == size && fsync(fd) < 0))
		failed = errno;
	else if (wrote < size)
		failed = ENOSPC; // whatever the limit was, the file did not fit
	close(fd);
	errno = failed;
	return failed ? -1 : 0;
}

static int file_begin(
	struct file *file, const char *folder, const struct files_text *from, char *error)
{
	char hidden[NAME_SIZE];

	*file = (struct file){0};
	snprintf(hidden, sizeof(hidden), ".%s-XXXXXX", from->name);
	if (folder_path(file->path, folder, from->name, error) < 0 ||
		folder_path(file->partial, folder, hidden, error) < 0) {
		file->partial[0] = 0;
		return -1;
	}
	return file_write(file, from->text) == 0 ? 0 : files_failed(file->path, error);
}

// A reader sees all of the new one or all of the old one. 0, or -1 with errno.
static int file_place(struct file *file, bool replace)
{
	int result;

	snprintf(file->former, sizeof(file->former), "%s.old", file->partial);
	file->saved = replace && link(file->path, file->former) == 0;
	if (replace && !file->saved && errno != ENOENT)
		return -1;
	result = replace ? rename(file->partial, file->path) : link(file->partial, file->path);
	file->placed = result == 0;
	return result;
}

static void file_undo(struct file *file)
{
	if (!file->placed)
		return;
	if (file->saved)
		rename(file->former, file->path);
	else
		unlink(file->path);
	file->saved = false; // what could not be put back is kept beside
}

static void file_end(const struct file *file)
{
	if (file->partial[0])
		unlink(file->partial);
	if (file->saved)
		unlink(file->former);
}

static int files_sync_folder(const char *folder, char *error)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);

	if (result < 0)
		snprintf(
			error, PKI_ERROR_SIZE, "%s cannot be written: %s", folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	return result;
}

static int files_place(struct file *files, size_t count, bool replace, char *error)
{
	for (size_t i = 0; i < count; i++)
		if (file_place(&files[i], replace) < 0)
			return files_failed(files[i].path, error);
	return 0;
}

int files_write(
	const char *folder, const struct files_text *files, size_t count, bool replace, char *error)
{
	struct file file[FILES_MAX] = {0};
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++)
		result = file_begin(&file[i], folder, &files[i], error);
	if (result == 0)
		result = files_place(file, count, replace, error);
	if (result == 0)
		result = files_sync_folder(folder, error);
	for (size_t i = count; i-- > 0;) {
		if (result < 0)
			file_undo(&file[i]);
		file_end(&file[i]);
	}
	return result;
}
