// What is counted is what was done: neither the counting itself, nor what came before.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "perf/count.h"

enum { CALLS = 10 };

static void *volatile kept;

static void allocate(void)
{
	kept = malloc(100);
	kept = realloc(kept, 200);
	free(kept);
	kept = calloc(3, 30);
	free(kept);
	kept = aligned_alloc(64, 128);
	free(kept);
}

static void count_allocs__each_call_once(void **state)
{
	struct count c;

	(void)state;
	if (count_allocs_missing())
		skip();
	count_start(&c);
	count_stop(&c);
	assert_int_equal(c.allocs, 0);
	count_start(&c);
	allocate();
	count_stop(&c);
	assert_int_equal(c.allocs, 4);
}

static void count_syscalls__each_call_once(void **state)
{
	struct count c;

	(void)state;
	if (count_syscalls_missing())
		skip();
	count_start(&c);
	count_stop(&c);
	assert_int_equal(c.syscalls, 0);
	count_start(&c);
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	count_stop(&c);
	assert_int_equal(c.syscalls, CALLS);
}

// Rounds with the thread: it calls between the first barrier and the second.
static pthread_barrier_t barrier;

static void *caller(void *unused)
{
	for (int round = 0; round < 2; round++) {
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < 100 * CALLS; i++)
			syscall(SYS_getppid);
		pthread_barrier_wait(&barrier);
	}
	return unused;
}

// A thread that was there before is counted too: here at least its calls, and the barrier's few.
static void count_syscalls__of_other_threads(void **state)
{
	struct count c;
	pthread_t thread;

	(void)state;
	if (count_syscalls_missing())
		skip();
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, caller, NULL), 0);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	count_start(&c);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	count_stop(&c);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	assert_in_range(c.syscalls, 100 * CALLS, 100 * CALLS + 20);
}

static int hold(void **state)
{
	(void)state;
	count_hold();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_allocs__each_call_once),
		cmocka_unit_test(count_syscalls__each_call_once),
		cmocka_unit_test(count_syscalls__of_other_threads),
		// From here on held, which changes no count.
		cmocka_unit_test_setup(count_syscalls__each_call_once, hold),
		cmocka_unit_test(count_syscalls__of_other_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
