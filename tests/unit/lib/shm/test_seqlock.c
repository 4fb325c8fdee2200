// A reader never sees a torn row, and a dead writer does not hold it up.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/shm/seqlock.h"

#define WORDS 32

struct row {
	_Atomic uint32_t seq;
	uint64_t words[WORDS];
	_Atomic bool stop;
};

static void *writer(void *argument)
{
	struct row *row = argument;
	uint64_t words[WORDS];

	for (uint64_t n = 1; !atomic_load(&row->stop); n++) {
		for (int i = 0; i < WORDS; i++)
			words[i] = n;
		seqlock_write(&row->seq, row->words, words, sizeof(words));
	}
	return NULL;
}

static void read__is_never_torn(void **state)
{
	struct row row = {0};
	uint64_t words[WORDS], last = 0;
	uint32_t read = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, writer, &row), 0);
	while (read < 100000) {
		if (!seqlock_read(&row.seq, row.words, words, sizeof(words), 1000))
			continue;
		for (int i = 1; i < WORDS; i++)
			assert_int_equal(words[i], words[0]);
		assert_true(words[0] >= last);
		last = words[0];
		read++;
	}
	atomic_store(&row.stop, true);
	pthread_join(thread, NULL);
}

static void read__gives_up_on_a_dead_writer(void **state)
{
	struct row row = {0};
	uint64_t words[WORDS];

	(void)state;
	atomic_store(&row.seq, 3);
	assert_false(seqlock_read(&row.seq, row.words, words, sizeof(words), 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read__is_never_torn),
		cmocka_unit_test(read__gives_up_on_a_dead_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
