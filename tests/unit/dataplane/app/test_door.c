// The door's poll loop: its limits, clients that do not read, applications that break the contract.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/door_host.h"

static void accept__silent_clients_are_dropped(void **state)
{
	struct door_host *f = *state;
	int fds[DOOR_CLIENTS_MAX + 1];

	for (int i = 0; i <= DOOR_CLIENTS_MAX; i++) {
		fds[i] = guest_open(f);
		host_turn(f);
	}
	guest_expect_refusal(fds[DOOR_CLIENTS_MAX], IPC_REFUSED_FULL, "too many clients");
	guest_expect_hangup(fds[DOOR_CLIENTS_MAX]);

	struct timespec later = {.tv_sec = DOOR_HELLO_TIMEOUT_MS / 1000, .tv_nsec = 200000000};
	nanosleep(&later, NULL);
	host_turn(f);
	for (int i = 0; i < DOOR_CLIENTS_MAX; i++)
		guest_expect_hangup(fds[i]);
	int fd = guest_attach(f); // room again
	guest_expect(fd, DOOR_WELCOME);
	close(fd);
}

static void reply__a_client_that_does_not_read_is_dropped(void **state)
{
	struct door_host *f = *state;
	int lazy = guest_attach(f);
	int honest = guest_attach(f);
	uint32_t sent = 0;

	guest_expect(honest, DOOR_WELCOME);
	while (f->gones == 0 && sent < 100000) {
		struct door_message m = guest_listen("x", 1, 0);

		if (door_send(lazy, &m, NULL, 0) == 0)
			sent++;
		assert_int_equal(door_poll(f->door, 0), 0);
	}
	assert_int_equal(f->gones, 1);
	guest_send(honest, guest_listen("x", 2, 0)); // what it held is free again
	host_turn(f);
	assert_int_equal(guest_expect(honest, DOOR_RESULT).result, IPC_OK);
	close(lazy);
	close(honest);
}

static void poll__reads_a_bounded_number_per_turn(void **state)
{
	struct door_host *f = *state;
	int greedy = guest_attach(f);

	guest_expect(greedy, DOOR_WELCOME);
	for (uint32_t i = 0; i < 3 * DOOR_MESSAGES_TURN; i++)
		guest_send(greedy, guest_listen("x", i + 1, 0));
	assert_int_equal(door_poll(f->door, 0), 0);
	for (uint32_t i = 0; i < DOOR_MESSAGES_TURN; i++)
		guest_expect(greedy, DOOR_RESULT);
	struct door_message m;
	int fds[DOOR_FDS_MAX], count;
	assert_int_equal(
		door_receive(greedy, &m, fds, &count), -EAGAIN); // the rest waits for its turn
	close(greedy);
}

static void app_drop__says_why(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);

	guest_expect(fd, DOOR_WELCOME);
	f->attached->broken = APP_BROKEN_RETURN;
	door_app_drop(f->door, f->attached);
	guest_expect_refusal(fd, IPC_INVALID, "does not own");
	guest_expect_hangup(fd);
	assert_ptr_equal(f->gone, f->attached);
	door_app_drop(f->door, f->attached); // gone already
	assert_int_equal(f->gones, 1);
	door_app_released(f->door, f->gone);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
	const struct CMUnitTest tests[] = {
		CASE(accept__silent_clients_are_dropped),
		CASE(reply__a_client_that_does_not_read_is_dropped),
		CASE(poll__reads_a_bounded_number_per_turn),
		CASE(app_drop__says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
