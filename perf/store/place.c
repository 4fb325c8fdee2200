// A folder of its own on the disk that is measured.
#include "perf/store/place.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool place_make(char folder[PLACE_SIZE])
{
	const char *where = getenv("SLUICE_PERF_DISK");

	snprintf(folder, PLACE_SIZE, "%.200s/sluice-perf-store.XXXXXX", where ? where : "/var/tmp");
	return mkdtemp(folder) != NULL;
}

void place_remove(const char *folder)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;

	while (open && (entry = readdir(open)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(open), entry->d_name, 0);
	if (open)
		closedir(open);
	rmdir(folder);
}
