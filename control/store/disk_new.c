// Which disk: io_uring, or threads.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/store/disk.h"

struct disk *disk_new(const char *folder)
{
	const char *wanted = getenv("SLUICE_DISK");
	bool threads = wanted && strcmp(wanted, "threads") == 0;
	struct disk *disk = threads ? NULL : disk_uring_new(folder);

	if (threads || (!disk && errno == ENOSYS))
		disk = disk_threads_new(folder);
	return disk;
}
