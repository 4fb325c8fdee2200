// Creates, seals, checks and maps regions. Nothing here touches a page
// before the kernel said that it is there, so a lack of memory is an
// error code and never SIGBUS. Needs Linux 5.14 (MADV_POPULATE_*).
#include "lib/shm/region.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUGEPAGE_SIZE ((size_t)2 << 20)

// SHRINK and GROW: the size stands. FUTURE_WRITE: no second writable
// mapping, no write(2), no hole (fallocate and MADV_REMOVE fail),
// while the creator's mapping stays writable. SEAL: no more seals.
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static void region_clear(struct region *region)
{
	*region = (struct region){.fd = -1};
}

// Errors of a page that is not to be had differ by file system and by the limit that was hit.
static int region_populate_error(int error)
{
	switch (error) {
	case ENOMEM:
	case EFAULT: // the fault would have been SIGBUS: control group or hugepage pool is empty
	case ENOSPC:
	case EHWPOISON:
		return REGION_E_NOMEM;
	default:
		return -error;
	}
}

// Maps region->size bytes of region->fd and makes every page present.
static int region_map(struct region *region, int protection, int populate)
{
	void *base = mmap(NULL, region->size, protection, MAP_SHARED, region->fd, 0);

	if (base == MAP_FAILED) // hugetlbfs reserves at mmap and says ENOMEM here
		return region_populate_error(errno);
	region->base = base;
	if (madvise(base, region->size, populate) != 0)
		return region_populate_error(errno);
	// Payload of applications and keys on their way to a
	// worker lie in regions: keep them out of core files.
	if (madvise(base, region->size, MADV_DONTDUMP) != 0)
		return -errno;
	return 0;
}

static int region_create_with(struct region *region, const char *name, size_t size, bool hugepages)
{
	size_t page = hugepages ? HUGEPAGE_SIZE : (size_t)sysconf(_SC_PAGESIZE);
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int rc;

	region_clear(region);
	if (size == 0 || size > SIZE_MAX - page)
		return -EINVAL;
	if (hugepages)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	region->size = (size + page - 1) / page * page;
	region->hugepages = hugepages;
	region->fd = memfd_create(name, flags);
	if (region->fd < 0) {
		rc = -errno;
		goto fail;
	}
	if (ftruncate(region->fd, (off_t)region->size) != 0) {
		rc = region_populate_error(errno);
		goto fail;
	}
	rc = region_map(region, PROT_READ | PROT_WRITE, MADV_POPULATE_WRITE);
	if (rc != 0)
		goto fail;
	if (fcntl(region->fd, F_ADD_SEALS, SEALS) !=
		0) { // after the mapping: FUTURE_WRITE forbids new ones
		rc = -errno;
		goto fail;
	}
	return 0;

fail:
	region_fini(region);
	return rc;
}

int region_create(struct region *region, const char *name, size_t size, enum region_pages pages)
{
	if (pages != REGION_PAGES_ORDINARY) {
		int rc = region_create_with(region, name, size, true);

		// ANY: whatever kept us from hugepages (none free,
		// not configured, a limit) leaves ordinary pages.
		if (rc == 0 || pages == REGION_PAGES_HUGE)
			return rc;
	}
	return region_create_with(region, name, size, false);
}

static int region_check(int fd, size_t size_min, size_t size_max, size_t *size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & SEALS) != SEALS)
		return REGION_E_SEALS;
	if (fstat(fd, &st) != 0)
		return -errno;
	// The size cannot change any more: SHRINK and GROW were seen above.
	if (st.st_size <= 0 || (size_t)st.st_size < size_min || (size_t)st.st_size > size_max)
		return REGION_E_SIZE;
	*size = (size_t)st.st_size;
	return 0;
}

int region_attach(struct region *region, int fd, size_t size_min, size_t size_max)
{
	int rc;

	region_clear(region);
	region->fd = fd;
	rc = region_check(fd, size_min, size_max, &region->size);
	if (rc != 0)
		goto fail;
	// Fills holes that were there before the seal.
	rc = region_map(region, PROT_READ, MADV_POPULATE_READ);
	if (rc != 0)
		goto fail;
	return 0;

fail:
	region_fini(region);
	return rc;
}

void region_fini(struct region *region)
{
	if (region->base != NULL) {
		munmap(region->base, region->size);
		if (region->fd >= 0)
			close(region->fd);
	} else if (region->fd > 0) { // a zeroed region has fd 0, which is not ours
		close(region->fd);
	}
	region_clear(region);
}

const char *region_strerror(int error)
{
	switch (error) {
	case 0:
		return "no error";
	case REGION_E_SEALS:
		return "the descriptor is no memory file, or lacks the seals SHRINK, GROW, "
		       "FUTURE_WRITE and SEAL";
	case REGION_E_SIZE:
		return "the region is smaller or larger than it may be";
	case REGION_E_NOMEM:
		return "the memory for the region could not be had";
	default:
		return error < 0 ? "the system refused the region" : "unknown error";
	}
}
