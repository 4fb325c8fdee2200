// What the store stands on: files of one folder. Slow work is asynchronous and ends in disk_poll;
// names are dealt with at once. Backends: io_uring (disk_uring.c), threads where that is refused
// (disk_threads.c), and a simulated disk with every fault we know (tests/support/disk_sim.c).
//
// What a disk promises: writes may become durable in any order, in part (512-byte sectors), or
// not at all, until a flush that began after they ended has ended well. Names are durable after
// disk_flush(DISK_FOLDER).
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum disk_limits {
	DISK_BLOCK = 4096,   // alignment of offset, size and memory of a write or read
	DISK_FILES_MAX = 64, // open at once
	DISK_NAME_MAX = 64,
	DISK_REQUESTS_MAX = 256, // under way
	DISK_FOLDER = -1,        // as a file: the folder itself, for disk_flush
};

enum disk_op { DISK_WRITE, DISK_READ, DISK_FLUSH };

// The end of a request. Writes and reads are whole or failed: the backend goes on after a short
// one. error: 0 or negative errno.
struct disk_done {
	enum disk_op op;
	int file;
	uint64_t token; // of the request
	int error;
};

struct disk;

struct disk_ops {
	const char *name; // "io_uring", "threads", ...
	// A number of a file, or negative errno. Opened without the page cache where the file
	// system can. `create`: made if it is not there. size: in bytes. A write behind the end
	// makes it longer.
	int (*open)(struct disk *disk, const char *name, bool create, uint64_t *size);
	void (*close)(struct disk *disk, int file);
	// Makes the file `size` bytes long, with blocks allocated. 0 or negative errno.
	int (*allocate)(struct disk *disk, int file, uint64_t size);
	int (*rename)(struct disk *disk, const char *from, const char *to);
	int (*remove)(struct disk *disk, const char *name);
	// Calls back for each name, in no order. 0 or negative errno.
	int (*list)(struct disk *disk, void (*on_name)(void *owner, const char *name), void *owner);
	// For start only: waits. Bytes (fewer at the end of the file), or negative errno.
	int64_t (*read_now)(
		struct disk *disk, int file, uint64_t offset, void *bytes, uint32_t size);
	// For start only: wait. 0 or negative errno. Nothing else is under way.
	int (*write_now)(
		struct disk *disk, int file, uint64_t offset, const void *bytes, uint32_t size);
	int (*flush_now)(struct disk *disk, int file); // or DISK_FOLDER
	// Memory stays put until its end is taken. False: DISK_REQUESTS_MAX are under way.
	bool (*submit)(struct disk *disk, enum disk_op op, int file, uint64_t offset, void *bytes,
		uint32_t size, uint64_t token);
	// Takes the end of one request, in any order. False: none has ended.
	bool (*poll)(struct disk *disk, struct disk_done *done);
	// Readable when poll may have something; -1: the caller polls by itself.
	int (*wake_fd)(struct disk *disk);
	void (*free)(struct disk *disk);
};

struct disk { // first member of each backend's own
	const struct disk_ops *ops;
};

// Both make the folder (0700) if it is not there, hold it open and lock it against a second
// process. NULL: errno says why; EBUSY: another process has it; EPERM: it belongs to somebody else,
// or others may write to it; ENOSYS: there is no io_uring here.
struct disk *disk_uring_new(const char *folder);
struct disk *disk_threads_new(const char *folder);
// io_uring, or threads where that is forbidden or SLUICE_DISK=threads.
struct disk *disk_new(const char *folder);
// For who only looks: a shared lock, no submit, everything that would change something is refused.
struct disk *disk_readonly_new(const char *folder);
