// A suspect's time: longer in large clusters, shorter with each accuser, longer while we are ill.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/control/cluster/swim/stage.h"

static struct swim_output out;

static uint64_t time_of(const struct swim *swim, uint32_t member)
{
	return (suspicion_deadline(swim, &swim->members[member]) - swim->members[member].since_ns) /
	       1000000;
}

static void log10__is_close(void **state)
{
	(void)state;
	const uint32_t n[] = {1, 2, 10, 33, 100, 1000, 3000, 10000, 16384};
	const uint32_t milli[] = {0, 301, 1000, 1519, 2000, 3000, 3477, 4000, 4214};

	for (int i = 0; i < 9; i++)
		assert_in_range(log10_milli(n[i]) + 27, milli[i], milli[i] + 27);
	assert_int_equal(log10_ceil(1), 0);
	assert_int_equal(log10_ceil(10), 1);
	assert_int_equal(log10_ceil(11), 2);
	assert_int_equal(log10_ceil(1001), 4);
}

static void deadline__grows_with_the_logarithm_of_the_members(void **state)
{
	(void)state;
	uint32_t members[] = {3, 98, 998};
	uint64_t least[] = {1500, 3000, 4500}, time;

	for (int i = 0; i < 3; i++) {
		struct stage *stage = stage_with(members[i], &out);
		struct swim *swim = stage->nodes[0];

		on_suspect(swim, 1, 1, 2, &out);
		time = time_of(swim, 1);
		assert_in_range(time, least[i] * 6 * 98 / 100, least[i] * 6);
		swim->config.lifeguard = false;
		time = time_of(swim, 1);
		assert_in_range(time, least[i] * 98 / 100, least[i]);
		stage_free(stage);
	}
}

static void confirm__each_accuser_counts_once_and_shortens_it(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t most, least;

	on_suspect(swim, 1, 1, 2, &out);
	most = time_of(swim, 1);
	least = most / 6;
	on_suspect(swim, 1, 1, 2, &out); // the same
	assert_int_equal(time_of(swim, 1), most);
	on_suspect(swim, 1, 1, SWIM_NONE, &out); // nobody that we know
	assert_int_equal(time_of(swim, 1), most);
	on_suspect(swim, 1, 1, 3, &out);
	assert_in_range(time_of(swim, 1), (most + least) / 2 - 1, (most + least) / 2 + 1);
	on_suspect(swim, 1, 1, 4, &out);
	assert_in_range(time_of(swim, 1), least + (most - least) * 207 / 1000,
		least + (most - least) * 209 / 1000);
	on_suspect(swim, 1, 1, 5, &out);
	assert_in_range(time_of(swim, 1), least, least + 1);
	on_suspect(swim, 1, 1, 6, &out);
	assert_in_range(time_of(swim, 1), least, least + 1);
	stage_free(stage);
}

static void deadline__grows_with_our_own_ill_health(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t well;

	on_suspect(swim, 1, 1, 2, &out);
	well = time_of(swim, 1);
	swim_health_set(swim, 2);
	assert_int_equal(time_of(swim, 1) / 3, well);
	stage_free(stage);
}

static void confirm__is_said_again_with_the_name_of_the_accuser(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	struct writer writer = {.bytes = out.send[0].bytes, .room = SWIM_DATAGRAM_MAX};
	struct reader reader = {.at = writer.bytes};
	struct message message;
	struct rumour rumour;

	on_suspect(swim, 1, 1, 2, &out);
	updates_remove(swim, 1);
	on_suspect(swim, 1, 1, 3, &out);
	assert_int_not_equal(swim->members[1].update, NO_UPDATE);
	update_write(swim, 1, &writer);
	reader.left = writer.size;
	assert_true(message_next(&reader, &message) && rumour_read(&message, &rumour));
	assert_int_equal(message.kind, SWIM_SAY_SUSPECT);
	assert_string_equal(rumour.name, "m1");
	assert_string_equal(rumour.from, "m3");
	stage_free(stage);
}

static void expiry__the_suspect_is_dead_then_and_not_before(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t due;

	on_suspect(swim, 1, 1, 2, &out);
	due = suspicion_deadline(swim, &swim->members[1]);
	assert_true(swim_next_ns(swim) <= due);
	swim->now_ns = due - 1;
	troubled_tick(swim, &out);
	assert_int_equal(swim->members[1].state, SWIM_SUSPECT);
	swim->now_ns = due;
	troubled_tick(swim, &out);
	assert_int_equal(swim->members[1].state, SWIM_DEAD);
	assert_int_equal(swim->report.declared_dead, 1);
	stage_free(stage);
}

static void expiry__more_than_one_call_can_tell_come_in_the_next(void **state)
{
	(void)state;
	struct stage *stage = stage_with(100, &out);
	struct swim *swim = stage->nodes[0];

	for (uint32_t i = 1; i <= 100; i++)
		on_suspect(swim, i, 1, SWIM_SELF, &out);
	swim->now_ns += STAGE_MS(100000);
	out.changes = SWIM_CHANGES_MAX - 10;
	troubled_tick(swim, &out);
	assert_int_equal(swim->counts[SWIM_DEAD], 10);
	assert_true(swim->expiry_ns <= swim->now_ns);
	swim_output_clear(&out);
	troubled_tick(swim, &out);
	assert_int_equal(swim->counts[SWIM_DEAD], 100);
	stage_free(stage);
}

static void forget__the_dead_go_and_their_slots_are_used_again(void **state)
{
	(void)state;
	struct stage *stage = stage_with(3, &out);
	struct swim *swim = stage->nodes[0];
	struct swim_view view;

	on_dead(swim, 2, 1, false, &out);
	swim->now_ns += SWIM_MS(swim->config.dead_remember_ms);
	swim_output_clear(&out);
	troubled_tick(swim, &out);
	assert_int_equal(out.changes, 1);
	assert_int_equal(out.change[0].to, SWIM_ABSENT);
	assert_false(swim_member(swim, 2, &view));
	assert_int_equal(swim_find(swim, "m2"), SWIM_NONE);
	assert_int_equal(swim_find(swim, "m3"), 3);
	stage_say_alive(swim, "other", 200, 1, "", &out);
	assert_int_equal(swim_find(swim, "other"), 2);
	stage_free(stage);
}

// The table of names is three quarters full: many are not where they belong.
static void forget__everybody_else_is_still_found(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 48);
	struct swim *swim = stage->nodes[0];
	char name[NAME_SIZE];

	for (uint32_t i = 1; i < 48; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		swim_output_clear(&out);
		assert_int_equal(stage_say_alive(swim, name, i, 1, "", &out), SWIM_OK);
	}
	for (uint32_t gone = 1; gone < 48; gone++) {
		roster_forget(swim, gone);
		for (uint32_t i = 1; i < 48; i++) {
			snprintf(name, sizeof(name), "m%u", i);
			assert_int_equal(swim_find(swim, name), i > gone ? i : SWIM_NONE);
		}
	}
	stage_free(stage);
}

// A cluster whose nodes have a new name each time they start must not fill up with the dead.
static void evict__who_is_dead_longest_makes_room_for_a_stranger(void **state)
{
	(void)state;
	struct stage *stage = stage_with(2047, &out);
	struct swim *swim = stage->nodes[0];

	on_dead(swim, 9, 1, false, &out);
	swim->now_ns += STAGE_MS(20000);
	on_dead(swim, 5, 1, false, &out);
	assert_int_equal(stage_say_alive(swim, "new", 9999, 1, "", &out), SWIM_FULL);
	swim->now_ns += STAGE_MS(10001); // m9 has had 30 s to protest, m5 has not
	swim_output_clear(&out);
	assert_int_equal(stage_say_alive(swim, "new", 9999, 1, "", &out), SWIM_OK);
	assert_int_equal(out.changes, 2);
	assert_true(out.change[0].member == 9 && out.change[0].to == SWIM_ABSENT);
	assert_int_equal(swim_find(swim, "new"), 9);
	assert_int_equal(swim_find(swim, "m9"), SWIM_NONE);
	assert_int_equal(swim->troubled_count, 1);
	assert_int_equal(stage_say_alive(swim, "newer", 9998, 1, "", &out), SWIM_FULL);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log10__is_close),
		cmocka_unit_test(deadline__grows_with_the_logarithm_of_the_members),
		cmocka_unit_test(confirm__each_accuser_counts_once_and_shortens_it),
		cmocka_unit_test(deadline__grows_with_our_own_ill_health),
		cmocka_unit_test(forget__everybody_else_is_still_found),
		cmocka_unit_test(confirm__is_said_again_with_the_name_of_the_accuser),
		cmocka_unit_test(expiry__the_suspect_is_dead_then_and_not_before),
		cmocka_unit_test(expiry__more_than_one_call_can_tell_come_in_the_next),
		cmocka_unit_test(forget__the_dead_go_and_their_slots_are_used_again),
		cmocka_unit_test(evict__who_is_dead_longest_makes_room_for_a_stranger),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
