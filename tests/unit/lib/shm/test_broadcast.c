// Records from one writer to readers that may be too slow: nothing twice, nothing torn, every gap
// counted.
#include "lib/shm/broadcast.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { COUNT = 64 };

struct record {
	uint64_t words[8]; // all the same
};

static struct broadcast broadcast;
static uint8_t slots[COUNT * sizeof(struct record)];

static int setup(void **state)
{
	(void)state;
	atomic_store(&broadcast.written, 0);
	memset(slots, 0, sizeof(slots));
	return 0;
}

static void put(uint64_t n)
{
	struct record r;

	for (int i = 0; i < 8; i++)
		r.words[i] = n;
	broadcast_put(&broadcast, slots, sizeof(r), COUNT, &r);
}

static enum broadcast_got take(uint64_t *cursor, struct record *r, uint64_t *lost)
{
	return broadcast_take(&broadcast, slots, sizeof(*r), COUNT, cursor, r, lost);
}

static void take__in_order_until_there_is_none(void **state)
{
	uint64_t cursor = 0, lost;
	struct record r;

	(void)state;
	assert_int_equal(take(&cursor, &r, &lost), BROADCAST_NOTHING);
	for (uint64_t n = 0; n < 1000; n++) {
		put(n);
		assert_int_equal(take(&cursor, &r, &lost), BROADCAST_RECORD);
		assert_int_equal(r.words[7], n);
		assert_int_equal(take(&cursor, &r, &lost), BROADCAST_NOTHING);
	}
}

static void take__counts_what_was_overwritten(void **state)
{
	uint64_t cursor = 0, lost = 0;
	struct record r;

	(void)state;
	for (uint64_t n = 0; n < COUNT - 1; n++)
		put(n);
	assert_int_equal(take(&cursor, &r, &lost), BROADCAST_RECORD);
	assert_int_equal(r.words[0], 0); // as many as fit beside the one being written
	put(COUNT - 1);
	put(COUNT);
	assert_int_equal(take(&cursor, &r, &lost), BROADCAST_LOST);
	uint64_t next = 1 + lost;
	for (; take(&cursor, &r, &lost) == BROADCAST_RECORD; next++)
		assert_int_equal(r.words[0], next);
	assert_int_equal(next, COUNT + 1);
}

static void take__a_count_that_goes_back(void **state)
{
	uint64_t cursor = 5, lost;
	struct record r;

	(void)state;
	put(0);
	assert_int_equal(take(&cursor, &r, &lost), BROADCAST_CORRUPT);
	atomic_store(&broadcast.written, UINT64_MAX); // a leap is a gap, whoever wrote it
	assert_int_equal(take(&cursor, &r, &lost), BROADCAST_LOST);
	assert_int_equal(cursor, 5 + lost);
}

enum { THREAD_RECORDS = 2000000 };

static void *writer(void *argument)
{
	(void)argument;
	for (uint64_t n = 0; n < THREAD_RECORDS; n++)
		put(n);
	return NULL;
}

// A writer at full speed laps the reader all the time.
static void take__while_it_is_written(void **state)
{
	uint64_t cursor = 0, lost, next = 0;
	struct record r;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (next < THREAD_RECORDS) {
		enum broadcast_got got = take(&cursor, &r, &lost);

		assert_int_not_equal(got, BROADCAST_CORRUPT);
		if (got == BROADCAST_LOST)
			next += lost;
		if (got != BROADCAST_RECORD)
			continue;
		for (int i = 0; i < 8; i++)
			assert_int_equal(r.words[i], next);
		next++;
	}
	pthread_join(thread, NULL);
	assert_int_equal(next, THREAD_RECORDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(take__in_order_until_there_is_none, setup),
		cmocka_unit_test_setup(take__counts_what_was_overwritten, setup),
		cmocka_unit_test_setup(take__a_count_that_goes_back, setup),
		cmocka_unit_test_setup(take__while_it_is_written, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
