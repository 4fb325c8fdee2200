// The epoll backend of the loop, for kernels and sandboxes that refuse io_uring.
#include "control/loop_backend.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct epoll_backend {
	int fd;
};

static_assert(
	POLLIN == EPOLLIN && POLLOUT == EPOLLOUT && POLLERR == EPOLLERR && POLLHUP == EPOLLHUP,
	"poll and epoll share their bits");

static void *epoll_new(void)
{
	struct epoll_backend *backend = calloc(1, sizeof(*backend));

	if (!backend)
		return NULL;
	backend->fd = epoll_create1(EPOLL_CLOEXEC);
	if (backend->fd < 0) {
		free(backend);
		return NULL;
	}
	return backend;
}

static void epoll_free(void *opaque)
{
	struct epoll_backend *backend = opaque;

	close(backend->fd);
	free(backend);
}

static int epoll_arm(void *opaque, int fd, short events, uint64_t key)
{
	struct epoll_backend *backend = opaque;
	struct epoll_event event = {
		.events = (uint32_t)(unsigned short)events | EPOLLONESHOT, .data.u64 = key};

	if (epoll_ctl(backend->fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(backend->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

static void epoll_disarm(void *opaque, int fd, uint64_t key)
{
	struct epoll_backend *backend = opaque;

	(void)key;
	epoll_ctl(backend->fd, EPOLL_CTL_DEL, fd, NULL);
}

static int epoll_wait_ready(
	void *opaque, uint64_t timeout_ns, struct loop_ready ready[LOOP_READY_MAX])
{
	struct epoll_backend *backend = opaque;
	struct epoll_event events[LOOP_READY_MAX];
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
		.tv_nsec = (long)(timeout_ns % 1000000000u)};
	int count = epoll_pwait2(backend->fd, events, LOOP_READY_MAX,
		timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);

	if (count < 0 && errno == ENOSYS) // before Linux 5.11: milliseconds, rounded up
		count = epoll_wait(backend->fd, events, LOOP_READY_MAX,
			timeout_ns == UINT64_MAX ? -1 : (int)((timeout_ns + 999999) / 1000000));
	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < count; i++)
		ready[i] = (struct loop_ready){
			.key = events[i].data.u64, .events = (short)events[i].events};
	return count;
}

const struct loop_backend_ops loop_epoll = {
	.name = "epoll",
	.new = epoll_new,
	.free = epoll_free,
	.arm = epoll_arm,
	.disarm = epoll_disarm,
	.wait = epoll_wait_ready,
};
