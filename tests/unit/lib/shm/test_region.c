// Regions: what the seals forbid, what attach refuses, and that missing memory is an error code.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/shm/region.h"

#define PAGE  ((size_t)4096)
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

// A memory file of somebody careless or hostile.
static int memory_file(size_t size, unsigned int flags, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void refuse(int fd, size_t min, size_t max, int error)
{
	struct region region;

	assert_int_equal(region_attach(&region, fd, min, max), error);
	assert_null(region.base);
	assert_int_equal(region.fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1); // taken and closed
}

static void create__is_writable_and_sealed(void **state)
{
	struct region region;

	(void)state;
	assert_int_equal(region_create(&region, "test", 3 * PAGE + 1, REGION_PAGES_ORDINARY), 0);
	assert_int_equal(region.size, 4 * PAGE);
	assert_false(region.hugepages);
	memset(region.base, 0xa5, region.size);
	assert_int_equal(fcntl(region.fd, F_GET_SEALS) & SEALS, SEALS);
	region_fini(&region);
	assert_null(region.base);
	assert_int_equal(region.fd, -1);
}

// Everything by which the owner could take pages away from a reader, or others could write.
static void creator_cannot_take_pages_away(struct region *region, size_t page)
{
	assert_int_equal(
		fallocate(region->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)page),
		-1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(madvise(region->base, page, MADV_REMOVE), -1);
	assert_int_equal(ftruncate(region->fd, 0), -1);
	assert_int_equal(ftruncate(region->fd, (off_t)(2 * region->size)), -1);
	assert_true(
		mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, 0) == MAP_FAILED);
	assert_true(write(region->fd, "x", 1) < 0);
	assert_int_equal(fcntl(region->fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(region->base[0], 0xa5); // still there
}

static void create__kernel_refuses_holes(void **state)
{
	struct region region;

	(void)state;
	assert_int_equal(region_create(&region, "test", 4 * PAGE, REGION_PAGES_ORDINARY), 0);
	region.base[0] = 0xa5;
	creator_cannot_take_pages_away(&region, PAGE);
	region_fini(&region);
}

static void create__kernel_refuses_holes_in_hugepages(void **state)
{
	struct region region;
	int rc = region_create(&region, "test", 1, REGION_PAGES_HUGE);

	(void)state;
	if (rc != 0) { // this machine has none to spare
		assert_true(rc == REGION_E_NOMEM || rc < 0);
		skip();
	}
	assert_true(region.hugepages);
	region.base[0] = 0xa5;
	creator_cannot_take_pages_away(&region, region.size);

	struct region reader;
	assert_int_equal(region_attach(&reader, dup(region.fd), 1, region.size), 0);
	assert_int_equal(reader.base[0], 0xa5);
	region_fini(&reader);
	region_fini(&region);
}

static void create__any_falls_back_to_ordinary_pages(void **state)
{
	struct region region;

	(void)state;
	assert_int_equal(region_create(&region, "test", PAGE, REGION_PAGES_ANY), 0);
	memset(region.base, 1, region.size);
	region_fini(&region);
}

static void create__missing_memory_is_an_error(void **state)
{
	struct region region;

	(void)state;
	assert_int_equal(
		region_create(&region, "test", (size_t)1 << 42, REGION_PAGES_HUGE), REGION_E_NOMEM);
	assert_int_equal(region_create(&region, "test", (size_t)1 << 47, REGION_PAGES_ORDINARY),
		REGION_E_NOMEM);
	assert_int_equal(region_create(&region, "test", 0, REGION_PAGES_ORDINARY), -EINVAL);
	assert_int_equal(region_create(&region, "test", SIZE_MAX, REGION_PAGES_ORDINARY), -EINVAL);
	assert_null(region.base);
}

static void create__is_left_out_of_core_files(void **state)
{
	struct region region;
	char line[512];
	bool inside = false, dontdump = false;

	(void)state;
	assert_int_equal(region_create(&region, "core-test", PAGE, REGION_PAGES_ORDINARY), 0);
	FILE *maps = fopen("/proc/self/smaps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, "memfd:core-test") != NULL)
			inside = true;
		if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			dontdump = strstr(line, " dd") != NULL;
			break;
		}
	}
	fclose(maps);
	assert_true(dontdump);
	region_fini(&region);
}

static void attach__reads_what_the_creator_writes(void **state)
{
	struct region writer, reader;

	(void)state;
	assert_int_equal(region_create(&writer, "test", 2 * PAGE, REGION_PAGES_ORDINARY), 0);
	assert_int_equal(region_attach(&reader, dup(writer.fd), PAGE, 2 * PAGE), 0);
	writer.base[PAGE] = 77;
	assert_int_equal(reader.base[PAGE], 77);
	assert_int_equal(mprotect(reader.base, PAGE, PROT_READ | PROT_WRITE),
		-1); // never writable for the reader
	region_fini(&writer);
	assert_int_equal(reader.base[PAGE], 77); // outlives its creator
	region_fini(&reader);
}

static void attach__refuses_each_missing_seal(void **state)
{
	static const int seals[] = {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE, F_SEAL_SEAL};

	(void)state;
	for (size_t i = 0; i < sizeof(seals) / sizeof(seals[0]); i++)
		refuse(memory_file(PAGE, 0, SEALS & ~seals[i]), 1, PAGE, REGION_E_SEALS);
	refuse(memory_file(PAGE, 0, 0), 1, PAGE, REGION_E_SEALS);
}

static void attach__refuses_what_is_no_memory_file(void **state)
{
	char path[] = "/tmp/sluice-test-region-XXXXXX";
	int fds[2];
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	unlink(path);
	assert_int_equal(ftruncate(file, (off_t)PAGE), 0);
	refuse(file, 1, PAGE, REGION_E_SEALS);
	assert_int_equal(pipe(fds), 0);
	refuse(fds[0], 1, PAGE, REGION_E_SEALS);
	close(fds[1]);
	refuse(open("/dev/zero", O_RDWR), 1, PAGE, REGION_E_SEALS);
}

static void attach__refuses_sizes(void **state)
{
	(void)state;
	refuse(memory_file(PAGE, 0, SEALS), PAGE + 1, 4 * PAGE, REGION_E_SIZE);
	refuse(memory_file(4 * PAGE, 0, SEALS), 1, 4 * PAGE - 1, REGION_E_SIZE);
	refuse(memory_file(0, 0, SEALS), 0, PAGE, REGION_E_SIZE);
}

static void attach__fills_holes_that_were_there_before(void **state)
{
	int fd = memory_file(16 * PAGE, 0, SEALS); // never written: all holes
	unsigned char present[16];
	struct region region;

	(void)state;
	assert_int_equal(region_attach(&region, fd, 1, 16 * PAGE), 0);
	assert_int_equal(mincore(region.base, region.size, present), 0);
	for (int i = 0; i < 16; i++)
		assert_true(present[i] & 1);
	region_fini(&region);
}

// A sparse file of hugepages that nobody has: reading it would be SIGBUS.
static void attach__sparse_hugepages_are_an_error(void **state)
{
	size_t size = (size_t)1 << 40;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_HUGE_2MB);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, SEALS), 0);
	refuse(fd, 1, size, REGION_E_NOMEM);
}

static void fini__is_legal_on_nothing(void **state)
{
	struct region region = {0};

	(void)state;
	region_fini(&region);
	region_fini(&region);
	assert_true(fcntl(0, F_GETFD) >= 0 || errno == EBADF); // descriptor 0 was not ours to close
}

static void strerror__has_a_sentence_for_each(void **state)
{
	(void)state;
	for (int e = -1; e <= REGION_E_NOMEM + 1; e++)
		assert_true(strlen(region_strerror(e)) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(create__is_writable_and_sealed),
		cmocka_unit_test(create__kernel_refuses_holes),
		cmocka_unit_test(create__kernel_refuses_holes_in_hugepages),
		cmocka_unit_test(create__any_falls_back_to_ordinary_pages),
		cmocka_unit_test(create__missing_memory_is_an_error),
		cmocka_unit_test(create__is_left_out_of_core_files),
		cmocka_unit_test(attach__reads_what_the_creator_writes),
		cmocka_unit_test(attach__refuses_each_missing_seal),
		cmocka_unit_test(attach__refuses_what_is_no_memory_file),
		cmocka_unit_test(attach__refuses_sizes),
		cmocka_unit_test(attach__fills_holes_that_were_there_before),
		cmocka_unit_test(attach__sparse_hugepages_are_an_error),
		cmocka_unit_test(fini__is_legal_on_nothing),
		cmocka_unit_test(strerror__has_a_sentence_for_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
