// The disk by threads, for where io_uring is forbidden: each takes a request, waits for it, and
// says so by an eventfd.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/store/disk_files.h"

enum { THREADS = 3 }; // a flush, a write beside it, and a read

struct threads_request {
	enum disk_op op;
	int file;
	uint64_t offset, token;
	void *bytes;
	uint32_t size;
	int error;
};

// A ring; all under the lock.
struct threads_queue {
	struct threads_request request[DISK_REQUESTS_MAX];
	uint32_t first, count;
};

struct threads_disk {
	struct disk_files files; // first
	int event;
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool stopping;
	uint32_t under_way; // of the caller: submitted and not polled
	struct threads_queue wanted, ended;
	pthread_t thread[THREADS];
	uint32_t threads;
};

static struct threads_disk *threads_of(struct disk *disk)
{
	return (struct threads_disk *)disk;
}

static void queue_put(struct threads_queue *queue, const struct threads_request *request)
{
	queue->request[(queue->first + queue->count) % DISK_REQUESTS_MAX] = *request;
	queue->count++;
}

static struct threads_request queue_take(struct threads_queue *queue)
{
	struct threads_request request = queue->request[queue->first];

	queue->first = (queue->first + 1) % DISK_REQUESTS_MAX;
	queue->count--;
	return request;
}

static int request_do(struct threads_disk *threads, const struct threads_request *request)
{
	struct disk *disk = &threads->files.disk;
	int64_t got;

	switch (request->op) {
	case DISK_WRITE:
		return disk_files_write_now(
			disk, request->file, request->offset, request->bytes, request->size);
	case DISK_FLUSH:
		return disk_files_flush_now(disk, request->file);
	case DISK_READ:
		break;
	}
	got = disk_files_read_now(
		disk, request->file, request->offset, request->bytes, request->size);
	if (got < 0)
		return (int)got;
	return got == request->size ? 0 : -EIO;
}

static void *thread_main(void *opaque)
{
	struct threads_disk *threads = opaque;
	const uint64_t one = 1;

	pthread_mutex_lock(&threads->lock);
	for (;;) {
		struct threads_request request;

		while (!threads->stopping && threads->wanted.count == 0)
			pthread_cond_wait(&threads->more, &threads->lock);
		if (threads->stopping)
			break;
		request = queue_take(&threads->wanted);
		pthread_mutex_unlock(&threads->lock);
		request.error = request_do(threads, &request);
		pthread_mutex_lock(&threads->lock);
		queue_put(&threads->ended, &request);
		// Only a counter that is full could refuse, and that is readable, too.
		if (write(threads->event, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&threads->lock);
	return NULL;
}

static bool threads_submit(struct disk *disk, enum disk_op op, int file, uint64_t offset,
	void *bytes, uint32_t size, uint64_t token)
{
	struct threads_disk *threads = threads_of(disk);
	struct threads_request request = {
		.op = op,
		.file = file,
		.offset = offset,
		.token = token,
		.bytes = bytes,
		.size = size,
	};

	if (threads->under_way == DISK_REQUESTS_MAX)
		return false;
	threads->under_way++;
	pthread_mutex_lock(&threads->lock);
	queue_put(&threads->wanted, &request);
	pthread_cond_signal(&threads->more);
	pthread_mutex_unlock(&threads->lock);
	return true;
}

static bool threads_poll(struct disk *disk, struct disk_done *done)
{
	struct threads_disk *threads = threads_of(disk);
	struct threads_request request;
	uint64_t count;
	bool found;

	pthread_mutex_lock(&threads->lock);
	found = threads->ended.count > 0;
	if (found)
		request = queue_take(&threads->ended);
	// Under the lock: an end that comes later makes it readable again.
	else if (read(threads->event, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_unlock(&threads->lock);
	if (!found)
		return false;
	threads->under_way--;
	*done = (struct disk_done){
		.op = request.op,
		.file = request.file,
		.token = request.token,
		.error = request.error,
	};
	return true;
}

static int threads_wake_fd(struct disk *disk)
{
	return threads_of(disk)->event;
}

// What a thread has begun it ends; the rest is dropped.
static void threads_stop(struct threads_disk *threads)
{
	pthread_mutex_lock(&threads->lock);
	threads->stopping = true;
	pthread_cond_broadcast(&threads->more);
	pthread_mutex_unlock(&threads->lock);
	for (uint32_t i = 0; i < threads->threads; i++)
		pthread_join(threads->thread[i], NULL);
	pthread_cond_destroy(&threads->more);
	pthread_mutex_destroy(&threads->lock);
	if (threads->event >= 0)
		close(threads->event);
}

static void threads_free(struct disk *disk)
{
	struct threads_disk *threads = threads_of(disk);

	threads_stop(threads);
	disk_files_fini(&threads->files);
	free(threads);
}

static const struct disk_ops threads_ops = {
	.name = "threads",
	DISK_FILES_OPS,
	.submit = threads_submit,
	.poll = threads_poll,
	.wake_fd = threads_wake_fd,
	.free = threads_free,
};

// Signals are the main thread's.
static int threads_start(struct threads_disk *threads)
{
	sigset_t all, before;
	int error = 0;

	pthread_mutex_init(&threads->lock, NULL);
	pthread_cond_init(&threads->more, NULL);
	threads->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (threads->event < 0)
		error = -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (error == 0 && threads->threads < THREADS) {
		error = -pthread_create(
			&threads->thread[threads->threads], NULL, thread_main, threads);
		threads->threads += error == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error < 0)
		threads_stop(threads);
	return error;
}

struct disk *disk_threads_new(const char *folder)
{
	struct threads_disk *threads = calloc(1, sizeof(*threads));
	int error;

	if (!threads)
		return NULL;
	error = disk_files_init(&threads->files, folder, false);
	if (error == 0) {
		error = threads_start(threads);
		if (error < 0)
			disk_files_fini(&threads->files);
	}
	if (error < 0) {
		free(threads);
		errno = -error;
		return NULL;
	}
	threads->files.disk.ops = &threads_ops;
	return &threads->files.disk;
}
