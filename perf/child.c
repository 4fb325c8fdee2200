// fork, exec, and a pipe.
#include "perf/child.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_become(const char *const *argv, int out)
{
	int nowhere = open("/dev/null", O_RDWR);

	dup2(nowhere, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static char *read_all(int fd)
{
	size_t size = 0, room = 1 << 16;
	char *text = malloc(room), *more = text;
	ssize_t got;

	while (text && (got = read(fd, text + size, room - size - 1)) > 0) {
		size += (size_t)got;
		if (room - size > 1)
			continue;
		more = realloc(text, room *= 2);
		if (!more)
			break;
		text = more;
	}
	if (text)
		text[size] = 0;
	return text;
}

char *child_read(const char *const *argv, int *status)
{
	int ends[2], how;
	char *text;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		child_become(argv, ends[1]);
	close(ends[1]);
	text = pid < 0 ? NULL : read_all(ends[0]);
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &how, 0) < 0 || !WIFEXITED(how)) {
		free(text);
		return NULL;
	}
	*status = WEXITSTATUS(how);
	return text;
}
