// The snapshot: what is set is seen after publishing, sorted, and told to watchers; a view stays as
// it was while the writer goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "control/cluster/members/members.h"

struct watch {
	struct members_watcher watcher;
	char story[512];
};

static void on_delta(void *owner, const struct members_delta *delta)
{
	struct watch *watch = owner;
	size_t used = strlen(watch->story);

	snprintf(watch->story + used, sizeof(watch->story) - used, "%s %s>%s%s; ",
		delta->member->name, member_state_names[delta->from], member_state_names[delta->to],
		delta->meta_changed ? " meta" : "");
}

static void set(struct members *members, uint32_t index, const char *name, enum member_state state,
	uint64_t boot_id)
{
	struct member member = {.index = index,
		.state = (uint8_t)state,
		.port = 7701,
		.meta = {.boot_id = boot_id}};

	snprintf(member.name, sizeof(member.name), "%s", name);
	assert_int_equal(members_set(members, &member), 0);
}

static struct members *members_new(struct watch *watch)
{
	static struct members members;

	*watch = (struct watch){.watcher = {.on_delta = on_delta, .owner = watch}};
	members_init(&members);
	members_watch(&members, &watch->watcher);
	return &members;
}

static void members_publish__sorts_by_name_and_tells_the_watchers_once(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);
	struct members_view view;

	(void)state;
	members_get(members->own, &view);
	assert_int_equal(view.count, 0);
	set(members, 2, "c", MEMBER_ALIVE, 1);
	set(members, 0, "b", MEMBER_ALIVE, 1);
	set(members, 1, "a", MEMBER_SUSPECT, 1);
	set(members, 1, "a", MEMBER_ALIVE, 1);
	members_get(members->own, &view);
	assert_int_equal(view.count, 0); // not yet
	assert_int_equal(members_publish(members), 0);
	assert_string_equal(
		watch.story, "c none>alive meta; b none>alive meta; a none>alive meta; ");
	members_get(members->own, &view);
	assert_int_equal(view.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(view.member[i].name[0], "abc"[i]);
	assert_int_equal(members_find(&view, "b")->index, 0);
	assert_null(members_find(&view, "bb"));
	members_fini(members);
}

static void members_count__by_state(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);
	uint32_t counts[MEMBER_STATE_COUNT] = {9, 9, 9, 9, 9};
	struct members_view view;

	(void)state;
	set(members, 0, "a", MEMBER_ALIVE, 1);
	set(members, 1, "b", MEMBER_ALIVE, 1);
	set(members, 2, "c", MEMBER_LEFT, 1);
	members_publish(members);
	members_get(members->own, &view);
	members_count(&view, counts);
	assert_int_equal(counts[MEMBER_ALIVE], 2);
	assert_int_equal(counts[MEMBER_LEFT], 1);
	assert_int_equal(counts[MEMBER_NONE] + counts[MEMBER_SUSPECT] + counts[MEMBER_DEAD], 0);
	members_fini(members);
}

static void members_set__of_what_is_the_same_publishes_nothing(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);

	(void)state;
	set(members, 0, "a", MEMBER_ALIVE, 1);
	members_publish(members);
	watch.story[0] = 0;
	set(members, 0, "a", MEMBER_ALIVE, 1);
	assert_false(members_changed(members));
	set(members, 0, "a", MEMBER_ALIVE, 2);
	members_publish(members);
	set(members, 0, "a", MEMBER_DEAD, 2);
	members_publish(members);
	assert_string_equal(watch.story, "a alive>alive meta; a alive>dead; ");
	members_fini(members);
}

static void members_forget__a_name_and_another_takes_its_index(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);
	struct members_view view;

	(void)state;
	set(members, 0, "a", MEMBER_DEAD, 1);
	set(members, 1, "z", MEMBER_ALIVE, 1);
	members_publish(members);
	watch.story[0] = 0;
	members_forget(members, 0);
	set(members, 0, "b", MEMBER_ALIVE, 1);
	members_publish(members);
	assert_string_equal(watch.story, "a dead>none; b none>alive meta; ");
	members_get(members->own, &view);
	assert_int_equal(view.count, 2);
	assert_null(members_find(&view, "a"));
	// Without a forget between them, too.
	set(members, 0, "c", MEMBER_ALIVE, 1);
	set(members, 5, "d", MEMBER_ALIVE, 1);
	members_forget(members, 5); // before anybody saw it
	members_publish(members);
	members_get(members->own, &view);
	assert_int_equal(view.count, 2);
	assert_null(members_find(&view, "b"));
	assert_null(members_find(&view, "d"));
	members_fini(members);
}

static void members_get__a_view_stays_as_it_was_until_the_next(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);
	struct members_reader *slow = members_reader_open(members);
	struct members_view old, now;

	(void)state;
	set(members, 0, "a", MEMBER_ALIVE, 1);
	members_publish(members);
	members_get(slow, &old);
	for (uint32_t i = 0; i < 100; i++) {
		set(members, i, i ? "b" : "a", i % 2 ? MEMBER_ALIVE : MEMBER_DEAD, 2 + i);
		members_publish(members);
		members_get(members->own, &now);
		assert_int_equal(now.generation, 2 + i);
	}
	assert_int_equal(old.count, 1);
	assert_int_equal(old.member[0].state, MEMBER_ALIVE);
	assert_int_equal(old.member[0].meta.boot_id, 1);
	members_get(slow, &old);
	assert_int_equal(old.generation, now.generation);
	members_reader_close(slow);
	members_fini(members);
}

static void members_set__refuses_an_index_out_of_range(void **state)
{
	struct watch watch;
	struct members *members = members_new(&watch);
	struct member member = {.index = MEMBERS_MAX, .name = "a", .state = MEMBER_ALIVE};

	(void)state;
	assert_int_equal(members_set(members, &member), -1);
	members_forget(members, 7);
	assert_false(members_changed(members));
	members_fini(members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_publish__sorts_by_name_and_tells_the_watchers_once),
		cmocka_unit_test(members_count__by_state),
		cmocka_unit_test(members_set__of_what_is_the_same_publishes_nothing),
		cmocka_unit_test(members_forget__a_name_and_another_takes_its_index),
		cmocka_unit_test(members_get__a_view_stays_as_it_was_until_the_next),
		cmocka_unit_test(members_set__refuses_an_index_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
