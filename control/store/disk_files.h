// The half of a disk that waits: a locked folder, its files and names. Both backends have it, and
// what only looks (disk_readonly_new).
#pragma once

#include "control/store/disk.h"

struct disk_files {
	struct disk disk; // first
	int folder;
	int fd[DISK_FILES_MAX]; // -1: free
	bool readonly;
};

// Makes the folder (0700) if it is not there, checks whose it is, locks it. 0 or negative errno:
// -EPERM: it belongs to somebody else, or others may write to it; -EBUSY: it is in use.
int disk_files_init(struct disk_files *files, const char *folder, bool readonly);
void disk_files_fini(struct disk_files *files);
int disk_files_fd(const struct disk_files *files, int file); // or of DISK_FOLDER

int disk_files_open(struct disk *disk, const char *name, bool create, uint64_t *size);
void disk_files_close(struct disk *disk, int file);
int disk_files_allocate(struct disk *disk, int file, uint64_t size);
int disk_files_rename(struct disk *disk, const char *from, const char *to);
int disk_files_remove(struct disk *disk, const char *name);
int disk_files_list(struct disk *disk, void (*on_name)(void *owner, const char *name), void *owner);
int64_t disk_files_read_now(
	struct disk *disk, int file, uint64_t offset, void *bytes, uint32_t size);
int disk_files_write_now(
	struct disk *disk, int file, uint64_t offset, const void *bytes, uint32_t size);
int disk_files_flush_now(struct disk *disk, int file);

// For the table of a backend: all of the above.
#define DISK_FILES_OPS                                                                       \
	.open = disk_files_open, .close = disk_files_close, .allocate = disk_files_allocate, \
	.rename = disk_files_rename, .remove = disk_files_remove, .list = disk_files_list,   \
	.read_now = disk_files_read_now, .write_now = disk_files_write_now,                  \
	.flush_now = disk_files_flush_now
