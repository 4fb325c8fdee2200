// What the disk refuses: errors stop the store, want of room does not; a flush that lies is seen to
// lose.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/control/store/stage.h"

static void expect_stopped(enum disk_op op)
{
	struct stage stage;
	struct store_status status;

	stage_init(&stage, 31);
	stage_open(&stage);
	stage_append(&stage, 1, 10, 1);
	stage_run(&stage);
	disk_sim_fail(stage.sim, op, -EIO, 1);
	stage_append(&stage, 11, 12, 1);
	assert_int_equal(stage.error, -EIO);
	assert_int_equal(stage.told, 1);
	store_status(stage.store, &status);
	assert_int_equal(status.failed, -EIO);
	assert_int_equal(status.durable, 10);
	// The disk would work again; nobody tries.
	stage_append(&stage, 13, 14, 1);
	stage_vote(&stage, 2, 1);
	stage_run(&stage);
	assert_int_equal(stage.errors, 3);
	assert_int_equal(stage.told, 1);
	assert_true(store_idle(stage.store));
	assert_int_equal(
		store_snapshot_begin(stage.store, 5, 1, &(struct raft_conf){0}, false), -EIO);
	stage_crash(&stage);
	assert_true(stage.found.verdict == STORE_CLEAN || stage.found.verdict == STORE_TORN);
	assert_true(stage.found.last == 10 || stage.found.last == 12);
	stage_expect(&stage, 1, 10, 1);
	stage_fini(&stage);
}

static void store_write__an_error_of_a_write_stops_it(void **state)
{
	(void)state;
	expect_stopped(DISK_WRITE);
}

static void store_write__an_error_of_a_flush_stops_it(void **state)
{
	(void)state;
	expect_stopped(DISK_FLUSH);
}

static void store_write__metadata_too(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 32);
	stage_open(&stage);
	stage_vote(&stage, 1, 1);
	stage_run(&stage);
	disk_sim_fail(stage.sim, DISK_FLUSH, -EIO, 1);
	stage_vote(&stage, 2, 2);
	stage_run(&stage);
	assert_int_equal(stage.error, -EIO);
	assert_int_equal(stage.told, 1);
	stage_fini(&stage);
}

// Refused before anything is written, and in order; what is written again afterwards is there.
static void store_write__goes_on_when_there_is_room(void **state)
{
	struct stage stage;
	struct store_status status;
	uint64_t last = 0, refused;

	(void)state;
	stage_init(&stage, 33);
	disk_sim_room(stage.sim, 200 * 1024);
	stage_open(&stage);
	while (stage.error == 0) {
		stage_append(&stage, last + 1, last + 50, 1);
		if (stage.error == 0)
			last += 50;
	}
	assert_int_equal(stage.error, -ENOSPC);
	assert_true(last > 500);
	store_status(stage.store, &status);
	assert_int_equal(status.failed, 0);
	assert_true(status.full);
	assert_int_equal(status.durable, last);
	refused = stage.errors;
	stage_write(&stage, 0, last + 51, last + 52, 1); // follows what was refused
	stage_write(&stage, 0, last + 1, last + 50, 1);  // the same again
	stage_run(&stage);
	assert_int_equal(stage.errors, refused + 2);
	stage_vote(&stage, 9, 9); // needs no room
	stage_run(&stage);
	assert_int_equal(stage.errors, refused + 2);
	disk_sim_room(stage.sim, 0);
	stage_append(&stage, last + 1, last + 50, 9);
	assert_int_equal(stage.told, stage.next_id);
	store_status(stage.store, &status);
	assert_false(status.full);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, last + 50);
	assert_int_equal(stage.found.boot.vote, 9);
	stage_expect(&stage, 1, last, 1);
	stage_fini(&stage);
}

static void store_config__bytes_max_is_a_full_disk(void **state)
{
	struct stage stage;
	struct store_status status;
	uint64_t last = 0;

	(void)state;
	stage_init(&stage, 34);
	stage.config.bytes_max = 420 * 1024;
	stage_open(&stage);
	while (stage.error == 0) {
		stage_append(&stage, last + 1, last + 50, 1);
		last += stage.error == 0 ? 50 : 0;
	}
	assert_int_equal(stage.error, -ENOSPC);
	assert_true(disk_sim_used(stage.sim) <= 420 * 1024);
	// A snapshot makes room: its segments become the next ones.
	assert_int_equal(stage_snapshot(&stage, last, 1, 1000, false), 0);
	stage_run(&stage);
	store_compact(stage.store, last);
	stage_run(&stage);
	stage_append(&stage, last + 1, last + 50, 1);
	assert_int_equal(stage.told, stage.next_id);
	store_status(stage.store, &status);
	assert_false(status.full);
	assert_int_equal(stage_snapshot(&stage, last + 50, 1, 500000, false), -ENOSPC);
	stage_run(&stage);
	assert_true(store_idle(stage.store));
	stage_append(&stage, last + 51, last + 60, 1);
	assert_int_equal(stage.told, stage.next_id);
	stage_fini(&stage);
}

// The harness would see a flush that is missing: with a disk that lies, acknowledged entries go.
static void store_write__a_flush_that_lies_loses(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 35);
	stage_open(&stage);
	stage_append(&stage, 1, 10, 1);
	disk_sim_lie(stage.sim, true);
	stage_append(&stage, 11, 20, 1);
	assert_int_equal(stage.told, stage.next_id);
	disk_sim_crash_keep(stage.sim, NULL, NULL);
	store_turn(stage.store);
	stage_close(&stage);
	disk_sim_power(stage.sim);
	disk_sim_lie(stage.sim, false);
	stage_open(&stage);
	assert_int_equal(stage.found.last, 10);
	stage_fini(&stage);
}

static void store_snapshot__given_up(void **state)
{
	struct stage stage;
	struct raft_conf conf = {0};
	uint8_t bytes[100000] = {0};

	(void)state;
	stage_init(&stage, 36);
	stage_open(&stage);
	stage_append(&stage, 1, 10, 1);
	assert_int_equal(store_snapshot_begin(stage.store, 10, 1, &conf, false), 0);
	assert_int_equal(store_snapshot_begin(stage.store, 10, 1, &conf, false), -EBUSY);
	assert_int_equal(store_snapshot_add(stage.store, 1, bytes, sizeof(bytes)), 0);
	assert_int_equal(store_snapshot_add(stage.store, 2, bytes, sizeof(bytes)), -EBUSY);
	store_snapshot_abort(stage.store);
	stage_run(&stage);
	assert_int_equal(stage.chunks, 0);
	assert_int_equal(store_snapshot_begin(stage.store, 10, 1, &conf, false), 0);
	store_snapshot_abort(stage.store);
	assert_int_equal(stage_snapshot(&stage, 10, 1, 0, false), 0); // an empty one is one
	stage_run(&stage);
	assert_int_equal(stage.snapshot, 10);
	stage_crash(&stage);
	assert_int_equal(stage.found.boot.snapshot_index, 10);
	assert_int_equal(store_snapshot_begin(stage.store, 10, 1, &conf, false), -EEXIST);
	stage_fini(&stage);
}

static void store_snapshot__rot_is_told(void **state)
{
	struct stage stage;
	uint8_t bytes[4096];

	(void)state;
	stage_init(&stage, 37);
	stage_open(&stage);
	stage_append(&stage, 1, 10, 1);
	assert_int_equal(stage_snapshot(&stage, 10, 1, 100000, false), 0);
	stage_run(&stage);
	assert_true(disk_sim_rot(stage.sim, "snap.000000000000000a", (8192 + 70000) * 8));
	assert_int_equal(store_snapshot_read(stage.store, 1, 10, 0, bytes, sizeof(bytes)), 0);
	stage_run(&stage);
	assert_int_equal(stage.chunk_error, 0);
	assert_int_equal(store_snapshot_read(stage.store, 2, 10, 66000, bytes, sizeof(bytes)), 0);
	stage_run(&stage);
	assert_int_equal(stage.chunk_error, -EUCLEAN);
	stage_append(&stage, 11, 12, 1); // and the store goes on
	assert_int_equal(stage.told, stage.next_id);
	stage_fini(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_write__an_error_of_a_write_stops_it),
		cmocka_unit_test(store_write__an_error_of_a_flush_stops_it),
		cmocka_unit_test(store_write__metadata_too),
		cmocka_unit_test(store_write__goes_on_when_there_is_room),
		cmocka_unit_test(store_config__bytes_max_is_a_full_disk),
		cmocka_unit_test(store_write__a_flush_that_lies_loses),
		cmocka_unit_test(store_snapshot__given_up),
		cmocka_unit_test(store_snapshot__rot_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
