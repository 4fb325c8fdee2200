// Capabilities are gone for good, but for what root executes afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/privileges.h"

static unsigned long long effective(const char *file)
{
	unsigned long long caps = 1;
	char line[256];
	FILE *in = fopen(file, "r");

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (in)
		fclose(in);
	return caps;
}

// In a child: what was dropped cannot come back. Its exit code is the number of the step that went
// wrong.
static int child(void)
{
	if (privileges_drop() != 0)
		return 1;
	if (effective("/proc/self/status") != 0)
		return 2;
	if (setuid(0) == 0 && geteuid() == 0 && effective("/proc/self/status") != 0)
		return 3;
	if (geteuid() != 0)
		return 0;
	// As root: a program that is executed has them again.
	execl("/bin/sh", "sh", "-c", "! grep -q '^CapEff:.*\t0000000000000000' /proc/self/status",
		(char *)NULL);
	return 4;
}

static void privileges_drop__for_good(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void privileges_close_memory__no_dump(void **state)
{
	(void)state;
	privileges_close_memory();
#ifndef __SANITIZE_ADDRESS__
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
#else
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(privileges_drop__for_good),
		cmocka_unit_test(privileges_close_memory__no_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
