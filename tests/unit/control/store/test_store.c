// The store on a simulated disk: what was acknowledged is there after every kind of end.
#include "tests/unit/control/store/stage.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void store_open__a_new_folder_is_empty(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 1);
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_EMPTY);
	assert_int_equal(stage.found.first, 1);
	assert_int_equal(stage.found.last, 0);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	stage_fini(&stage);
}

static void store_write__is_there_after_a_crash(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 2);
	stage_open(&stage);
	stage_vote(&stage, 3, 9);
	stage_append(&stage, 1, 10, 3);
	stage_append(&stage, 11, 11, 3);
	assert_int_equal(stage.told, stage.next_id);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.boot.term, 3);
	assert_int_equal(stage.found.boot.vote, 9);
	assert_int_equal(stage.found.first, 1);
	assert_int_equal(stage.found.last, 11);
	stage_expect(&stage, 1, 11, 3);
	stage_append(&stage, 12, 20, 4); // and it goes on
	stage_crash(&stage);
	assert_int_equal(stage.found.last, 20);
	stage_expect(&stage, 12, 20, 4);
	stage_fini(&stage);
}

static void store_write__truncates(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 3);
	stage_open(&stage);
	stage_append(&stage, 1, 10, 1);
	stage_write(&stage, 6, 6, 7, 2);
	stage_run(&stage);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 7);
	stage_expect(&stage, 1, 5, 1);
	stage_expect(&stage, 6, 7, 2);
	stage_fini(&stage);
}

static void store_write__goes_over_many_segments(void **state)
{
	struct stage stage;
	struct store_status status;

	(void)state;
	stage_init(&stage, 4);
	stage_open(&stage);
	for (uint64_t i = 0; i < 200; i++)
		stage_append(&stage, i * 20 + 1, i * 20 + 20, 1);
	store_status(stage.store, &status);
	assert_true(status.segments > 5);
	assert_int_equal(status.durable, 4000);
	assert_int_equal(status.groups, 200);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.first, 1);
	assert_int_equal(stage.found.last, 4000);
	stage_expect(&stage, 1, 4000, 1);
	stage_fini(&stage);
}

// Sixteen writes while one is under way share the next flush.
static void store_write__gathers(void **state)
{
	struct stage stage;
	struct store_status status;

	(void)state;
	stage_init(&stage, 5);
	stage_open(&stage);
	stage_append(&stage, 1, 1, 1);
	stage_write(&stage, 0, 2, 2, 1);
	store_turn(stage.store);
	for (uint64_t i = 3; i <= 18; i++)
		stage_write(&stage, 0, i, i, 1);
	stage_run(&stage);
	store_status(stage.store, &status);
	assert_int_equal(stage.told, stage.next_id);
	assert_int_equal(status.groups, 3);
	stage_fini(&stage);
}

static void store_snapshot__whole_and_read(void **state)
{
	struct stage stage;
	uint8_t bytes[300000];

	(void)state;
	stage_init(&stage, 6);
	stage_open(&stage);
	for (uint64_t i = 0; i < 100; i++)
		stage_append(&stage, i * 20 + 1, i * 20 + 20, 1);
	assert_int_equal(stage_snapshot(&stage, 1500, 1, sizeof(bytes), false), 0);
	stage_run(&stage);
	assert_int_equal(stage.snapshot, 1500);
	store_compact(stage.store, 1500);
	stage_run(&stage);
	stage.chunks = 0;
	assert_int_equal(store_snapshot_read(stage.store, 1, 1500, 65000, bytes, 70000), 0);
	stage_run(&stage);
	assert_int_equal(stage.chunks, 1);
	for (uint32_t i = 0; i < 70000; i++)
		assert_int_equal(bytes[i], stage_snapshot_byte(1500, 65000 + i));
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.boot.snapshot_index, 1500);
	assert_int_equal(stage.found.boot.snapshot_size, sizeof(bytes));
	assert_int_equal(stage.found.boot.conf.members, 1);
	assert_true(stage.found.first > 1 && stage.found.first <= 1501);
	assert_int_equal(stage.found.last, 2000);
	assert_int_equal(
		store_snapshot_read_now(stage.store, 1500, 0, bytes, sizeof(bytes)), sizeof(bytes));
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], stage_snapshot_byte(1500, i));
	stage_fini(&stage);
}

static void store_snapshot__received_replaces_the_log(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 7);
	stage_open(&stage);
	for (uint64_t i = 0; i < 100; i++)
		stage_append(&stage, i * 20 + 1, i * 20 + 20, 1);
	assert_int_equal(stage_snapshot(&stage, 5000, 2, 1000, true), 0);
	stage_run(&stage);
	assert_int_equal(stage.snapshot, 5000);
	stage_append(&stage, 5001, 5010, 2);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.boot.snapshot_index, 5000);
	assert_int_equal(stage.found.first, 5001);
	assert_int_equal(stage.found.last, 5010);
	stage_expect(&stage, 5001, 5010, 2);
	stage_fini(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_open__a_new_folder_is_empty),
		cmocka_unit_test(store_write__is_there_after_a_crash),
		cmocka_unit_test(store_write__truncates),
		cmocka_unit_test(store_write__goes_over_many_segments),
		cmocka_unit_test(store_write__gathers),
		cmocka_unit_test(store_snapshot__whole_and_read),
		cmocka_unit_test(store_snapshot__received_replaces_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
