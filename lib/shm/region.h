// A region: memory that one process created and writes,
// and others only read. docs/shm.md tells the rules.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The creator's side: mapped read-write and populated, then sealed SHRINK, GROW, FUTURE_WRITE and
// SEAL, so that nobody else can map it for writing, resize it, or punch holes into it (a hole would
// be a SIGBUS for the reader).
struct region {
	uint8_t *base;
	size_t size;
	int fd;         // memfd; -1: not open. Owned by the region
	bool hugepages; // backed by 2 MiB pages
};

enum region_pages {
	REGION_PAGES_ANY, // hugepages when there are enough, else ordinary pages
	REGION_PAGES_ORDINARY,
	REGION_PAGES_HUGE, // or fail
};

enum region_error {
	REGION_E_SEALS = 1, // the descriptor lacks a seal, or is no memfd
	REGION_E_SIZE,      // smaller than asked, or larger than `size_max`
	REGION_E_NOMEM,     // the pages could not be had
};

// 0, negative errno, or REGION_E_NOMEM. `name` shows in /proc/PID/maps. Size is rounded up to the
// page size used.
int region_create(struct region *region, const char *name, size_t size, enum region_pages pages);
// Maps somebody else's region read-only after checking its seals and its size (size_min <= size <=
// size_max), and populates it. Takes `fd` (closed on failure too). 0, negative errno, REGION_E_*.
int region_attach(struct region *region, int fd, size_t size_min, size_t size_max);
// Unmaps and closes; legal on a zeroed or failed region (fd -1 or base NULL).
void region_fini(struct region *region);
const char *region_strerror(int error);
