// Both real disks: whole requests, errors, locks and modes, and a store on them. TEST_DISK says
// which; the same cases for each.
#include "control/store/disk.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/control/store/stage.h"

static char folder[64];

static struct disk *disk_here(void)
{
	const char *which = getenv("TEST_DISK");

	return which && strcmp(which, "threads") == 0 ? disk_threads_new(folder)
						      : disk_uring_new(folder);
}

static int folder_make(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "test_disk.XXXXXX");
	return mkdtemp(folder) && chmod(folder, 0700) == 0 ? 0 : -1;
}

static int folder_remove(void **state)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;

	(void)state;
	while (open && (entry = readdir(open)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(open), entry->d_name, 0);
	if (open)
		closedir(open);
	return rmdir(folder);
}

static struct disk_done wait_one(struct disk *disk)
{
	struct disk_done done;
	struct pollfd wake = {.fd = disk->ops->wake_fd(disk), .events = POLLIN};

	while (!disk->ops->poll(disk, &done))
		assert_int_equal(poll(&wake, 1, 30000), 1);
	return done;
}

static uint8_t *blocks(uint32_t count, uint8_t fill)
{
	uint8_t *bytes = aligned_alloc(DISK_BLOCK, (size_t)count * DISK_BLOCK);

	assert_non_null(bytes);
	memset(bytes, fill, (size_t)count * DISK_BLOCK);
	return bytes;
}

static void disk__writes_flushes_and_reads(void **state)
{
	struct disk *disk = disk_here();
	uint8_t *bytes = blocks(4, 0x31), *back = blocks(4, 0);
	uint64_t size = 1;
	struct disk_done done;
	struct stat status;
	char path[128];
	int file;

	(void)state;
	assert_non_null(disk);
	assert_int_equal(disk->ops->open(disk, "a", false, &size), -ENOENT);
	file = disk->ops->open(disk, "a", true, &size);
	assert_true(file >= 0);
	assert_int_equal(size, 0);
	snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(disk->ops->allocate(disk, file, 65536), 0);
	assert_true(disk->ops->submit(
		disk, DISK_WRITE, file, 8192, bytes, 4 * DISK_BLOCK, 0x1122334455667788));
	done = wait_one(disk);
	assert_int_equal(done.op, DISK_WRITE);
	assert_int_equal(done.file, file);
	assert_int_equal(done.error, 0);
	assert_true(done.token == 0x1122334455667788);
	assert_true(disk->ops->submit(disk, DISK_FLUSH, file, 0, NULL, 0, 2));
	assert_int_equal(wait_one(disk).error, 0);
	assert_true(disk->ops->submit(disk, DISK_FLUSH, DISK_FOLDER, 0, NULL, 0, 3));
	done = wait_one(disk);
	assert_int_equal(done.error, 0);
	assert_int_equal(done.file, DISK_FOLDER);
	assert_true(disk->ops->submit(disk, DISK_READ, file, 8192, back, 4 * DISK_BLOCK, 4));
	assert_int_equal(wait_one(disk).error, 0);
	assert_memory_equal(bytes, back, 4 * DISK_BLOCK);
	assert_int_equal(disk->ops->read_now(disk, file, 61440, back, 4 * DISK_BLOCK), 4096);
	// Behind the end: not whole, so failed.
	assert_true(disk->ops->submit(disk, DISK_READ, file, 65536, back, DISK_BLOCK, 5));
	assert_int_equal(wait_one(disk).error, -EIO);
	disk->ops->close(disk, file);
	disk->ops->free(disk);
	free(bytes);
	free(back);
}

static void disk__many_at_once(void **state)
{
	struct disk *disk = disk_here();
	uint8_t *bytes = blocks(DISK_REQUESTS_MAX, 0x32);
	bool seen[DISK_REQUESTS_MAX] = {false};
	uint64_t size;
	int file;

	(void)state;
	file = disk->ops->open(disk, "a", true, &size);
	for (uint32_t i = 0; i < DISK_REQUESTS_MAX; i++)
		assert_true(disk->ops->submit(disk, DISK_WRITE, file, (uint64_t)i * DISK_BLOCK,
			bytes + (size_t)i * DISK_BLOCK, DISK_BLOCK, i));
	assert_false(disk->ops->submit(disk, DISK_WRITE, file, 0, bytes, DISK_BLOCK, 0));
	for (uint32_t i = 0; i < DISK_REQUESTS_MAX; i++) {
		struct disk_done done = wait_one(disk);

		assert_int_equal(done.error, 0);
		assert_false(seen[done.token]);
		seen[done.token] = true;
	}
	disk->ops->close(disk, file);
	assert_true(disk->ops->open(disk, "a", false, &size) >= 0);
	assert_int_equal(size, DISK_REQUESTS_MAX * DISK_BLOCK);
	disk->ops->free(disk);
	free(bytes);
}

// Freed while requests are under way: their memory is ours again afterwards.
static void disk__free_waits(void **state)
{
	struct disk *disk = disk_here();
	uint8_t *bytes = blocks(16, 0x33);
	uint64_t size;
	int file = disk->ops->open(disk, "a", true, &size);

	(void)state;
	for (uint32_t i = 0; i < 16; i++)
		assert_true(disk->ops->submit(disk, DISK_WRITE, file, (uint64_t)i * DISK_BLOCK,
			bytes + (size_t)i * DISK_BLOCK, DISK_BLOCK, i));
	disk->ops->free(disk);
	free(bytes);
}

static void disk__is_locked(void **state)
{
	struct disk *disk = disk_here();

	(void)state;
	assert_non_null(disk);
	errno = 0;
	assert_null(disk_here());
	assert_int_equal(errno, EBUSY);
	assert_null(disk_readonly_new(folder));
	assert_int_equal(errno, EBUSY);
	disk->ops->free(disk);
	disk = disk_readonly_new(folder);
	assert_non_null(disk);
	assert_null(disk_here());
	assert_int_equal(disk->ops->remove(disk, "a"), -EROFS);
	disk->ops->free(disk);
	disk = disk_here();
	assert_non_null(disk);
	disk->ops->free(disk);
}

static void disk__trusts_no_folder_that_others_write_to(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder, 0777), 0);
	errno = 0;
	assert_null(disk_here());
	assert_int_equal(errno, EPERM);
	assert_int_equal(chmod(folder, 0700), 0);
}

static void disk__renames_and_lists(void **state)
{
	struct disk *disk = disk_here();
	uint64_t size;
	int file = disk->ops->open(disk, "a", true, &size);
	char path[128];

	(void)state;
	disk->ops->close(disk, file);
	assert_int_equal(disk->ops->rename(disk, "a", "b"), 0);
	assert_int_equal(disk->ops->open(disk, "a", false, &size), -ENOENT);
	assert_int_equal(disk->ops->remove(disk, "b"), 0);
	assert_int_equal(disk->ops->remove(disk, "b"), -ENOENT);
	snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(symlink("b", path), 0); // a link is no file of ours
	assert_int_equal(disk->ops->open(disk, "a", true, &size), -ELOOP);
	disk->ops->free(disk);
}

// The store again from what it wrote, with another process in its place.
static void disk__a_store_on_it(void **state)
{
	struct stage stage;

	(void)state;
	stage_init_on(&stage, disk_here());
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_EMPTY);
	stage_vote(&stage, 2, 5);
	for (uint64_t i = 0; i < 100; i++) {
		stage_write(&stage, 0, i * 20 + 1, i * 20 + 10, 2);
		stage_write(&stage, 0, i * 20 + 11, i * 20 + 20, 2);
		stage_run(&stage);
	}
	assert_int_equal(stage.told, stage.next_id);
	assert_int_equal(stage_snapshot(&stage, 256, 2, 200000, false), 0);
	stage_run(&stage);
	assert_int_equal(stage.snapshot, 256);
	stage_fini(&stage);

	stage_init_on(&stage, disk_here());
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.boot.term, 2);
	assert_int_equal(stage.found.boot.vote, 5);
	assert_int_equal(stage.found.boot.snapshot_index, 256);
	assert_int_equal(stage.found.last, 2000);
	stage_expect(&stage, 1, 2000, 2);
	store_compact(stage.store, 256);
	stage_append(&stage, 2001, 2001, 2);
	store_stop(stage.store);
	stage_run(&stage);
	assert_true(store_idle(stage.store));
	stage_fini(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			disk__writes_flushes_and_reads, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(disk__many_at_once, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(disk__free_waits, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(disk__is_locked, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			disk__trusts_no_folder_that_others_write_to, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(
			disk__renames_and_lists, folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(disk__a_store_on_it, folder_make, folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
