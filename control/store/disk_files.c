// The half of a disk that waits.
#include "control/store/disk_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct disk_files *files_of(struct disk *disk)
{
	return (struct disk_files *)disk;
}

static bool is_ours(const struct stat *status)
{
	return (status->st_uid == geteuid() || status->st_uid == 0) &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int folder_open(struct disk_files *files, const char *folder)
{
	struct stat status;

	if (!files->readonly && mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -errno;
	files->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->folder < 0 || fstat(files->folder, &status) < 0)
		return -errno;
	if (!is_ours(&status))
		return -EPERM;
	if (flock(files->folder, (files->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int disk_files_init(struct disk_files *files, const char *folder, bool readonly)
{
	int error;

	files->folder = -1;
	files->readonly = readonly;
	for (int i = 0; i < DISK_FILES_MAX; i++)
		files->fd[i] = -1;
	error = folder_open(files, folder);
	if (error < 0)
		disk_files_fini(files);
	return error;
}

void disk_files_fini(struct disk_files *files)
{
	for (int i = 0; i < DISK_FILES_MAX; i++)
		disk_files_close(&files->disk, i);
	if (files->folder >= 0)
		close(files->folder); // and the lock with it
	files->folder = -1;
}

int disk_files_fd(const struct disk_files *files, int file)
{
	return file == DISK_FOLDER ? files->folder : files->fd[file];
}

// Not every file system does without the page cache.
static int open_direct(struct disk_files *files, const char *name, int flags)
{
	int fd = openat(files->folder, name, flags | O_DIRECT, 0600);

	if (fd < 0 && errno == EINVAL)
		fd = openat(files->folder, name, flags, 0600);
	return fd;
}

int disk_files_open(struct disk *disk, const char *name, bool create, uint64_t *size)
{
	struct disk_files *files = files_of(disk);
	int flags = (files->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW;
	struct stat status;
	int file = 0, fd;

	while (file < DISK_FILES_MAX && files->fd[file] >= 0)
		file++;
	if (file == DISK_FILES_MAX)
		return -EMFILE;
	if (create && files->readonly)
		return -EROFS;
	fd = open_direct(files, name, flags | (create ? O_CREAT : 0));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !is_ours(&status)) {
		close(fd);
		return -EPERM;
	}
	files->fd[file] = fd;
	*size = (uint64_t)status.st_size;
	return file;
}

void disk_files_close(struct disk *disk, int file)
{
	struct disk_files *files = files_of(disk);

	if (files->fd[file] >= 0)
		close(files->fd[file]);
	files->fd[file] = -1;
}

int disk_files_allocate(struct disk *disk, int file, uint64_t size)
{
	int fd = disk_files_fd(files_of(disk), file);
	struct stat status;

	if (files_of(disk)->readonly)
		return -EROFS;
	if (fallocate(fd, 0, 0, (off_t)size) < 0 && errno != EOPNOTSUPP)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if ((uint64_t)status.st_size != size && ftruncate(fd, (off_t)size) < 0)
		return -errno;
	return 0;
}

int disk_files_rename(struct disk *disk, const char *from, const char *to)
{
	const struct disk_files *files = files_of(disk);

	if (files->readonly)
		return -EROFS;
	return renameat(files->folder, from, files->folder, to) < 0 ? -errno : 0;
}

int disk_files_remove(struct disk *disk, const char *name)
{
	if (files_of(disk)->readonly)
		return -EROFS;
	return unlinkat(files_of(disk)->folder, name, 0) < 0 ? -errno : 0;
}

int disk_files_list(struct disk *disk, void (*on_name)(void *owner, const char *name), void *owner)
{
	int fd = openat(files_of(disk)->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	while ((errno = 0, entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < DISK_NAME_MAX)
			on_name(owner, entry->d_name);
	fd = -errno;
	closedir(folder);
	return fd;
}

int64_t disk_files_read_now(
	struct disk *disk, int file, uint64_t offset, void *bytes, uint32_t size)
{
	int fd = disk_files_fd(files_of(disk), file);
	uint32_t got = 0;

	while (got < size) {
		ssize_t some = pread(fd, (uint8_t *)bytes + got, size - got, (off_t)(offset + got));

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return -errno;
		got += (uint32_t)some;
		if (some == 0 || got % DISK_BLOCK != 0) // the end of the file
			break;
	}
	return got;
}

int disk_files_write_now(
	struct disk *disk, int file, uint64_t offset, const void *bytes, uint32_t size)
{
	int fd = disk_files_fd(files_of(disk), file);
	uint32_t put = 0;

	while (put < size) {
		ssize_t some =
			pwrite(fd, (const uint8_t *)bytes + put, size - put, (off_t)(offset + put));

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return some < 0 ? -errno : -EIO;
		put += (uint32_t)some;
	}
	return 0;
}

int disk_files_flush_now(struct disk *disk, int file)
{
	int fd = disk_files_fd(files_of(disk), file);

	return (file == DISK_FOLDER ? fsync(fd) : fdatasync(fd)) < 0 ? -errno : 0;
}
