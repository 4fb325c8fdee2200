// The disk by io_uring: one ring, one request each, an eventfd that says when some have ended.
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/store/disk_files.h"

struct uring_request {
	enum disk_op op;
	int file;
	uint64_t offset, token;
	uint8_t *bytes;
	uint32_t left;
	uint32_t next; // of the free ones
};

struct uring_disk {
	struct disk_files files; // first
	struct io_uring ring;
	int event;
	uint32_t unused; // first free request; DISK_REQUESTS_MAX: none
	uint32_t under_way;
	struct uring_request request[DISK_REQUESTS_MAX];
};

static struct uring_disk *uring_of(struct disk *disk)
{
	return (struct uring_disk *)disk;
}

// What is left of it. The ring has room for all that may be under way.
static int request_begin(struct uring_disk *uring, uint32_t number)
{
	const struct uring_request *request = &uring->request[number];
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);
	int fd = disk_files_fd(&uring->files, request->file);

	if (!sqe)
		return -EBUSY;
	if (request->op == DISK_WRITE)
		io_uring_prep_write(sqe, fd, request->bytes, request->left, request->offset);
	else if (request->op == DISK_READ)
		io_uring_prep_read(sqe, fd, request->bytes, request->left, request->offset);
	else
		io_uring_prep_fsync(
			sqe, fd, request->file == DISK_FOLDER ? 0 : IORING_FSYNC_DATASYNC);
	io_uring_sqe_set_data64(sqe, number);
	return io_uring_submit(&uring->ring);
}

static bool uring_submit(struct disk *disk, enum disk_op op, int file, uint64_t offset, void *bytes,
	uint32_t size, uint64_t token)
{
	struct uring_disk *uring = uring_of(disk);
	uint32_t number = uring->unused;

	if (number == DISK_REQUESTS_MAX)
		return false;
	uring->unused = uring->request[number].next;
	uring->under_way++;
	uring->request[number] = (struct uring_request){
		.op = op,
		.file = file,
		.offset = offset,
		.token = token,
		.bytes = bytes,
		.left = size,
	};
	// What the kernel did not take now it takes with the next one, or with the next poll.
	request_begin(uring, number);
	return true;
}

// The next end, if there is one. A submission that the kernel had refused is tried here.
static struct io_uring_cqe *next_end(struct uring_disk *uring)
{
	struct io_uring_cqe *cqe = NULL;
	uint64_t count;

	if (io_uring_peek_cqe(&uring->ring, &cqe) == 0)
		return cqe;
	if (io_uring_sq_ready(&uring->ring) > 0)
		io_uring_submit(&uring->ring);
	// Quiet first, then a second look: an end between the two is seen by one of them.
	if (read(uring->event, &count, sizeof(count)) < 0)
		return NULL;
	return io_uring_peek_cqe(&uring->ring, &cqe) == 0 ? cqe : NULL;
}

// True: it has ended. A part that was done is gone on with.
static bool request_end(struct uring_disk *uring, uint32_t number, int result, int *error)
{
	struct uring_request *request = &uring->request[number];
	bool again = result == -EINTR || result == -EAGAIN;

	*error = result < 0 ? result : 0;
	if (request->op == DISK_FLUSH)
		return true;
	if (again || (result > 0 && (uint32_t)result < request->left)) {
		uint32_t part = again ? 0 : (uint32_t)result;

		request->bytes += part;
		request->offset += part;
		request->left -= part;
		request_begin(uring, number);
		return false;
	}
	if (result == 0)
		*error = -EIO; // the end of the file
	return true;
}

static bool uring_poll(struct disk *disk, struct disk_done *done)
{
	struct uring_disk *uring = uring_of(disk);
	struct io_uring_cqe *cqe;

	while ((cqe = next_end(uring)) != NULL) {
		uint32_t number = (uint32_t)cqe->user_data;
		struct uring_request *request = &uring->request[number];
		int result = cqe->res, error;

		io_uring_cqe_seen(&uring->ring, cqe);
		if (!request_end(uring, number, result, &error))
			continue;
		*done = (struct disk_done){
			.op = request->op,
			.file = request->file,
			.token = request->token,
			.error = error,
		};
		request->next = uring->unused;
		uring->unused = number;
		uring->under_way--;
		return true;
	}
	return false;
}

static int uring_wake_fd(struct disk *disk)
{
	return uring_of(disk)->event;
}

static void uring_free(struct disk *disk)
{
	struct uring_disk *uring = uring_of(disk);
	struct disk_done done;
	struct io_uring_cqe *cqe;

	// Memory is the kernel's until the end of each.
	while (uring->under_way > 0)
		if (!uring_poll(disk, &done))
			io_uring_wait_cqe(&uring->ring, &cqe);
	io_uring_queue_exit(&uring->ring);
	close(uring->event);
	disk_files_fini(&uring->files);
	free(uring);
}

static const struct disk_ops uring_ops = {
	.name = "io_uring",
	DISK_FILES_OPS,
	.submit = uring_submit,
	.poll = uring_poll,
	.wake_fd = uring_wake_fd,
	.free = uring_free,
};

static int uring_init(struct uring_disk *uring)
{
	int error;

	for (uint32_t i = 0; i < DISK_REQUESTS_MAX; i++)
		uring->request[i].next = i + 1;
	uring->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (uring->event < 0)
		return -errno;
	error = io_uring_queue_init(DISK_REQUESTS_MAX, &uring->ring, IORING_SETUP_CLAMP);
	if (error == 0) {
		error = io_uring_register_eventfd(&uring->ring, uring->event);
		if (error == 0)
			return 0;
		io_uring_queue_exit(&uring->ring);
	}
	close(uring->event);
	// Forbidden by policy or not built: the caller may take threads. EPERM is the folder's.
	return error == -EPERM ? -ENOSYS : error;
}

struct disk *disk_uring_new(const char *folder)
{
	struct uring_disk *uring = calloc(1, sizeof(*uring));
	int error;

	if (!uring)
		return NULL;
	error = disk_files_init(&uring->files, folder, false);
	if (error == 0) {
		error = uring_init(uring);
		if (error < 0)
			disk_files_fini(&uring->files);
	}
	if (error < 0) {
		free(uring);
		errno = -error;
		return NULL;
	}
	uring->files.disk.ops = &uring_ops;
	return &uring->files.disk;
}
