// The folder of a node's sockets and locks. One control process per folder.
#include "control/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNDIR_PATH (CONFIG_SOCKET_SIZE + 32)

// Like mkdir -p, all parts but the last 0755.
static int rundir_make(const char *path)
{
	char part[CONFIG_SOCKET_SIZE];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

// A folder that others can write would let them put their own sockets into it.
static int rundir_check(const char *path, char *error, size_t error_size)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		snprintf(error, error_size, "run_dir %s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & 022) {
		snprintf(error, error_size,
			"run_dir %s: must be a folder of user %u that nobody else can write", path,
			geteuid());
		return -1;
	}
	return 0;
}

static void rundir_lock_path(const struct config *config, char path[RUNDIR_PATH])
{
	snprintf(path, RUNDIR_PATH, "%s/control.lock", config->run_dir);
}

static int rundir_lock(const struct config *config, char *error, size_t error_size)
{
	char path[RUNDIR_PATH], pid[16] = "";
	int lock;

	rundir_lock_path(config, path);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0) {
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (read(lock, pid, sizeof(pid) - 1) <= 0)
		pid[0] = 0;
	pid[strcspn(pid, "\n")] = 0;
	snprintf(error, error_size, "another sluice-control (process %s) runs with run_dir %s",
		pid[0] ? pid : "unknown", config->run_dir);
	close(lock);
	return -1;
}

int rundir_take(const struct config *config, char *error, size_t error_size)
{
	char pid[16];
	int lock, size;

	if (rundir_make(config->run_dir) < 0) {
		snprintf(error, error_size, "run_dir %s cannot be made: %s", config->run_dir,
			strerror(errno));
		return -1;
	}
	if (rundir_check(config->run_dir, error, error_size) < 0)
		return -1;
	lock = rundir_lock(config, error, error_size);
	if (lock < 0)
		return -1;
	size = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(lock, 0) < 0 || pwrite(lock, pid, (size_t)size, 0) != size) {
		snprintf(error, error_size, "the lock in run_dir %s cannot be written: %s",
			config->run_dir, strerror(errno));
		close(lock);
		return -1;
	}
	return lock;
}

// The file stays: removing it would let two processes lock two files of one name.
void rundir_give(int lock)
{
	if (lock < 0)
		return;
	(void)!ftruncate(lock, 0); // a stale pid in an unlocked file misleads nobody
	close(lock);
}
