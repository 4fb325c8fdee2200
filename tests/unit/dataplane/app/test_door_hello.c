// Who gets in at the door, and which sentence the others get.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/door_host.h"

static void hello_app__welcome_and_goodbye(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);
	struct door_message m = guest_expect(fd, DOOR_WELCOME);

	assert_int_equal(m.request, 5);
	assert_int_equal(m.blocks, 20);
	assert_int_equal(m.boot_id, 99);
	assert_int_equal(f->wanted, APP_NONE);
	assert_int_equal(m.worker, 4); // 1 + the one that the host chose
	assert_int_equal(m.workers, 5);
	assert_int_equal(m.region_size, f->attached->arena.size);
	assert_int_equal(f->attached->pid, getpid());
	assert_string_equal(f->attached->name, "test_app_door_h");
	struct door_app app = {.index = f->attached->index, .generation = f->attached->generation};
	assert_ptr_equal(door_channel(f->door, app), f->attached);

	close(fd);
	host_turn(f);
	assert_ptr_equal(f->gone, f->attached);
	assert_null(door_channel(f->door, app));
	door_app_released(f->door, f->gone);

	fd = guest_attach(f); // the index again, another generation
	guest_expect(fd, DOOR_WELCOME);
	assert_int_equal(f->attached->index, app.index);
	assert_int_not_equal(f->attached->generation, app.generation);
	assert_null(door_channel(f->door, app));
	close(fd);
}

static void hello_app__refusals(void **state)
{
	struct door_host *f = *state;
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	int devnull = open("/dev/null", O_RDONLY | O_CLOEXEC), fd;

	fd = guest_open(f);
	assert_int_equal(door_send(fd, &hello, &devnull, 1), 0); // no seals
	host_turn(f);
	guest_expect_refusal(fd, IPC_REFUSED_REGION, "seals");
	guest_expect_hangup(fd);

	fd = guest_open(f);
	guest_send(fd, hello); // no descriptor
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "one descriptor");
	guest_expect_hangup(fd);

	fd = guest_open(f);
	assert_int_equal(door_send(fd, &hello, (int[]){devnull, devnull}, 2), 0);
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "one descriptor");
	guest_expect_hangup(fd);
	close(devnull);

	f->attach_result = IPC_REFUSED_FULL;
	fd = guest_attach(f);
	guest_expect_refusal(fd, IPC_REFUSED_FULL, "no worker has room");
	guest_expect_hangup(fd);
	assert_int_equal(f->gones, 0);
}

// As many as there are places; a place is free again when the worker has let go, not before.
static void hello_app__all_places_taken(void **state)
{
	struct door_host *f = *state;
	int fds[APPS_MAX], late;

	for (int i = 0; i < APPS_MAX; i++) {
		fds[i] = guest_attach(f);
		guest_expect(fds[i], DOOR_WELCOME);
	}
	for (int i = 0; i < 2 * DOOR_CLIENTS_MAX; i++) { // a flood does not change that
		late = guest_attach(f);
		guest_expect_refusal(late, IPC_REFUSED_FULL, "as many applications");
		guest_expect_hangup(late);
	}
	close(fds[17]);
	host_turn(f);
	late = guest_attach(f);
	guest_expect_refusal(late, IPC_REFUSED_FULL, "as many applications");
	guest_expect_hangup(late);
	door_app_released(f->door, f->gone);
	fds[17] = guest_attach(f);
	guest_expect(fds[17], DOOR_WELCOME);
	assert_int_equal(f->attached->index, 17);
	for (int i = 0; i < APPS_MAX; i++)
		close(fds[i]);
	host_turn(f);
}

static void hello_app__twice_is_dropped(void **state)
{
	struct door_host *f = *state;
	int fd = guest_attach(f);

	guest_expect(fd, DOOR_WELCOME);
	struct door_message hello = door_message_init(DOOR_HELLO_APP);
	assert_int_equal(door_send(fd, &hello, &fd, 1), 0);
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "once");
	guest_expect_hangup(fd);
	assert_int_equal(f->gones, 1);
}

static void hello__garbage_and_versions(void **state)
{
	struct door_host *f = *state;
	struct door_message m = door_message_init(DOOR_HELLO_APP);
	int fd = guest_open(f);

	assert_int_equal(send(fd, "garbage", 7, 0), 7);
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "not a message");
	guest_expect_hangup(fd);

	fd = guest_open(f);
	m.version = 9;
	guest_send(fd, m);
	host_turn(f);
	guest_expect_refusal(fd, IPC_REFUSED_VERSION, "version");
	guest_expect_hangup(fd);

	fd = guest_open(f);
	guest_send(fd, guest_listen("x", 1, 0)); // no hello first
	host_turn(f);
	guest_expect_refusal(fd, IPC_INVALID, "may not send");
	guest_expect_hangup(fd);
}

static void hello_control__one_at_a_time(void **state)
{
	struct door_host *f = *state;
	struct door_message hello = door_message_init(DOOR_HELLO_CONTROL);
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd = guest_open(f);

	assert_int_equal(door_send(fd, &hello, &file, 1), 0);
	host_turn(f);
	assert_int_equal(guest_expect(fd, DOOR_WELCOME).region_size, 4711);

	int second = guest_open(f);
	assert_int_equal(door_send(second, &hello, &file, 1), 0);
	host_turn(f);
	guest_expect_refusal(second, IPC_REFUSED_FULL, "attached as control already");
	guest_expect_hangup(second);

	guest_send(fd, door_message_init(DOOR_DOORBELL));
	host_turn(f);
	assert_int_equal(f->doorbells, 1);
	close(fd);
	host_turn(f);
	assert_int_equal(f->controls_gone, 1);

	fd = guest_open(f); // and the next one may come
	assert_int_equal(door_send(fd, &hello, &file, 1), 0);
	host_turn(f);
	guest_expect(fd, DOOR_WELCOME);
	close(fd);
	host_turn(f);
	close(file);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
	const struct CMUnitTest tests[] = {
		CASE(hello_app__welcome_and_goodbye),
		CASE(hello_app__refusals),
		CASE(hello_app__all_places_taken),
		CASE(hello_app__twice_is_dropped),
		CASE(hello__garbage_and_versions),
		CASE(hello_control__one_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
