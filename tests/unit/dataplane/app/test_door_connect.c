// Requests for a session wait at the door until a worker, control or the clock answers them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/app/deliver.h"
#include "tests/unit/dataplane/app/door_host.h"

static struct door_message connect_message(uint32_t request)
{
	struct door_message m = door_message_init(DOOR_CONNECT);

	snprintf(m.node, sizeof(m.node), "%s", "b");
	snprintf(m.service, sizeof(m.service), "%s", "file");
	m.request = request;
	m.codec = CODEC_LZ4;
	m.controller = CONTROLLER_CUBIC;
	return m;
}

static void connect__passes_and_fails(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);

	guest_expect(fd, DOOR_WELCOME);
	guest_send(fd, connect_message(7));
	host_turn(f);
	assert_int_equal(f->connect.request, 7);
	assert_int_equal(f->connect.worker, 3);
	assert_int_equal(f->connect.timeout_ms, DOOR_CONNECT_TIMEOUT_MS);
	assert_string_equal(f->connect.node, "b");
	assert_int_equal(f->connect.controller, CONTROLLER_CUBIC);

	struct door_app stale = {f->connect.app.index, (uint16_t)(f->connect.app.generation + 1)};
	door_connect_failed(f->door, stale, 7, IPC_REFUSED_NODE, "not for you");
	door_connect_failed(f->door, f->connect.app, 8, IPC_REFUSED_NODE, "not for you");
	door_connect_failed(f->door, f->connect.app, 7, IPC_REFUSED_NODE, "no node b");
	door_connect_failed(f->door, f->connect.app, 7, IPC_REFUSED_NODE, "twice");
	guest_expect_refusal(fd, IPC_REFUSED_NODE, "no node b");

	f->connect_result = IPC_NO_CONTROL;
	guest_send(fd, connect_message(8));
	host_turn(f);
	guest_expect_refusal(fd, IPC_NO_CONTROL, "no control");
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;
	assert_int_equal(door_receive(fd, &m, fds, &count), -EAGAIN); // exactly one answer to each
	close(fd);
}

static void connect__no_such_controller(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);
	struct door_message m = connect_message(7);

	guest_expect(fd, DOOR_WELCOME);
	m.controller = CONTROLLER_COUNT;
	guest_send(fd, m);
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "no such congestion controller");
	close(fd);
}

// Control is not believed that all is well: that would leave the request without any answer.
static void connect__failed_is_never_ok(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);

	guest_expect(fd, DOOR_WELCOME);
	guest_send(fd, connect_message(7));
	host_turn(f);
	door_connect_failed(f->door, f->connect.app, 7, IPC_OK, "what?");
	guest_expect_refusal(fd, IPC_INVALID, "what?");
	close(fd);
}

static void count_connect(void *context, const struct door_connect *connect)
{
	(void)connect;
	++*(uint32_t *)context;
}

static void connect__limit_and_worker_answers(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);
	uint32_t pending = 0;

	guest_expect(fd, DOOR_WELCOME);
	for (uint32_t i = 1; i <= APP_CONNECTS_MAX + 1; i++) {
		guest_send(fd, connect_message(i));
		host_turn(f);
	}
	guest_expect_refusal(fd, IPC_REFUSED_FULL, "too many requests");
	door_connects_each(f->door, count_connect, &pending);
	assert_int_equal(pending, APP_CONNECTS_MAX);

	// The worker opens one: its place is free again, and control would not get it anew.
	struct app_session *session = app_session_open(f->attached, 1);
	app_deliver_opened(session, 4);
	pending = 0;
	door_connects_each(f->door, count_connect, &pending);
	assert_int_equal(pending, APP_CONNECTS_MAX - 1);
	guest_send(fd, connect_message(5)); // still in use
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "in use");
	guest_send(fd, connect_message(4));
	host_turn(f);
	assert_int_equal(f->connect.request, 4);
	close(fd);
}

static void connect__times_out_by_itself(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);
	struct door_message m = connect_message(3);
	struct timespec later = {.tv_sec = DOOR_CONNECT_GRACE_MS / 1000, .tv_nsec = 150000000};

	guest_expect(fd, DOOR_WELCOME);
	m.timeout_ms = 50;
	guest_send(fd, m);
	host_turn(f);
	nanosleep(&later, NULL);
	host_turn(f);
	guest_expect_refusal(fd, IPC_TIMEOUT, "in time");
	close(fd);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
	const struct CMUnitTest tests[] = {
		CASE(connect__passes_and_fails),
		CASE(connect__no_such_controller),
		CASE(connect__failed_is_never_ok),
		CASE(connect__limit_and_worker_answers),
		CASE(connect__times_out_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
