// A fresh folder for a test, and what lies in it.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char path[96];
	int fd;
};

static inline int folder_open(struct folder *f)
{
	snprintf(f->path, sizeof(f->path), "/tmp/sluice-test-cli-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->fd;
}

// Entries, the hidden ones too.
static inline int folder_count(const struct folder *f)
{
	DIR *list = opendir(f->path);
	struct dirent *entry;
	int count = 0;

	while (list && (entry = readdir(list)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(list);
	return count;
}

static inline int folder_put(
	const struct folder *f, const char *name, const void *bytes, size_t size)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = write(fd, bytes, size);

	close(fd);
	return n == (ssize_t)size ? 0 : -1;
}

// Bytes read, up to `room`; -1: no such file.
static inline ssize_t folder_get(const struct folder *f, const char *name, void *bytes, size_t room)
{
	int fd = openat(f->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, room);

	if (fd >= 0)
		close(fd);
	return n;
}

static inline void folder_close(struct folder *f)
{
	DIR *list = opendir(f->path);
	struct dirent *entry;

	while (list && (entry = readdir(list)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			unlinkat(f->fd, entry->d_name, 0) != 0)
			unlinkat(f->fd, entry->d_name, AT_REMOVEDIR);
	if (list)
		closedir(list);
	close(f->fd);
	rmdir(f->path);
}
