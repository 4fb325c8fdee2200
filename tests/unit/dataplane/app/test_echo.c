// The example program, its server and its client as
// processes of their own, through the door and the channels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/dataplane/app/loopback.h"

static const char *program;
static char folder[64];
static char path[80];
static struct loopback *loopback;
static pid_t server;

static pid_t start(const char *first, const char *second)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(program, "echo", first, second, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/sluice-test-echo-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/data.sock", folder);
	setenv("SLUICE_DATA", path, 1);
	loopback = loopback_start(path);
	server = start("serve", NULL);
	return 0;
}

static int teardown(void **state)
{
	struct loopback_counts counts = loopback_counts_get(loopback);

	(void)state;
	loopback_stop(loopback);
	rmdir(folder);
	assert_null(counts.wrong);
	assert_int_equal(counts.broken, 0);
	assert_int_equal(finish(server), 3); // the dataplane went away under it
	return 0;
}

// The server may still be on its way to listen.
static int ask(const char *count)
{
	int code = 1;

	for (int tries = 0; tries < 200 && code == 1; tries++) {
		code = finish(start("self", count));
		if (code == 1)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return code;
}

static void echo__comes_back(void **state)
{
	(void)state;
	assert_int_equal(ask("1"), 0);
	assert_int_equal(ask("3000"), 0);
	assert_true(loopback_counts_get(loopback).records >= 6002);
}

static void echo__two_clients_at_once(void **state)
{
	(void)state;
	assert_int_equal(ask("1"), 0);
	pid_t a = start("self", "1500"), b = start("self", "1500");
	assert_int_equal(finish(a), 0);
	assert_int_equal(finish(b), 0);
}

static void echo__survives_a_client_that_dies(void **state)
{
	(void)state;
	assert_int_equal(ask("1"), 0);
	pid_t pid = start("self", "100000000");
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(ask("500"), 0);
}

static void usage__exit_codes(void **state)
{
	(void)state;
	assert_int_equal(finish(start("self", "x")), 2);
	setenv("SLUICE_DATA", "/nonexistent/data.sock", 1);
	assert_int_equal(finish(start("self", "1")), 3);
	setenv("SLUICE_DATA", path, 1);
	assert_int_equal(ask("1"), 0);
}

int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(echo__comes_back),
		CASE(echo__two_clients_at_once),
		CASE(echo__survives_a_client_that_dies),
		CASE(usage__exit_codes),
	};

	if (argc != 2)
		return 2;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
