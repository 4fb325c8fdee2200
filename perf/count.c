// System calls by the kernel's own counter: a perf event on the tracepoint raw_syscalls:sys_enter
// in each thread. Its number stands in tracefs; a detached mount of it is enough to read that, so
// nothing has to be mounted for us and nothing stays mounted behind us.
#include "perf/count.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool prepared;
static const char *missing;
static uint64_t tracepoint;
static int held = -1; // an event that counts nothing: with it, no other is the last one

static int tracepoint_open(void)
{
	static const char where[] = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";
	int fd = open(where, O_RDONLY | O_CLOEXEC), context, mounted;

	if (fd >= 0)
		return fd;
	context = fsopen("tracefs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	close(context);
	if (mounted < 0)
		return -1;
	fd = openat(mounted, "events/raw_syscalls/sys_enter/id", O_RDONLY | O_CLOEXEC);
	close(mounted);
	return fd;
}

static bool tracepoint_read(void)
{
	char text[24];
	int fd = tracepoint_open();
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (size <= 0)
		return false;
	text[size] = 0;
	tracepoint = strtoull(text, NULL, 10);
	return tracepoint > 0;
}

// inherit: threads and processes that it starts, too.
static int event_open(pid_t thread, bool inherit)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = tracepoint,
		.disabled = 1,
		.inherit = inherit,
	};

	return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void events_open(struct count *c)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *entry;

	c->fds_count = 0;
	while (tasks && (entry = readdir(tasks)) != NULL) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		int fd = thread > 0 && c->fds_count < COUNT_THREADS_MAX ? event_open(thread, true)
									: -1;

		if (fd >= 0)
			c->fds[c->fds_count++] = fd;
	}
	if (tasks)
		closedir(tasks);
	for (int i = 0; i < c->fds_count; i++)
		ioctl(c->fds[i], PERF_EVENT_IOC_ENABLE, 0);
}

static int64_t events_close(struct count *c)
{
	uint64_t sum = 0, value;

	for (int i = 0; i < c->fds_count; i++)
		ioctl(c->fds[i], PERF_EVENT_IOC_DISABLE, 0);
	for (int i = 0; i < c->fds_count; i++) {
		if (read(c->fds[i], &value, sizeof(value)) == sizeof(value))
			sum += value;
		close(c->fds[i]);
	}
	return (int64_t)sum;
}

static void prepare(void)
{
	int fd = tracepoint_read() ? event_open(0, false) : -1;

	prepared = true;
	if (fd < 0)
		missing = "the kernel's tracepoint raw_syscalls:sys_enter is not open to this "
			  "user (needs root)";
	else
		close(fd);
}

void count_hold(void)
{
	if (!prepared)
		prepare();
	if (!missing && held < 0)
		held = event_open(0, false);
}

void count_start(struct count *c)
{
	if (!prepared)
		prepare();
	c->syscalls = missing ? -1 : 0;
	c->fds_count = 0;
	if (!missing)
		events_open(c);
	c->allocs = allocs_total();
}

void count_stop(struct count *c)
{
	if (c->allocs >= 0)
		c->allocs = allocs_total() - c->allocs;
	if (c->syscalls < 0)
		return;
	c->syscalls = events_close(c) - c->fds_count; // without our own that disable the others
	if (c->syscalls < 0)
		c->syscalls = 0;
}

const char *count_allocs_missing(void)
{
	return allocs_total() < 0 ? "a sanitizer has the malloc family for itself" : NULL;
}

const char *count_syscalls_missing(void)
{
	if (!prepared)
		prepare();
	return missing;
}
