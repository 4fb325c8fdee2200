// Who may what.
#include "control/admin/level.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define DAEMON 990
#define GROUP  880

static void level_of__root_and_the_daemon_are_admin(void **state)
{
	struct level_caller root = {.uid = 0, .gid = 0}, daemon_user = {.uid = DAEMON, .gid = 1};

	(void)state;
	assert_int_equal(level_of(&root, DAEMON, GROUP), LEVEL_ADMIN);
	assert_int_equal(level_of(&daemon_user, DAEMON, GROUP), LEVEL_ADMIN);
}

static void level_of__the_group_is_operator(void **state)
{
	struct level_caller primary = {.uid = 1000, .gid = GROUP};
	struct level_caller other = {
		.uid = 1000, .gid = 1000, .groups_count = 3, .groups = {5, 6, GROUP}};

	(void)state;
	assert_int_equal(level_of(&primary, DAEMON, GROUP), LEVEL_OPERATOR);
	assert_int_equal(level_of(&other, DAEMON, GROUP), LEVEL_OPERATOR);
	other.groups_count = 2; // what lies beyond the count does not count
	assert_int_equal(level_of(&other, DAEMON, GROUP), LEVEL_NONE);
}

static void level_of__others_are_nobody(void **state)
{
	struct level_caller caller = {.uid = 1000, .gid = 1000};

	(void)state;
	assert_int_equal(level_of(&caller, DAEMON, GROUP), LEVEL_NONE);
	assert_int_equal(level_of(&caller, 0, (gid_t)-1), LEVEL_NONE);
}

static void level_caller_get__is_us(void **state)
{
	struct level_caller caller;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(level_caller_get(&caller, fds[0]), 0);
	assert_int_equal(caller.pid, getpid());
	assert_int_equal(caller.uid, geteuid());
	assert_int_equal(caller.gid, getegid());
	close(fds[0]);
	close(fds[1]);
	assert_true(level_caller_get(&caller, -1) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_of__root_and_the_daemon_are_admin),
		cmocka_unit_test(level_of__the_group_is_operator),
		cmocka_unit_test(level_of__others_are_nobody),
		cmocka_unit_test(level_caller_get__is_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
