// While 10,000 members churn: a reader in another thread always has one whole snapshot, is never
// kept waiting, and allocates nothing. (-Db_sanitize=thread finds what this cannot see.)
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/cluster/members/members.h"

enum { MEMBERS = 10000, READS = 10 * 1000 * 1000 };

// The linker sends every call of ours here (--wrap).
static _Thread_local uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	allocations++;
	return __real_realloc(memory, size);
}

struct churn {
	struct members members;
	struct members_reader *reader;
	_Atomic bool over;
	uint64_t reads, generations, allocations;
	bool torn, backwards;
};

static void *read_on(void *owner)
{
	struct churn *churn = owner;
	uint64_t before = allocations, last = 0;
	struct members_view view;

	for (; churn->reads < READS; churn->reads++) {
		uint32_t at = (uint32_t)(churn->reads * 2654435761u) % MEMBERS;

		members_get(churn->reader, &view);
		churn->backwards |= view.generation < last;
		churn->generations += view.generation != last;
		last = view.generation;
		// Everybody of one snapshot has the same incarnation, but who came with it.
		churn->torn |= view.count < MEMBERS ||
			       view.member[at].incarnation != view.member[0].incarnation;
	}
	churn->allocations = allocations - before;
	atomic_store(&churn->over, true);
	return NULL;
}

static void round_set(struct members *members, uint32_t round)
{
	struct member member = {.state = MEMBER_ALIVE, .incarnation = round};

	for (uint32_t i = 0; i < MEMBERS; i++) {
		member.index = i;
		snprintf(member.name, sizeof(member.name), "n%05u", i);
		assert_int_equal(members_set(members, &member), 0);
	}
	// One more in every other round.
	member.index = MEMBERS;
	snprintf(member.name, sizeof(member.name), "z%u", round);
	if (round % 2)
		assert_int_equal(members_set(members, &member), 0);
	else
		members_forget(members, MEMBERS);
	assert_int_equal(members_publish(members), 0);
}

static void members_get__allocates_nothing_and_is_whole_under_churn(void **state)
{
	static struct churn churn;
	uint64_t before, during = 0;
	pthread_t thread;
	uint32_t round = 1;

	(void)state;
	members_init(&churn.members);
	churn.reader = members_reader_open(&churn.members);
	assert_non_null(churn.reader);
	for (; round < 2 * MEMBERS_SLABS; round++)
		round_set(&churn.members, round);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &churn), 0);
	before = allocations;
	for (; !atomic_load(&churn.over); round++)
		round_set(&churn.members, round);
	during = allocations - before;
	pthread_join(thread, NULL);
	assert_false(churn.torn);
	assert_false(churn.backwards);
	assert_int_equal(churn.reads, READS);
	assert_true(churn.generations > 1);
	assert_int_equal(churn.allocations, 0);
	assert_true(during <= MEMBERS_SLABS); // the writer: each slab once, when it is first used
	members_reader_close(churn.reader);
	members_fini(&churn.members);
}

static void members_get__every_reader_holds_its_own(void **state)
{
	static struct members members;
	struct members_reader *readers[MEMBERS_READERS_MAX - 1];
	struct members_view views[MEMBERS_READERS_MAX - 1], now;

	(void)state;
	members_init(&members);
	for (int i = 0; i < MEMBERS_READERS_MAX - 1; i++) {
		readers[i] = members_reader_open(&members);
		round_set(&members, (uint32_t)i + 1);
		members_get(readers[i], &views[i]);
	}
	assert_null(members_reader_open(&members));
	for (uint32_t round = 10; round < 30; round++) {
		round_set(&members, round);
		members_get(members.own, &now);
		assert_int_equal(now.member[0].incarnation, round);
	}
	for (int i = 0; i < MEMBERS_READERS_MAX - 1; i++) {
		assert_int_equal(views[i].member[9].incarnation, i + 1);
		members_reader_close(readers[i]);
	}
	members_fini(&members);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_get__allocates_nothing_and_is_whole_under_churn),
		cmocka_unit_test(members_get__every_reader_holds_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
