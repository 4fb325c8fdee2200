// The members in control's region: what was written last is found, a reader never gets half of two
// lists, and a hostile writer gets nobody to read elsewhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ipc/members.h"

// Names n00000, n00001, ... of one incarnation.
static void put(struct plane_members *members, uint32_t count, uint32_t incarnation)
{
	struct plane_member *list = plane_members_begin(members);

	for (uint32_t i = 0; i < count; i++) {
		memset(&list[i], 0, sizeof(list[i]));
		snprintf(list[i].name, sizeof(list[i].name), "n%05u", i);
		list[i].incarnation = incarnation;
		list[i].boot_id = incarnation;
	}
	plane_members_end(members, count);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct plane_members));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void plane_members_find__what_was_published_last(void **state)
{
	struct plane_members *members = *state;
	struct plane_member found;
	uint64_t number;

	assert_false(plane_members_find(members, "n00000", &found));
	assert_int_equal(plane_members_count(members, &number), 0);
	for (uint32_t round = 1; round < 6; round++) {
		put(members, 10 * round, round);
		assert_int_equal(plane_members_count(members, &number), 10 * round);
		assert_int_equal(number, round);
		assert_true(plane_members_find(members, "n00009", &found));
		assert_int_equal(found.incarnation, round);
		assert_false(plane_members_find(members, "n99999", &found));
		assert_false(plane_members_find(members, "", &found));
	}
	put(members, PLANE_MEMBERS_MAX, 7);
	assert_true(plane_members_find(members, "n16383", &found));
}

static void plane_members_find__while_the_next_is_written(void **state)
{
	struct plane_members *members = *state;
	struct plane_member found;

	put(members, 100, 1);
	memset(plane_members_begin(members), 0xff, sizeof(struct plane_member) * 100);
	assert_true(plane_members_find(members, "n00050", &found));
	assert_int_equal(found.incarnation, 1);
}

static void plane_members_find__believes_nothing(void **state)
{
	struct plane_members *members = *state;
	char longest[NAME_SIZE + 1];
	struct plane_member found;
	uint64_t number;

	put(members, 100, 1);
	members->list[1].count = UINT32_MAX;
	assert_int_equal(plane_members_count(members, &number), PLANE_MEMBERS_MAX);
	assert_false(plane_members_find(members, "zzz", &found));
	memset(longest, 'x', NAME_SIZE);
	longest[NAME_SIZE] = 0;
	for (uint32_t i = 0; i < PLANE_MEMBERS_MAX; i++) // no end
		memset(members->list[1].member[i].name, 'x', NAME_SIZE);
	assert_false(plane_members_find(members, longest, &found)); // no such name is legal
	assert_int_equal(found.name[NAME_SIZE - 1], 0);
	// One that is always writing.
	put(members, 100, 1);
	atomic_store(&members->writing, atomic_load(&members->published) + 2);
	assert_false(plane_members_find(members, "n00050", &found));
}

struct race {
	struct plane_members *members;
	_Atomic bool over;
};

static void *write_on(void *owner)
{
	struct race *race = owner;

	for (uint32_t round = 2; !atomic_load(&race->over); round++)
		put(race->members, 64, round);
	return NULL;
}

// boot_id and incarnation of one row are of one list, and lists only get newer.
static void plane_members_find__of_one_list_while_another_thread_writes(void **state)
{
	struct race race = {.members = *state};
	struct plane_member found;
	uint32_t last = 0, hits = 0;
	pthread_t thread;

	put(race.members, 64, 1);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &race), 0);
	for (int i = 0; i < 300000; i++) {
		if (!plane_members_find(race.members, "n00031", &found))
			continue;
		hits++;
		assert_int_equal(found.boot_id, found.incarnation);
		assert_true(found.incarnation >= last);
		last = found.incarnation;
	}
	atomic_store(&race.over, true);
	pthread_join(thread, NULL);
	assert_true(hits > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			plane_members_find__what_was_published_last, setup, teardown),
		cmocka_unit_test_setup_teardown(
			plane_members_find__while_the_next_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(
			plane_members_find__believes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			plane_members_find__of_one_list_while_another_thread_writes, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
