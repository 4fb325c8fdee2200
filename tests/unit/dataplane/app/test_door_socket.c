// The door's socket file: its folder, a stale one, a living neighbour.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/door_host.h"

static void new__makes_a_socket_for_us_and_the_group(void **state)
{
	struct door_host *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
}

static void new__refuses_beside_a_living_dataplane(void **state)
{
	struct door_host *f = *state;
	char text[REASON_SIZE];
	struct door *second;

	assert_int_equal(host_open_door(f, &second, text), -EADDRINUSE);
	assert_null(second);
	assert_non_null(strstr(text, "another dataplane"));
	close(guest_open(f)); // the first still answers
	host_turn(f);
}

static void new__replaces_a_stale_socket(void **state)
{
	struct door_host *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[REASON_SIZE];

	door_free(f->door);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); // died without cleaning up
	assert_int_equal(host_open_door(f, &f->door, text), 0);
	close(guest_open(f));
}

static void new__refuses_what_is_no_socket_and_loose_folders(void **state)
{
	struct door_host *f = *state;
	char text[REASON_SIZE];
	struct door *door;

	door_free(f->door);
	int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(host_open_door(f, &door, text), -EEXIST);
	close(fd);
	unlink(f->path);
	chmod(f->folder, 0777);
	assert_int_equal(host_open_door(f, &door, text), -EPERM);
	assert_non_null(strstr(text, "writable by nobody else"));
	chmod(f->folder, 0700);
	assert_int_equal(host_open_door(f, &f->door, text), 0);
}

static void new__refuses_a_long_path(void **state)
{
	struct door_config config = {.hooks = &host_hooks, .gid = (gid_t)-1};
	char path[200], text[REASON_SIZE];
	struct door *door;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	config.path = path;
	assert_int_equal(door_new(&door, &config, text), -ENAMETOOLONG);
	assert_non_null(strstr(text, "107"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)
	const struct CMUnitTest tests[] = {
		CASE(new__makes_a_socket_for_us_and_the_group),
		CASE(new__refuses_beside_a_living_dataplane),
		CASE(new__replaces_a_stale_socket),
		CASE(new__refuses_what_is_no_socket_and_loose_folders),
		cmocka_unit_test(new__refuses_a_long_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
