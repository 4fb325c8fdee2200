// The io_uring backend of the loop: one ring, one poll request per watch, everything of a turn in
// one system call.
#include "control/loop_backend.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>

#define URING_ENTRIES 256

// Completions that nobody waits for (of removals). Keys of watches are never 0.
#define URING_KEY_NONE 0

struct uring_backend {
	struct io_uring ring;
};

// The newest setup first: deferred task work keeps completions out of our system calls until we ask
// for them.
static int uring_setup(struct io_uring *ring)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CLAMP,
		IORING_SETUP_CLAMP,
	};
	int error = -ENOSYS;

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct io_uring_params params = {
			.flags = flags[i] | IORING_SETUP_CQSIZE, .cq_entries = 4096};

		error = io_uring_queue_init_params(URING_ENTRIES, ring, &params);
		if (error == 0 && !(params.features &
					  IORING_FEAT_EXT_ARG)) { // waiting with a timeout needs it
			io_uring_queue_exit(ring);
			error = -ENOSYS;
		}
		if (error == 0)
			return 0;
	}
	return error;
}

static void *uring_new(void)
{
	struct uring_backend *backend = calloc(1, sizeof(*backend));
	int error;

	if (!backend)
		return NULL;
	error = uring_setup(&backend->ring);
	if (error < 0) {
		free(backend);
		errno = -error;
		return NULL;
	}
	return backend;
}

static void uring_free(void *opaque)
{
	struct uring_backend *backend = opaque;

	io_uring_queue_exit(&backend->ring);
	free(backend);
}

static struct io_uring_sqe *uring_sqe(struct uring_backend *backend)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&backend->ring);

	if (!sqe && io_uring_submit(&backend->ring) >= 0) // full: hand over what is there
		sqe = io_uring_get_sqe(&backend->ring);
	return sqe;
}

// A one-shot poll, armed again by the loop after each report: level-triggered like epoll, and the
// re-arming costs no call of its own because it is submitted together with the next wait.
static int uring_arm(void *opaque, int fd, short events, uint64_t key)
{
	struct io_uring_sqe *sqe = uring_sqe(opaque);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_add(sqe, fd, (unsigned short)events);
	io_uring_sqe_set_data64(sqe, key);
	return 0;
}

// Submitted and its task work run at once: the caller closes the descriptor next, and a poll that
// still holds the file would keep a socket open.
static void uring_disarm(void *opaque, int fd, uint64_t key)
{
	struct uring_backend *backend = opaque;
	struct io_uring_sqe *sqe = uring_sqe(backend);

	(void)fd;
	if (!sqe)
		return;
	io_uring_prep_poll_remove(sqe, key);
	io_uring_sqe_set_data64(sqe, URING_KEY_NONE);
	io_uring_submit_and_get_events(&backend->ring);
}

static int uring_collect(struct uring_backend *backend, struct loop_ready ready[LOOP_READY_MAX])
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;
	int count = 0;

	io_uring_for_each_cqe(&backend->ring, head, cqe)
	{
		if (count == LOOP_READY_MAX)
			break;
		seen++;
		if (cqe->user_data == URING_KEY_NONE || cqe->res == -ECANCELED)
			continue;
		ready[count].key = cqe->user_data;
		ready[count].events = cqe->res < 0 ? POLLERR : (short)cqe->res;
		count++;
	}
	io_uring_cq_advance(&backend->ring, seen);
	return count;
}

static int uring_wait(void *opaque, uint64_t timeout_ns, struct loop_ready ready[LOOP_READY_MAX])
{
	struct uring_backend *backend = opaque;
	struct __kernel_timespec timeout = {.tv_sec = (long long)(timeout_ns / 1000000000u),
		.tv_nsec = (long long)(timeout_ns % 1000000000u)};
	struct io_uring_cqe *cqe;
	int error;

	error = io_uring_submit_and_wait_timeout(
		&backend->ring, &cqe, 1, timeout_ns == UINT64_MAX ? NULL : &timeout, NULL);
	if (error < 0 && error != -ETIME && error != -EINTR && error != -EBUSY)
		return error;
	return uring_collect(backend, ready);
}

const struct loop_backend_ops loop_uring = {
	.name = "io_uring",
	.new = uring_new,
	.free = uring_free,
	.arm = uring_arm,
	.disarm = uring_disarm,
	.wait = uring_wait,
};
