// Who overrides whom: the table of the paper, with memberlist's incarnations of the dead.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/control/cluster/swim/stage.h"

static struct swim_output out;

struct rule {
	enum swim_state known;
	uint32_t known_incarnation;
	enum swim_state said;
	uint32_t said_incarnation;
	enum swim_state then;
	uint32_t then_incarnation;
};

static const struct rule rules[] = {
	// alive overrides everything with a lower incarnation
	{SWIM_ALIVE, 5, SWIM_ALIVE, 4, SWIM_ALIVE, 5},
	{SWIM_ALIVE, 5, SWIM_ALIVE, 6, SWIM_ALIVE, 6},
	{SWIM_SUSPECT, 5, SWIM_ALIVE, 5, SWIM_SUSPECT, 5},
	{SWIM_SUSPECT, 5, SWIM_ALIVE, 6, SWIM_ALIVE, 6},
	{SWIM_DEAD, 5, SWIM_ALIVE, 5, SWIM_DEAD, 5},
	{SWIM_DEAD, 5, SWIM_ALIVE, 6, SWIM_ALIVE, 6},
	{SWIM_LEFT, 5, SWIM_ALIVE, 5, SWIM_LEFT, 5},
	{SWIM_LEFT, 5, SWIM_ALIVE, 6, SWIM_ALIVE, 6},
	// suspect overrides alive with the same or a lower one
	{SWIM_ALIVE, 5, SWIM_SUSPECT, 4, SWIM_ALIVE, 5},
	{SWIM_ALIVE, 5, SWIM_SUSPECT, 5, SWIM_SUSPECT, 5},
	{SWIM_ALIVE, 5, SWIM_SUSPECT, 6, SWIM_SUSPECT, 6},
	{SWIM_SUSPECT, 5, SWIM_SUSPECT, 4, SWIM_SUSPECT, 5},
	{SWIM_SUSPECT, 5, SWIM_SUSPECT, 6, SWIM_SUSPECT, 6},
	{SWIM_DEAD, 5, SWIM_SUSPECT, 9, SWIM_DEAD, 5},
	{SWIM_LEFT, 5, SWIM_SUSPECT, 9, SWIM_LEFT, 5},
	// dead overrides alive and suspect with the same or a lower one
	{SWIM_ALIVE, 5, SWIM_DEAD, 4, SWIM_ALIVE, 5},
	{SWIM_ALIVE, 5, SWIM_DEAD, 5, SWIM_DEAD, 5},
	{SWIM_SUSPECT, 5, SWIM_DEAD, 4, SWIM_SUSPECT, 5},
	{SWIM_SUSPECT, 5, SWIM_DEAD, 6, SWIM_DEAD, 6},
	{SWIM_LEFT, 5, SWIM_DEAD, 9, SWIM_LEFT, 5},
	// and so does good-bye
	{SWIM_ALIVE, 5, SWIM_LEFT, 4, SWIM_ALIVE, 5},
	{SWIM_ALIVE, 5, SWIM_LEFT, 5, SWIM_LEFT, 5},
	{SWIM_SUSPECT, 5, SWIM_LEFT, 5, SWIM_LEFT, 5},
	{SWIM_DEAD, 5, SWIM_LEFT, 5, SWIM_DEAD, 5},
};

static void say(struct swim *swim, enum swim_state state, uint32_t incarnation)
{
	uint32_t member = swim_find(swim, "m");

	if (state == SWIM_ALIVE)
		stage_say_alive(swim, "m", 9, incarnation, "", &out);
	else if (state == SWIM_SUSPECT)
		on_suspect(swim, member, incarnation, SWIM_NONE, &out);
	else
		on_dead(swim, member, incarnation, state == SWIM_LEFT, &out);
}

static void override__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct stage *stage = stage_new(1, 16);
		struct swim *swim = stage->nodes[0];
		const struct rule *rule = &rules[i];
		struct swim_view view;
		bool news;

		swim_output_clear(&out);
		stage_say_alive(swim, "m", 9, rule->known_incarnation, "", &out);
		if (rule->known != SWIM_ALIVE)
			say(swim, rule->known, rule->known_incarnation);
		updates_remove(swim, 1);
		swim_output_clear(&out);
		say(swim, rule->said, rule->said_incarnation);
		swim_member(swim, 1, &view);
		if (view.state != rule->then || view.incarnation != rule->then_incarnation)
			fail_msg(
				"row %zu: %s %u", i, swim_state_name(view.state), view.incarnation);
		// what changes the state is told to the caller and to the others
		news = rule->then != rule->known;
		assert_int_equal(out.changes, news);
		if (news) {
			assert_int_equal(out.change[0].from, rule->known);
			assert_int_equal(out.change[0].to, rule->then);
			assert_int_not_equal(swim->members[1].update, NO_UPDATE);
		}
		stage_free(stage);
	}
}

static void alive__new_metadata_is_a_change_and_old_is_not(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim *swim = stage->nodes[0];
	struct swim_view view;

	swim_output_clear(&out);
	stage_say_alive(swim, "m", 9, 3, "one", &out);
	assert_true(out.change[0].meta && out.change[0].from == SWIM_ABSENT);
	swim_output_clear(&out);
	stage_say_alive(swim, "m", 9, 4, "two", &out);
	assert_true(out.changes == 1 && out.change[0].meta && out.change[0].to == SWIM_ALIVE);
	stage_say_alive(swim, "m", 9, 3, "one", &out);
	assert_int_equal(out.changes, 1);
	swim_member(swim, 1, &view);
	assert_memory_equal(view.meta, "two", 3);
	stage_free(stage);
}

static void self__a_rumour_is_refuted_above_it(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim *swim = stage->nodes[0];

	swim_output_clear(&out);
	on_suspect(swim, SWIM_SELF, 7, SWIM_NONE, &out);
	assert_int_equal(swim->members[0].incarnation, 8);
	assert_int_equal(swim->members[0].state, SWIM_ALIVE);
	assert_int_equal(swim->health, 1);
	on_dead(swim, SWIM_SELF, 8, false, &out);
	assert_int_equal(swim->members[0].incarnation, 9);
	swim_wake(swim, swim->now_ns);
	assert_false(swim->accused_now);
	on_dead(swim, SWIM_SELF, 3, false, &out); // refuted already
	assert_true(swim->accused_now);           // but who says so must hear it
	assert_int_equal(swim->members[0].incarnation, 9);
	assert_int_equal(out.changes, 0);
	on_dead(swim, SWIM_SELF, UINT32_MAX, false, &out); // nothing is above that
	assert_int_equal(swim->members[0].incarnation, 9);
	assert_int_equal(swim->members[0].state, SWIM_ALIVE);
	stage_free(stage);
}

static void self__new_metadata_wants_a_new_incarnation(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim_view view;

	assert_true(swim_meta_set(stage->nodes[0], stage->now_ns, (const uint8_t *)"m", 1));
	swim_member(stage->nodes[0], SWIM_SELF, &view);
	assert_int_equal(view.incarnation, 2);
	assert_int_equal(view.meta_version, 2);
	// of an insider's rumour: from 0 on nobody would believe us
	stage->nodes[0]->members[0].incarnation = UINT32_MAX;
	assert_true(swim_meta_set(stage->nodes[0], stage->now_ns, (const uint8_t *)"n", 1));
	assert_int_equal(stage->nodes[0]->members[0].incarnation, UINT32_MAX);
	stage_free(stage);
}

// Whoever knows an older life of ours knows its last version.
static void self__versions_go_on_after_a_restart(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim_view view;

	stage_say_alive(stage->nodes[0], "n0", 0, 7, "old", &out);
	swim_member(stage->nodes[0], SWIM_SELF, &view);
	assert_int_equal(view.incarnation, 8);
	assert_int_equal(view.meta_version, 8);
	assert_int_equal(view.meta_size, 0);
	stage_free(stage);
}

static void address__a_name_moves_only_when_its_owner_is_gone(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim *swim = stage->nodes[0];
	struct swim_view view;

	swim_output_clear(&out);
	stage_say_alive(swim, "m", 9, 3, "", &out);
	stage_say_alive(swim, "m", 10, 9, "", &out);
	swim_member(swim, 1, &view);
	assert_true(address_equal(view.address, stage_address(9)));
	assert_int_equal(out.conflicts, 1);
	assert_int_equal(out.conflict[0].member, 1);
	assert_true(address_equal(out.conflict[0].address, stage_address(10)));
	on_dead(swim, 1, 3, false, &out);
	stage_say_alive(swim, "m", 10, 4, "", &out);
	swim_member(swim, 1, &view);
	assert_true(address_equal(view.address, stage_address(10)));
	assert_int_equal(view.state, SWIM_ALIVE);
	assert_int_equal(out.conflicts, 1);
	stage_free(stage);
}

// Who is suspected above an accusation that we know has refuted that one: it protests again.
static void suspect__of_a_higher_incarnation_has_its_time_anew(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 16);
	struct swim *swim = stage->nodes[0];
	uint64_t start_ns = stage->now_ns;

	swim->config.lifeguard = false; // 1500 ms, whatever our own health
	swim_output_clear(&out);
	stage_say_alive(swim, "m", 9, 5, "", &out);
	on_suspect(swim, 1, 5, SWIM_NONE, &out);
	for (uint32_t ms = 0; ms <= 3000; ms += 100) {
		swim_output_clear(&out);
		swim_on_tick(swim, start_ns + STAGE_MS(ms), &out);
		if (ms == 1400)
			on_suspect(swim, 1, 6, SWIM_NONE, &out);
		assert_int_equal(swim->members[1].state, ms < 2900 ? SWIM_SUSPECT : SWIM_DEAD);
		assert_int_equal(out.changes, ms == 2900);
	}
	stage_free(stage);
}

// What `from` sends first is heard by `to`, and the answer by `from`.
static void say_hello(struct swim *from, struct swim *to, uint64_t now_ns)
{
	struct swim_send hello;

	swim_output_clear(&out);
	swim_on_tick(from, now_ns, &out);
	assert_int_equal(out.sends, 1);
	hello = out.send[0];
	swim_output_clear(&out);
	swim_on_datagram(to, now_ns, stage_address(1), STAGE_PORT, hello.bytes, hello.size, &out);
	assert_int_equal(out.sends, 1);
	hello = out.send[0];
	swim_output_clear(&out);
	swim_on_datagram(from, now_ns, stage_address(0), STAGE_PORT, hello.bytes, hello.size, &out);
}

// A clock that was set back makes the first incarnation lower than the last one before.
static void hello__tells_who_started_again_what_incarnation_it_had(void **state)
{
	(void)state;
	struct stage *stage = stage_new(2, 16);
	struct swim *old = stage->nodes[0], *again = stage->nodes[1];
	uint64_t now_ns = stage->now_ns;

	swim_output_clear(&out);
	stage_say_alive(old, "n1", 1, 9, "", &out);
	updates_remove(old, 1);
	swim_join(again, now_ns, stage_address(0), STAGE_PORT);
	say_hello(again, old, now_ns);
	assert_int_equal(again->members[0].incarnation, 10);
	stage_free(stage);
}

static void full__a_stranger_too_many_changes_nothing(void **state)
{
	(void)state;
	struct stage *stage = stage_new(1, 4);
	struct swim *swim = stage->nodes[0];
	char name[NAME_SIZE];

	swim_output_clear(&out);
	for (uint32_t i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		assert_int_equal(stage_say_alive(swim, name, 9 + i, 1, "", &out),
			i < 3 ? SWIM_OK : SWIM_FULL);
	}
	assert_int_equal(swim_count(swim), 4);
	assert_int_equal(swim_find(swim, "m4"), SWIM_NONE);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(override__table),
		cmocka_unit_test(alive__new_metadata_is_a_change_and_old_is_not),
		cmocka_unit_test(self__a_rumour_is_refuted_above_it),
		cmocka_unit_test(self__new_metadata_wants_a_new_incarnation),
		cmocka_unit_test(self__versions_go_on_after_a_restart),
		cmocka_unit_test(address__a_name_moves_only_when_its_owner_is_gone),
		cmocka_unit_test(suspect__of_a_higher_incarnation_has_its_time_anew),
		cmocka_unit_test(hello__tells_who_started_again_what_incarnation_it_had),
		cmocka_unit_test(full__a_stranger_too_many_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
