// A folder for a test's certificates, and its end.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static inline char *folder_new(void)
{
	char *folder = strdup("/tmp/sluice-test-pki-XXXXXX");

	return folder && mkdtemp(folder) ? folder : NULL;
}

// The shell's exit code.
static inline int folder_run(const char *command)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : -1;
}

static inline void folder_free(char *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- %s", folder);
	folder_run(command);
	free(folder);
}
