// The loop: the same cases on io_uring and on epoll (the build runs this program twice, SLUICE_LOOP
// chooses).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/loop.h"

struct seen {
	struct loop *loop;
	struct loop_watch watch, other;
	struct loop_timer timer;
	int fd[2];
	int calls;
	short events;
	int order[8], orders;
};

static int setup(void **state)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	const char *wish = getenv("SLUICE_LOOP");

	seen->loop = loop_new();
	if (!seen->loop ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, seen->fd) < 0)
		return -1;
	if (wish && strcmp(wish, "epoll") == 0)
		assert_string_equal(loop_backend(seen->loop), "epoll");
	*state = seen;
	return 0;
}

static int teardown(void **state)
{
	struct seen *seen = *state;

	loop_watch_stop(seen->loop, &seen->watch);
	loop_watch_stop(seen->loop, &seen->other);
	loop_free(seen->loop);
	close(seen->fd[0]);
	close(seen->fd[1]);
	free(seen);
	return 0;
}

static void on_ready(void *owner, short events)
{
	struct seen *seen = owner;

	seen->calls++;
	seen->events = events;
}

static void on_ready_read(void *owner, short events)
{
	struct seen *seen = owner;
	char buffer[64];

	on_ready(owner, events);
	assert_true(read(seen->fd[0], buffer, sizeof(buffer)) > 0);
}

static void on_ready_stop(void *owner, short events)
{
	struct seen *seen = owner;

	on_ready(owner, events);
	loop_watch_stop(seen->loop, &seen->watch);
	loop_watch_stop(seen->loop, &seen->other);
}

static void watch__readable_is_level_triggered(void **state)
{
	struct seen *seen = *state;

	assert_int_equal(
		loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready, seen), 0);
	loop_turn(seen->loop, 0);
	assert_int_equal(seen->calls, 0);
	assert_int_equal(write(seen->fd[1], "x", 1), 1);
	for (int turn = 1; turn <= 5; turn++) { // nobody reads: it stays ready
		loop_turn(seen->loop, 100);
		assert_int_equal(seen->calls, turn);
	}
	assert_int_equal(seen->events & POLLIN, POLLIN);
}

static void watch__rest_is_reported_again(void **state)
{
	struct seen *seen = *state;
	char large[200] = "";

	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready_read, seen);
	assert_int_equal(write(seen->fd[1], large, sizeof(large)), sizeof(large));
	for (int turn = 0; turn < 10; turn++)
		loop_turn(seen->loop, 10);
	assert_int_equal(seen->calls, 4); // 64 + 64 + 64 + 8
}

static void watch__hang_up(void **state)
{
	struct seen *seen = *state;

	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], 0, on_ready, seen);
	loop_turn(seen->loop, 0);
	assert_int_equal(seen->calls, 0);
	shutdown(seen->fd[1], SHUT_RDWR);
	loop_turn(seen->loop, 100);
	assert_int_equal(seen->calls, 1);
	assert_int_equal(seen->events & POLLHUP, POLLHUP);
}

static void watch__events_change(void **state)
{
	struct seen *seen = *state;

	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready, seen);
	loop_turn(seen->loop, 0);
	loop_watch_events(seen->loop, &seen->watch, POLLIN | POLLOUT);
	loop_turn(seen->loop, 100);
	assert_int_equal(seen->calls, 1);
	assert_int_equal(seen->events, POLLOUT);
	loop_watch_events(seen->loop, &seen->watch, POLLIN);
	loop_turn(seen->loop, 0);
	loop_turn(seen->loop, 0);
	assert_int_equal(seen->calls, 1);
}

static void watch__stopped_is_silent(void **state)
{
	struct seen *seen = *state;

	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready, seen);
	loop_turn(seen->loop, 0);
	assert_int_equal(write(seen->fd[1], "x", 1), 1);
	loop_watch_stop(seen->loop, &seen->watch);
	loop_watch_stop(seen->loop, &seen->watch); // legal twice
	for (int turn = 0; turn < 3; turn++)
		loop_turn(seen->loop, 1);
	assert_int_equal(seen->calls, 0);
}

// Both are ready in one turn; the first stops both, so the second must not be called.
static void watch__stop_another_in_callback(void **state)
{
	struct seen *seen = *state;

	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready_stop, seen);
	loop_watch_start(seen->loop, &seen->other, seen->fd[1], POLLIN, on_ready_stop, seen);
	assert_int_equal(write(seen->fd[0], "x", 1), 1);
	assert_int_equal(write(seen->fd[1], "x", 1), 1);
	for (int turn = 0; turn < 3; turn++)
		loop_turn(seen->loop, 1);
	assert_int_equal(seen->calls, 1);
}

// The slot and the descriptor number are used again at once: a late report must not reach the new
// owner.
static void watch__slot_reused(void **state)
{
	struct seen *seen = *state;

	for (int i = 0; i < 200; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		loop_watch_start(seen->loop, &seen->other, pair[0], POLLIN, on_ready, seen);
		if (i % 2)
			loop_turn(seen->loop, 0);
		assert_int_equal(write(pair[1], "x", 1), 1);
		loop_watch_stop(seen->loop, &seen->other);
		close(pair[0]);
		close(pair[1]);
	}
	loop_watch_start(seen->loop, &seen->watch, seen->fd[0], POLLIN, on_ready, seen);
	for (int turn = 0; turn < 5; turn++)
		loop_turn(seen->loop, 1);
	assert_int_equal(seen->calls, 0);
}

// A closed connection must be closed for the other side too: no poll may keep the file.
static void watch__stop_then_close_is_seen_by_peer(void **state)
{
	struct seen *seen = *state;
	int pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	loop_watch_start(seen->loop, &seen->other, pair[0], POLLIN, on_ready, seen);
	loop_turn(seen->loop, 0);
	loop_watch_stop(seen->loop, &seen->other);
	close(pair[0]);
	assert_int_equal(read(pair[1], &byte, 1), 0);
	close(pair[1]);
}

static void watch__many_at_once(void **state)
{
	struct seen *seen = *state;
	struct loop_watch watches[300];
	int pairs[300][2];

	memset(watches, 0, sizeof(watches));
	for (int i = 0; i < 300; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pairs[i]), 0);
		assert_int_equal(loop_watch_start(seen->loop, &watches[i], pairs[i][0], POLLIN,
					 on_ready, seen),
			0);
		assert_int_equal(write(pairs[i][1], "x", 1), 1);
	}
	for (int turn = 0; turn < 50 && seen->calls < 300; turn++)
		loop_turn(seen->loop, 10);
	assert_true(seen->calls >= 300);
	for (int i = 0; i < 300; i++) {
		loop_watch_stop(seen->loop, &watches[i]);
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

struct alarm {
	struct loop_timer timer;
	struct seen *seen;
	int number;
};

static void on_alarm(void *owner)
{
	struct alarm *alarm = owner;

	alarm->seen->order[alarm->seen->orders++] = alarm->number;
}

static void timer__fires_in_order(void **state)
{
	static const uint64_t after_ms[] = {30, 10, 20, 5, 15};
	static const int order[] = {3, 1, 4, 2, 0};
	struct seen *seen = *state;
	struct alarm alarms[5];

	memset(alarms, 0, sizeof(alarms));
	for (int i = 0; i < 5; i++) {
		alarms[i].seen = seen;
		alarms[i].number = i;
		loop_timer_start(
			seen->loop, &alarms[i].timer, after_ms[i] * 1000000, on_alarm, &alarms[i]);
	}
	while (seen->orders < 5)
		loop_turn(seen->loop, 1000);
	assert_memory_equal(seen->order, order, sizeof(order));
}

static void timer__stopped_and_moved(void **state)
{
	struct seen *seen = *state;
	struct alarm alarms[3];

	memset(alarms, 0, sizeof(alarms));
	for (int i = 0; i < 3; i++) {
		alarms[i].seen = seen;
		alarms[i].number = i;
		loop_timer_start(seen->loop, &alarms[i].timer, (uint64_t)(i + 1) * 2000000,
			on_alarm, &alarms[i]);
	}
	loop_timer_stop(seen->loop, &alarms[0].timer);
	loop_timer_start(seen->loop, &alarms[1].timer, 12000000, on_alarm, &alarms[1]);
	while (seen->orders < 2)
		loop_turn(seen->loop, 1000);
	assert_int_equal(seen->order[0], 2);
	assert_int_equal(seen->order[1], 1);
	assert_int_equal(loop_turn(seen->loop, 10), 0);
	assert_int_equal(seen->orders, 2);
}

static void timer__random_heap(void **state)
{
	struct seen *seen = *state;
	static struct alarm alarms[1000];
	uint64_t last_ns = 0;
	unsigned seed = 7;

	memset(alarms, 0, sizeof(alarms));
	for (int i = 0; i < 3000; i++) {
		struct alarm *alarm = &alarms[rand_r(&seed) % 1000];

		if (rand_r(&seed) % 4 == 0)
			loop_timer_stop(seen->loop, &alarm->timer);
		else
			loop_timer_start(seen->loop, &alarm->timer,
				3600000000000ull + (unsigned)rand_r(&seed), on_alarm, alarm);
	}
	// Taken out smallest first by hand: each must not be earlier than the one before.
	for (;;) {
		struct alarm *first = NULL;

		for (int i = 0; i < 1000; i++) {
			if (alarms[i].timer.place == 1)
				first = &alarms[i];
		}
		if (!first)
			break;
		assert_true(first->timer.at_ns >= last_ns);
		last_ns = first->timer.at_ns;
		loop_timer_stop(seen->loop, &first->timer);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(alarms[i].timer.place, 0);
}

static void on_again(void *owner)
{
	struct seen *seen = owner;

	seen->calls++;
	loop_timer_start(seen->loop, &seen->timer, 0, on_again, seen);
}

static void timer__zero_waits_for_the_next_turn(void **state)
{
	struct seen *seen = *state;

	loop_timer_start(seen->loop, &seen->timer, 0, on_again, seen);
	for (int turn = 1; turn <= 3; turn++) {
		loop_turn(seen->loop, 100);
		assert_int_equal(seen->calls, turn);
	}
	loop_timer_stop(seen->loop, &seen->timer);
}

static void turn__timeout(void **state)
{
	struct seen *seen = *state;
	uint64_t before = loop_now_ns(seen->loop);

	loop_turn(seen->loop, 30);
	assert_true(loop_now_ns(seen->loop) - before >= 29000000);
	assert_true(loop_now_ns(seen->loop) - before < 3000000000ull);
}

static void on_signal(void *owner, int number)
{
	struct seen *seen = owner;

	seen->calls = number;
	loop_quit(seen->loop);
}

static void signals__arrive_in_the_loop(void **state)
{
	struct seen *seen = *state;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_int_equal(loop_signals_start(seen->loop, &set, on_signal, seen), 0);
	kill(getpid(), SIGUSR1);
	assert_int_equal(loop_run(seen->loop), 0);
	assert_int_equal(seen->calls, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void watch__pidfd(void **state)
{
	struct seen *seen = *state;
	pid_t pid = fork();
	int pidfd;

	if (pid == 0) {
		usleep(10000);
		_exit(0);
	}
	pidfd = pidfd_open(pid, 0);
	assert_true(pidfd >= 0);
	assert_int_equal(
		loop_watch_start(seen->loop, &seen->other, pidfd, POLLIN, on_ready_stop, seen), 0);
	for (int turn = 0; turn < 100 && !seen->calls; turn++)
		loop_turn(seen->loop, 100);
	assert_int_equal(seen->calls, 1);
	close(pidfd);
	waitpid(pid, NULL, 0);
}

// In a child, because a filter cannot be taken back. As under Docker's default profile.
static void refuse_io_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

static void loop_new__falls_back_where_io_uring_is_refused(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		struct loop *loop;

		unsetenv("SLUICE_LOOP");
		refuse_io_uring();
		loop = loop_new();
		_exit(loop && strcmp(loop_backend(loop), "epoll") == 0 && loop_turn(loop, 1) == 0
				? 0
				: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_new__falls_back_where_io_uring_is_refused),
		cmocka_unit_test_setup_teardown(
			watch__readable_is_level_triggered, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__rest_is_reported_again, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__hang_up, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__events_change, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__stopped_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__stop_another_in_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__slot_reused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			watch__stop_then_close_is_seen_by_peer, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(watch__pidfd, setup, teardown),
		cmocka_unit_test_setup_teardown(timer__fires_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(timer__stopped_and_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(timer__random_heap, setup, teardown),
		cmocka_unit_test_setup_teardown(
			timer__zero_waits_for_the_next_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(turn__timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(signals__arrive_in_the_loop, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
