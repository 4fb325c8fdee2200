// The disk of who only looks: sluice raft log.
#include <errno.h>
#include <stdlib.h>

#include "control/store/disk_files.h"

static bool readonly_submit(struct disk *disk, enum disk_op op, int file, uint64_t offset,
	void *bytes, uint32_t size, uint64_t token)
{
	(void)disk, (void)op, (void)file, (void)offset, (void)bytes, (void)size, (void)token;
	return false;
}

static bool readonly_poll(struct disk *disk, struct disk_done *done)
{
	(void)disk, (void)done;
	return false;
}

static int readonly_wake_fd(struct disk *disk)
{
	(void)disk;
	return -1;
}

static void readonly_free(struct disk *disk)
{
	disk_files_fini((struct disk_files *)disk);
	free(disk);
}

static const struct disk_ops readonly_ops = {
	.name = "readonly",
	DISK_FILES_OPS,
	.submit = readonly_submit,
	.poll = readonly_poll,
	.wake_fd = readonly_wake_fd,
	.free = readonly_free,
};

struct disk *disk_readonly_new(const char *folder)
{
	struct disk_files *files = calloc(1, sizeof(*files));
	int error;

	if (!files)
		return NULL;
	error = disk_files_init(files, folder, true);
	if (error < 0) {
		free(files);
		errno = -error;
		return NULL;
	}
	files->disk.ops = &readonly_ops;
	return &files->disk;
}
