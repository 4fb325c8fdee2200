// The simulated disk does to whoever is careless what disks do: each case shows one loss, and that
// the careful one does not suffer it.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/disk_sim.h"

static _Alignas(DISK_BLOCK) uint8_t page[4 * DISK_BLOCK], got[4 * DISK_BLOCK];

static struct disk_sim *stage(uint64_t seed)
{
	return disk_sim_new(&(struct disk_sim_config){.seed = seed,
		.write_ns = 20000,
		.read_ns = 20000,
		.flush_ns = 100000,
		.jitter_ns = 50000});
}

// Lets virtual time go on until a request ends.
static int take(struct disk_sim *sim)
{
	struct disk *disk = disk_sim_disk(sim);
	struct disk_done done;

	assert_true(disk_sim_next_ns(sim) != UINT64_MAX);
	disk_sim_at(sim, disk_sim_next_ns(sim));
	assert_true(disk->ops->poll(disk, &done));
	return done.error;
}

static int open_file(struct disk_sim *sim, const char *name)
{
	uint64_t size;
	int file = disk_sim_disk(sim)->ops->open(disk_sim_disk(sim), name, true, &size);

	assert_true(file >= 0);
	return file;
}

static int put(struct disk_sim *sim, int file, uint64_t offset, uint8_t value, uint32_t size)
{
	struct disk *disk = disk_sim_disk(sim);

	memset(page, value, size);
	assert_true(disk->ops->submit(disk, DISK_WRITE, file, offset, page, size, 1));
	return take(sim);
}

static int flush(struct disk_sim *sim, int file)
{
	struct disk *disk = disk_sim_disk(sim);

	assert_true(disk->ops->submit(disk, DISK_FLUSH, file, 0, NULL, 0, 2));
	return take(sim);
}

static void crash(struct disk_sim *sim)
{
	disk_sim_crash(sim);
	disk_sim_power(sim);
}

static int64_t seen(struct disk_sim *sim, const char *name, const uint8_t **bytes)
{
	return disk_sim_bytes(sim, name, false, bytes);
}

static void read__sees_what_was_written(void **state)
{
	struct disk_sim *sim = stage(1);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");

	(void)state;
	assert_int_equal(put(sim, file, DISK_BLOCK, 7, DISK_BLOCK), 0);
	assert_int_equal(disk->ops->read_now(disk, file, 0, got, sizeof(got)), 2 * DISK_BLOCK);
	assert_int_equal(got[0], 0);
	assert_int_equal(got[DISK_BLOCK], 7);
	memset(got, 0, sizeof(got));
	assert_true(disk->ops->submit(disk, DISK_READ, file, DISK_BLOCK, got, DISK_BLOCK, 3));
	assert_int_equal(take(sim), 0);
	assert_int_equal(got[DISK_BLOCK - 1], 7);
	// More than there is: not whole, so failed.
	assert_true(disk->ops->submit(disk, DISK_READ, file, DISK_BLOCK, got, sizeof(got), 3));
	assert_int_equal(take(sim), -EIO);
	disk->ops->free(disk);
}

static void requests__end_in_their_time(void **state)
{
	struct disk_sim *sim = stage(2);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");
	struct disk_done done;

	(void)state;
	assert_true(disk->ops->submit(disk, DISK_WRITE, file, 0, page, DISK_BLOCK, 1));
	assert_false(disk->ops->poll(disk, &done));
	assert_true(disk_sim_next_ns(sim) >= 20000 && disk_sim_next_ns(sim) <= 70000);
	disk_sim_stall(sim, 1000000);
	disk_sim_at(sim, 999999);
	assert_false(disk->ops->poll(disk, &done));
	assert_int_equal(disk_sim_next_ns(sim), 1000000);
	disk_sim_at(sim, 1000000);
	assert_true(disk->ops->poll(disk, &done));
	assert_int_equal(done.token, 1);
	for (uint64_t i = 0; i < DISK_REQUESTS_MAX; i++)
		assert_true(disk->ops->submit(disk, DISK_FLUSH, file, 0, NULL, 0, i));
	assert_false(disk->ops->submit(disk, DISK_FLUSH, file, 0, NULL, 0, 0));
	disk->ops->free(disk);
}

// Of many crashes: some keep all, some none, some a part, of the same unflushed block.
static void crash__loses_and_tears_what_was_not_flushed(void **state)
{
	uint32_t kept_all = 0, kept_none = 0, torn = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct disk_sim *sim = stage(seed);
		int file = open_file(sim, "a");
		const uint8_t *bytes;
		uint32_t sectors = 0;

		put(sim, file, 0, 1, DISK_BLOCK);
		flush(sim, file);
		flush(sim, DISK_FOLDER);
		put(sim, file, 0, 2, DISK_BLOCK);
		crash(sim);
		assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
		for (uint32_t at = 0; at < DISK_BLOCK; at += DISK_SIM_SECTOR) {
			assert_true(bytes[at] == 1 || bytes[at] == 2);
			assert_int_equal(bytes[at], bytes[at + DISK_SIM_SECTOR - 1]);
			sectors += bytes[at] == 2;
		}
		kept_all += sectors == 8;
		kept_none += sectors == 0;
		torn += sectors > 0 && sectors < 8;
		assert_int_equal(disk_sim_counts(sim)->writes_torn, sectors > 0 && sectors < 8);
		disk_sim_free(sim);
	}
	assert_true(kept_all > 10 && kept_none > 10 && torn > 50);
}

static void crash__keeps_what_was_flushed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct disk_sim *sim = stage(seed);
		int file = open_file(sim, "a");
		const uint8_t *bytes;

		put(sim, file, 0, 1, 2 * DISK_BLOCK);
		assert_int_equal(flush(sim, file), 0);
		assert_int_equal(flush(sim, DISK_FOLDER), 0);
		crash(sim);
		assert_int_equal(seen(sim, "a", &bytes), 2 * DISK_BLOCK);
		assert_memory_equal(bytes, page, 2 * DISK_BLOCK);
		disk_sim_free(sim);
	}
}

// A flush covers what had ended when it began, and nothing else.
static void flush__does_not_cover_a_write_under_way(void **state)
{
	struct disk_sim *sim = stage(3);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");
	const uint8_t *bytes;

	(void)state;
	put(sim, file, 0, 1, DISK_BLOCK);
	flush(sim, file);
	flush(sim, DISK_FOLDER);
	memset(page, 2, DISK_BLOCK);
	assert_true(disk->ops->submit(disk, DISK_WRITE, file, 0, page, DISK_BLOCK, 1));
	assert_true(disk->ops->submit(disk, DISK_FLUSH, file, 0, NULL, 0, 2));
	take(sim);
	take(sim);
	disk_sim_crash_keep(sim, NULL, NULL);
	disk_sim_power(sim);
	assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
	assert_int_equal(bytes[0], 1);
	disk_sim_free(sim);
}

static void names__are_lost_without_a_flush_of_the_folder(void **state)
{
	uint32_t there = 0, moved = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct disk_sim *sim = stage(seed);
		struct disk *disk = disk_sim_disk(sim);
		int file = open_file(sim, "a.new");
		const uint8_t *bytes;
		bool a, b;

		put(sim, file, 0, 1, DISK_BLOCK);
		flush(sim, file);
		assert_int_equal(disk->ops->rename(disk, "a.new", "a"), 0);
		crash(sim);
		a = seen(sim, "a.new", &bytes) >= 0;
		b = seen(sim, "a", &bytes) >= 0;
		assert_false(a && b);
		there += a;
		moved += b;
		disk_sim_free(sim);
	}
	assert_true(there > 10 && moved > 10 && there + moved < 90);
}

static void names__removed_ones_come_back(void **state)
{
	struct disk_sim *sim = stage(4);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");
	const uint8_t *bytes;

	(void)state;
	put(sim, file, 0, 9, DISK_BLOCK);
	flush(sim, file);
	flush(sim, DISK_FOLDER);
	disk->ops->close(disk, file);
	assert_int_equal(disk->ops->remove(disk, "a"), 0);
	assert_int_equal(seen(sim, "a", &bytes), -1);
	disk_sim_crash_keep(sim, NULL, NULL);
	disk_sim_power(sim);
	assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
	assert_int_equal(bytes[0], 9);
	assert_int_equal(disk->ops->remove(disk, "a"), 0);
	flush(sim, DISK_FOLDER);
	assert_int_equal(disk_sim_used(sim), 0);
	disk_sim_free(sim);
}

// Who is off touches nobody's memory and ends everything.
static void crash__ends_requests_with_an_error(void **state)
{
	struct disk_sim *sim = stage(5);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");
	struct disk_done done;
	uint64_t size;

	(void)state;
	put(sim, file, 0, 1, DISK_BLOCK);
	memset(got, 77, DISK_BLOCK);
	assert_true(disk->ops->submit(disk, DISK_READ, file, 0, got, DISK_BLOCK, 1));
	disk_sim_crash(sim);
	assert_true(disk->ops->submit(disk, DISK_READ, file, 0, got, DISK_BLOCK, 2));
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(disk->ops->poll(disk, &done));
		assert_int_equal(done.error, -EIO);
	}
	assert_false(disk->ops->poll(disk, &done));
	assert_int_equal(got[0], 77);
	assert_int_equal(disk->ops->open(disk, "b", true, &size), -EIO);
	disk_sim_power(sim);
	assert_true(disk->ops->open(disk, "b", true, &size) >= 0);
	disk_sim_free(sim);
}

static void exit__keeps_what_was_written(void **state)
{
	struct disk_sim *sim = stage(6);
	int file = open_file(sim, "a");
	const uint8_t *bytes;

	(void)state;
	put(sim, file, 0, 5, DISK_BLOCK);
	disk_sim_exit(sim);
	disk_sim_power(sim);
	assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
	assert_int_equal(bytes[0], 5);
	disk_sim_free(sim);
}

// A flush that failed: the next one ends well, and what waited is not durable for that.
static void fail__a_flush_that_failed_forgets(void **state)
{
	uint32_t lost = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct disk_sim *sim = stage(seed);
		int file = open_file(sim, "a");
		const uint8_t *bytes;

		put(sim, file, 0, 1, DISK_BLOCK);
		flush(sim, DISK_FOLDER);
		disk_sim_fail(sim, DISK_FLUSH, -EIO, 1);
		assert_int_equal(flush(sim, file), -EIO);
		assert_int_equal(flush(sim, file), 0);
		crash(sim);
		assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
		lost += memcmp(bytes, page, DISK_BLOCK) != 0;
		disk_sim_free(sim);
	}
	assert_true(lost > 40);
}

static void fail__as_often_as_told(void **state)
{
	struct disk_sim *sim = stage(7);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");

	(void)state;
	disk_sim_fail(sim, DISK_WRITE, -EIO, 2);
	assert_int_equal(put(sim, file, 0, 1, DISK_BLOCK), -EIO);
	assert_int_equal(put(sim, file, 0, 1, DISK_BLOCK), -EIO);
	assert_int_equal(put(sim, file, 0, 1, DISK_BLOCK), 0);
	disk_sim_fail(sim, DISK_READ, -EIO, 1);
	assert_int_equal(disk->ops->read_now(disk, file, 0, got, DISK_BLOCK), -EIO);
	assert_int_equal(disk->ops->read_now(disk, file, 0, got, DISK_BLOCK), DISK_BLOCK);
	assert_int_equal(disk_sim_counts(sim)->errors, 3);
	disk_sim_free(sim);
}

static void lie__is_found_by_a_crash(void **state)
{
	struct disk_sim *sim = stage(8);
	int file = open_file(sim, "a");
	const uint8_t *bytes;

	(void)state;
	flush(sim, DISK_FOLDER);
	disk_sim_lie(sim, true);
	put(sim, file, 0, 1, DISK_BLOCK);
	assert_int_equal(flush(sim, file), 0);
	disk_sim_crash_keep(sim, NULL, NULL);
	disk_sim_power(sim);
	assert_int_equal(seen(sim, "a", &bytes), 0);
	disk_sim_free(sim);
}

static void room__is_what_was_given(void **state)
{
	struct disk_sim *sim = stage(9);
	struct disk *disk = disk_sim_disk(sim);
	int file = open_file(sim, "a");

	(void)state;
	disk_sim_room(sim, 2 * DISK_BLOCK);
	assert_int_equal(disk->ops->allocate(disk, file, 3 * DISK_BLOCK), -ENOSPC);
	assert_int_equal(disk->ops->allocate(disk, file, 2 * DISK_BLOCK), 0);
	assert_int_equal(put(sim, file, DISK_BLOCK, 1, DISK_BLOCK), 0);
	assert_int_equal(put(sim, file, 2 * DISK_BLOCK, 1, DISK_BLOCK), -ENOSPC);
	assert_int_equal(disk_sim_used(sim), 2 * DISK_BLOCK);
	disk_sim_room(sim, 0);
	assert_int_equal(put(sim, file, 2 * DISK_BLOCK, 1, DISK_BLOCK), 0);
	disk_sim_free(sim);
}

static void misdirect__writes_elsewhere(void **state)
{
	struct disk_sim *sim = stage(10);
	int file = open_file(sim, "a");
	const uint8_t *bytes;
	uint32_t elsewhere = 0;

	(void)state;
	put(sim, file, 0, 1, 4 * DISK_BLOCK);
	disk_sim_misdirect(sim, true);
	assert_int_equal(put(sim, file, DISK_BLOCK, 2, DISK_BLOCK), 0);
	assert_int_equal(seen(sim, "a", &bytes), 4 * DISK_BLOCK);
	assert_int_equal(bytes[DISK_BLOCK], 1);
	for (uint32_t i = 0; i < 4; i++)
		elsewhere += bytes[i * DISK_BLOCK] == 2;
	assert_int_equal(elsewhere, 1);
	disk_sim_free(sim);
}

static void rot__flips_one_bit(void **state)
{
	struct disk_sim *sim = stage(11);
	int file = open_file(sim, "log.1");
	char where[DISK_NAME_MAX];
	const uint8_t *bytes;
	uint32_t flipped = 0;
	uint64_t bit;

	(void)state;
	put(sim, file, 0, 0, DISK_BLOCK);
	put(sim, file, DISK_BLOCK, 0xff, DISK_BLOCK);
	assert_false(disk_sim_rot_any(sim, "log", where, &bit)); // nothing is durable
	flush(sim, file);
	flush(sim, DISK_FOLDER);
	assert_false(disk_sim_rot_any(sim, "meta", where, &bit));
	assert_true(disk_sim_rot_any(sim, "log", where, &bit));
	assert_string_equal(where, "log.1");
	assert_in_range(bit, DISK_BLOCK * 8, 2 * DISK_BLOCK * 8 - 1);
	crash(sim);
	assert_int_equal(seen(sim, "log.1", &bytes), 2 * DISK_BLOCK);
	for (uint32_t i = 0; i < DISK_BLOCK; i++)
		flipped += 8 - (uint32_t)__builtin_popcount(bytes[DISK_BLOCK + i]);
	assert_int_equal(flipped, 1);
	disk_sim_free(sim);
}

// Every subset of sectors that a caller asks for, on copies of one disk.
static bool keep_mask(void *owner, const char *name, uint64_t sector, uint32_t number, uint32_t of)
{
	(void)name, (void)number, (void)of;
	return *(uint32_t *)owner >> sector & 1;
}

static void copy__crashes_by_itself(void **state)
{
	struct disk_sim *sim = stage(12);
	int file = open_file(sim, "a");
	const uint8_t *bytes;

	(void)state;
	put(sim, file, 0, 3, DISK_BLOCK);
	for (uint32_t mask = 0; mask < 256; mask++) {
		struct disk_sim *copy = disk_sim_copy(sim);

		disk_sim_crash_keep(copy, keep_mask, &mask);
		disk_sim_power(copy);
		assert_int_equal(seen(copy, "a", &bytes), DISK_BLOCK);
		for (uint32_t s = 0; s < 8; s++)
			assert_int_equal(bytes[s * DISK_SIM_SECTOR], mask >> s & 1 ? 3 : 0);
		disk_sim_free(copy);
	}
	assert_int_equal(seen(sim, "a", &bytes), DISK_BLOCK);
	assert_int_equal(bytes[0], 3);
	disk_sim_free(sim);
}

static void same_seed__same_disk(void **state)
{
	const uint8_t *a, *b;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct disk_sim *sims[2] = {stage(seed), stage(seed)};

		for (uint32_t i = 0; i < 2; i++) {
			int file = open_file(sims[i], "a");

			put(sims[i], file, 0, 1, 4 * DISK_BLOCK);
			flush(sims[i], DISK_FOLDER);
			crash(sims[i]);
		}
		assert_int_equal(seen(sims[0], "a", &a), seen(sims[1], "a", &b));
		assert_memory_equal(a, b, (size_t)seen(sims[0], "a", &a));
		disk_sim_free(sims[0]);
		disk_sim_free(sims[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read__sees_what_was_written),
		cmocka_unit_test(requests__end_in_their_time),
		cmocka_unit_test(crash__loses_and_tears_what_was_not_flushed),
		cmocka_unit_test(crash__keeps_what_was_flushed),
		cmocka_unit_test(flush__does_not_cover_a_write_under_way),
		cmocka_unit_test(names__are_lost_without_a_flush_of_the_folder),
		cmocka_unit_test(names__removed_ones_come_back),
		cmocka_unit_test(crash__ends_requests_with_an_error),
		cmocka_unit_test(exit__keeps_what_was_written),
		cmocka_unit_test(fail__a_flush_that_failed_forgets),
		cmocka_unit_test(fail__as_often_as_told),
		cmocka_unit_test(lie__is_found_by_a_crash),
		cmocka_unit_test(room__is_what_was_given),
		cmocka_unit_test(misdirect__writes_elsewhere),
		cmocka_unit_test(rot__flips_one_bit),
		cmocka_unit_test(copy__crashes_by_itself),
		cmocka_unit_test(same_seed__same_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
