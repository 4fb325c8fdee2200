// A few nodes together: they meet, notice the dead, part and meet again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/control/cluster/swim/stage.h"

static void join__all_know_all_within_seconds(void **state)
{
	(void)state;
	struct stage *stage = stage_new(32, 64);

	stage_join_all(stage);
	stage_run(stage, 3000);
	assert_true(stage_full_mesh(stage));
	assert_int_equal(swim_count(stage->nodes[7]), 32);
	stage_free(stage);
}

static void join__the_seed_may_come_later(void **state)
{
	(void)state;
	struct stage *stage = stage_new(3, 16);

	stage->down[0] = true;
	stage_join_all(stage);
	stage_run(stage, 20000);
	assert_int_equal(stage_state(stage, 1, 2), SWIM_ABSENT);
	stage_start(stage, 0);
	stage_run(stage, 8000);
	assert_true(stage_full_mesh(stage));
	stage_free(stage);
}

// Who asked too early asks again after a second, not when the rejoin prober comes by.
static void join__a_seed_that_comes_a_little_later_is_asked_again_soon(void **state)
{
	(void)state;
	struct stage *stage = stage_new(8, 16);

	stage->down[0] = true;
	stage_join_all(stage);
	stage_run(stage, 500);
	stage_start(stage, 0);
	stage_run(stage, 2000);
	assert_true(stage_full_mesh(stage));
	stage_free(stage);
}

static void idle__nobody_is_suspected_and_little_is_said(void **state)
{
	(void)state;
	struct stage *stage = stage_new(32, 64);
	uint64_t datagrams;

	stage_join_all(stage);
	stage_run(stage, 10000);
	datagrams = stage->datagrams;
	stage_run(stage, 60000);
	assert_int_equal(stage->changes[SWIM_SUSPECT], 0);
	assert_true(stage->datagrams - datagrams <= 32 * 60 * 2 * 2 + 32 * 60);
	stage_free(stage);
}

static double quiet_bytes(uint32_t nodes)
{
	struct stage *stage = stage_new(nodes, 64);
	double bytes;

	stage_join_all(stage);
	stage_run(stage, 60000);
	stage->bytes = 0;
	stage_run(stage, 60000);
	bytes = (double)stage->bytes / 60 / nodes;
	stage_free(stage);
	return bytes;
}

static void idle__a_member_of_a_large_cluster_says_no_more(void **state)
{
	(void)state;
	double small = quiet_bytes(8), large = quiet_bytes(64);

	assert_true(small > 75 && small < 100); // two pings and two answers a second
	assert_true(large < small * 1.1);       // two digits in names
}

static void crash__is_noticed_by_all_within_the_bound(void **state)
{
	(void)state;
	struct stage *stage = stage_new(16, 32);

	stage_join_all(stage);
	stage_run(stage, 5000);
	stage->down[3] = true;
	// a round of probes, twice the interval of the last, then the longest suspicion
	stage_run(stage, 2 * 16 * 500 + 1000 + 6 * 3 * 1231 / 2 + 1000);
	for (uint32_t i = 0; i < 16; i++)
		if (i != 3)
			assert_int_equal(stage_state(stage, i, 3), SWIM_DEAD);
	assert_int_equal(stage->changes[SWIM_DEAD], 15);
	stage_free(stage);
}

static void restart__the_new_one_is_alive_with_a_higher_incarnation(void **state)
{
	(void)state;
	struct stage *stage = stage_new(8, 32);
	struct swim_view view;

	stage_join_all(stage);
	stage_run(stage, 3000);
	stage->down[3] = true;
	stage_run(stage, 30000);
	assert_int_equal(stage_state(stage, 0, 3), SWIM_DEAD);
	stage_start(stage, 3);
	swim_join(stage->nodes[3], stage->now_ns, stage_address(0), STAGE_PORT);
	stage_run(stage, 5000);
	assert_true(stage_full_mesh(stage));
	swim_member(stage->nodes[5], swim_find(stage->nodes[5], "n3"), &view);
	assert_true(view.incarnation > 1);
	stage_free(stage);
}

// Nobody noticed that it was away: its new metadata arrives all the same.
static void restart__unnoticed_the_new_metadata_arrives(void **state)
{
	(void)state;
	struct stage *stage = stage_new(8, 32);
	struct swim_view view;

	stage_join_all(stage);
	swim_meta_set(stage->nodes[3], stage->now_ns, (const uint8_t *)"old", 3);
	stage_run(stage, 5000);
	stage_start(stage, 3);
	swim_meta_set(stage->nodes[3], stage->now_ns, (const uint8_t *)"new", 3);
	swim_join(stage->nodes[3], stage->now_ns, stage_address(0), STAGE_PORT);
	stage_run(stage, 5000);
	for (uint32_t i = 0; i < 8; i++) {
		assert_true(swim_member(stage->nodes[i], swim_find(stage->nodes[i], "n3"), &view));
		assert_int_equal(view.meta_size, 3);
		assert_memory_equal(view.meta, "new", 3);
	}
	stage_free(stage);
}

// Whom the others ask needs no seeds, also when it starts again before anybody noticed.
static void restart__of_a_seed_that_knows_nobody_is_over_in_a_second(void **state)
{
	(void)state;
	struct stage *stage = stage_new(3, 32);

	stage_join_all(stage);
	stage_run(stage, 3000);
	stage_start(stage, 0);
	stage_run(stage, 1000);
	assert_true(stage_full_mesh(stage));
	assert_int_equal(stage->changes[SWIM_SUSPECT], 0);
	stage_free(stage);
}

static void leave__everybody_hears_left_not_dead(void **state)
{
	(void)state;
	struct stage *stage = stage_new(16, 32);

	stage_join_all(stage);
	stage_run(stage, 5000);
	swim_leave(stage->nodes[3], stage->now_ns);
	stage_run(stage, 6000);
	assert_true(swim_left(stage->nodes[3]));
	assert_true(swim_next_ns(stage->nodes[3]) == UINT64_MAX);
	stage_run(stage, 60000);
	for (uint32_t i = 0; i < 16; i++)
		if (i != 3)
			assert_int_equal(stage_state(stage, i, 3), SWIM_LEFT);
	assert_int_equal(stage->changes[SWIM_DEAD], 0);
	stage_free(stage);
}

static void meta__reaches_all_and_its_version_goes_up(void **state)
{
	(void)state;
	struct stage *stage = stage_new(16, 32);
	struct swim_view view;
	uint8_t meta[SWIM_META_MAX + 1] = {1, 2, 3};

	stage_join_all(stage);
	stage_run(stage, 5000);
	assert_false(swim_meta_set(stage->nodes[2], stage->now_ns, meta, sizeof(meta)));
	assert_true(swim_meta_set(stage->nodes[2], stage->now_ns, meta, SWIM_META_MAX));
	stage_run(stage, 3000);
	for (uint32_t i = 0; i < 16; i++) {
		assert_true(swim_member(stage->nodes[i], swim_find(stage->nodes[i], "n2"), &view));
		assert_int_equal(view.meta_version, 2);
		assert_int_equal(view.meta_size, SWIM_META_MAX);
		assert_memory_equal(view.meta, meta, SWIM_META_MAX);
	}
	stage_free(stage);
}

static void partition__heals_by_itself_after_ten_minutes(void **state)
{
	(void)state;
	struct stage *stage = stage_new(20, 32);

	stage_join_all(stage);
	stage_run(stage, 5000);
	for (uint32_t i = 0; i < 10; i++)
		stage->side[i] = 1;
	stage_run(stage, 600000);
	for (uint32_t i = 0; i < 10; i++)
		for (uint32_t j = 10; j < 20; j++) {
			assert_int_equal(stage_state(stage, i, j), SWIM_DEAD);
			assert_int_equal(stage_state(stage, j, i), SWIM_DEAD);
		}
	memset(stage->side, 0, sizeof(stage->side));
	stage_run(stage, 20000);
	assert_true(stage_full_mesh(stage));
	stage_free(stage);
}

// Two that know each other by their seeds alone, and forgot even that the other was dead.
static void partition__heals_by_seeds_when_the_dead_are_forgotten(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 16);

	for (uint32_t i = 0; i < 2; i++) {
		stage->configs[i].dead_remember_ms = 40000;
		stage_start(stage, i);
	}
	stage_join_all(stage);
	stage_run(stage, 5000);
	assert_true(stage_full_mesh(stage));
	stage->side[1] = 1;
	stage_run(stage, 200000);
	assert_int_equal(stage_state(stage, 0, 1), SWIM_ABSENT);
	assert_int_equal(stage_state(stage, 1, 0), SWIM_ABSENT);
	stage->side[1] = 0;
	stage_run(stage, 12000);
	assert_true(stage_full_mesh(stage));
	stage_free(stage);
}

// Somebody missed that a member protested, and asks it: the answer says it again.
static void rejoin__who_is_wrongly_dead_to_one_says_so_when_asked(void **state)
{
	(void)state;
	static struct swim_output out;
	struct stage *stage = stage_new(4, 16);
	struct swim *swim = stage->nodes[1];
	struct swim_report report;

	stage_join_all(stage);
	stage_run(stage, 3000);
	stage->nodes[2]->members[SWIM_SELF].incarnation = 5;
	swim_output_clear(&out);
	on_dead(swim, swim_find(swim, "n2"), 4, false, &out);
	updates_remove(swim, swim_find(swim, "n2"));
	stage_run(stage, 6000);
	assert_int_equal(stage_state(stage, 1, 2), SWIM_ALIVE);
	swim_report(stage->nodes[2], &report);
	assert_int_equal(report.refuted, 0); // it had nothing to add to what it said before
	stage_free(stage);
}

static void name__the_older_one_keeps_it_and_both_hear(void **state)
{
	(void)state;
	struct stage *stage = stage_new(5, 16);
	struct swim_view view;

	snprintf(stage->configs[4].name, NAME_SIZE, "n2");
	stage_start(stage, 4);
	stage->down[4] = true;
	stage_join_all(stage);
	stage_run(stage, 3000);
	assert_int_equal(stage->conflicts, 0);
	stage->down[4] = false;
	stage_start(stage, 4);
	swim_join(stage->nodes[4], stage->now_ns, stage_address(0), STAGE_PORT);
	stage_run(stage, 40000);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(swim_member(stage->nodes[i], swim_find(stage->nodes[i], "n2"), &view));
		assert_true(address_equal(view.address, stage_address(2)));
		assert_int_equal(view.state, SWIM_ALIVE);
	}
	struct swim_report report;

	swim_report(stage->nodes[4], &report);
	assert_true(report.conflicts > 0);
	swim_report(stage->nodes[0], &report);
	assert_true(report.conflicts > 0);
	stage_free(stage);
}

static void ping__says_how_long_it_took_or_that_nobody_answered(void **state)
{
	(void)state;
	static struct swim_output out;
	struct stage *stage = stage_new(3, 16);
	uint32_t member;

	stage_join_all(stage);
	stage_run(stage, 3000);
	member = swim_find(stage->nodes[1], "n2");
	swim_output_clear(&out);
	assert_true(swim_ping(stage->nodes[1], stage->now_ns, member, 42, &out));
	assert_false(swim_ping(stage->nodes[1], stage->now_ns, SWIM_SELF, 1, &out));
	assert_false(swim_ping(stage->nodes[1], stage->now_ns, 99, 1, &out));
	stage_send(stage, 1, &out);
	stage_run(stage, 10);
	assert_int_equal(stage->pongs, 1);
	assert_true(stage->pong.ok && stage->pong.cookie == 42);
	assert_int_equal(stage->pong.rtt_ns, STAGE_MS(2));
	stage->down[2] = true;
	swim_output_clear(&out);
	assert_true(swim_ping(stage->nodes[1], stage->now_ns, member, 43, &out));
	stage_send(stage, 1, &out);
	stage_run(stage, 801);
	assert_int_equal(stage->pongs, 2);
	assert_true(!stage->pong.ok && stage->pong.cookie == 43);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join__all_know_all_within_seconds),
		cmocka_unit_test(join__the_seed_may_come_later),
		cmocka_unit_test(join__a_seed_that_comes_a_little_later_is_asked_again_soon),
		cmocka_unit_test(idle__nobody_is_suspected_and_little_is_said),
		cmocka_unit_test(idle__a_member_of_a_large_cluster_says_no_more),
		cmocka_unit_test(crash__is_noticed_by_all_within_the_bound),
		cmocka_unit_test(restart__the_new_one_is_alive_with_a_higher_incarnation),
		cmocka_unit_test(restart__unnoticed_the_new_metadata_arrives),
		cmocka_unit_test(restart__of_a_seed_that_knows_nobody_is_over_in_a_second),
		cmocka_unit_test(leave__everybody_hears_left_not_dead),
		cmocka_unit_test(meta__reaches_all_and_its_version_goes_up),
		cmocka_unit_test(partition__heals_by_itself_after_ten_minutes),
		cmocka_unit_test(partition__heals_by_seeds_when_the_dead_are_forgotten),
		cmocka_unit_test(rejoin__who_is_wrongly_dead_to_one_says_so_when_asked),
		cmocka_unit_test(name__the_older_one_keeps_it_and_both_hear),
		cmocka_unit_test(ping__says_how_long_it_took_or_that_nobody_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
