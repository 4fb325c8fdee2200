// The pool of 2 MiB pages: its number goes up, and down again by as much. See hugepages.h.
#include "perf/transport/hugepages.h"

#include <stdio.h>

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static uint64_t taken;

static uint64_t number_read(const char *path)
{
	unsigned long value = 0;
	FILE *f = fopen(path, "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

static void number_write(uint64_t value)
{
	FILE *f = fopen(POOL "nr_hugepages", "we");

	if (!f)
		return;
	fprintf(f, "%lu", (unsigned long)value);
	fclose(f);
}

void hugepages_take(uint32_t megabytes)
{
	uint64_t wanted = megabytes / 2, free_now = number_read(POOL "free_hugepages"),
		 before = number_read(POOL "nr_hugepages");

	if (free_now >= wanted)
		return;
	number_write(before + wanted - free_now);
	taken = number_read(POOL "nr_hugepages") - before;
}

void hugepages_give(void)
{
	uint64_t now = number_read(POOL "nr_hugepages");

	if (taken > 0 && now >= taken)
		number_write(now - taken);
	taken = 0;
}
