// Services: who accepts sessions for a name, and when a listener falls away.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/door_host.h"

static void listen__fallback_yields(void **state)
{
	struct door_host *f = *state;
	int fallback = guest_attach(f);
	struct app_channel *fallback_channel = f->attached;
	int ordinary = guest_attach(f);
	struct app_channel *ordinary_channel = f->attached;
	int third = guest_attach(f);
	char pid[32];

	guest_expect(fallback, DOOR_WELCOME);
	guest_expect(ordinary, DOOR_WELCOME);
	guest_expect(third, DOOR_WELCOME);
	assert_null(door_listener_find(f->door, "file"));
	guest_send(fallback, guest_listen("file", 1, DOOR_LISTEN_FALLBACK));
	host_turn(f);
	assert_int_equal(guest_expect(fallback, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, fallback_channel->index);

	guest_send(ordinary, guest_listen("file", 1, 0));
	host_turn(f);
	assert_int_equal(guest_expect(ordinary, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, ordinary_channel->index);

	guest_send(third, guest_listen("file", 1, 0));
	guest_send(third, guest_listen("file", 2, DOOR_LISTEN_FALLBACK));
	host_turn(f);
	snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	guest_expect_refusal(third, IPC_REFUSED_SERVICE, pid);
	guest_expect_refusal(third, IPC_REFUSED_SERVICE, pid);

	close(ordinary); // dies: the fallback is next
	host_turn(f);
	assert_int_equal(door_listener_find(f->door, "file")->app.index, fallback_channel->index);
	struct door_message m = guest_listen("file", 9, 0);
	m.type = DOOR_UNLISTEN;
	guest_send(fallback, m);
	host_turn(f);
	assert_int_equal(guest_expect(fallback, DOOR_RESULT).result, IPC_OK);
	assert_null(door_listener_find(f->door, "file"));
	assert_true(f->tables >= 6);
	close(fallback);
	close(third);
}

// Attachments of one process share a service if all of them say so.
static void listen__shared(void **state)
{
	struct door_host *f = *state;
	int first = guest_attach(f), second = guest_attach(f), third = guest_attach(f);

	guest_expect(first, DOOR_WELCOME);
	guest_expect(second, DOOR_WELCOME);
	guest_expect(third, DOOR_WELCOME);
	guest_send(first, guest_listen("file", 1, DOOR_LISTEN_SHARED));
	guest_send(second, guest_listen("file", 1, DOOR_LISTEN_SHARED));
	guest_send(second, guest_listen("file", 2, DOOR_LISTEN_SHARED)); // again: it does already
	guest_send(third, guest_listen("file", 1, 0));
	guest_send(third, guest_listen("file", 2, DOOR_LISTEN_SHARED | DOOR_LISTEN_FALLBACK));
	host_turn(f);
	assert_int_equal(guest_expect(first, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(guest_expect(second, DOOR_RESULT).result, IPC_OK);
	assert_int_equal(guest_expect(second, DOOR_RESULT).result, IPC_OK);
	guest_expect_refusal(third, IPC_REFUSED_SERVICE, "already");
	assert_int_equal(guest_expect(third, DOOR_RESULT).result, IPC_OK);

	f->attached->pid++; // as another process
	guest_send(third, guest_listen("file", 3, DOOR_LISTEN_SHARED));
	host_turn(f);
	guest_expect_refusal(third, IPC_REFUSED_SERVICE, "already");
	close(first);
	close(second);
	close(third);
	host_turn(f);
}

static void listen__limits_and_names(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);
	struct door_message m = guest_listen("x", 1, 0);

	guest_expect(fd, DOOR_WELCOME);
	for (uint32_t i = 0; i <= DOOR_LISTENS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "service-%u", i);
		guest_send(fd, guest_listen(name, i + 1, 0));
		host_turn(f);
		assert_int_equal(guest_expect(fd, DOOR_RESULT).result,
			i < DOOR_LISTENS_MAX ? IPC_OK : IPC_REFUSED_FULL);
	}
	memset(m.service, 'x', sizeof(m.service)); // no end
	guest_send(fd, m);
	guest_send(fd, guest_listen("", 1, 0));
	guest_send(fd, guest_listen("x", 1, 8));
	host_turn(f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(guest_expect(fd, DOOR_RESULT).result, IPC_INVALID);
	close(fd);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
	const struct CMUnitTest tests[] = {
		CASE(listen__fallback_yields),
		CASE(listen__shared),
		CASE(listen__limits_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
