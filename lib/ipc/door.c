// One door message with its descriptors over a SOCK_SEQPACKET socket. What is not exactly such a
// message is refused, and every descriptor that came with it is closed.
#include "lib/ipc/door.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Room for as many descriptors as are allowed; what exceeds it the kernel drops and says so
// (MSG_CTRUNC).
union door_control {
	char bytes[CMSG_SPACE(DOOR_FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

struct door_message door_message_init(enum door_type type)
{
	return (struct door_message){
		.magic = DOOR_MAGIC, .version = DOOR_VERSION, .type = (uint16_t)type};
}

int door_send(int socket, const struct door_message *message, const int *fds, int fds_count)
{
	union door_control control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message)};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	assert(fds_count >= 0 && fds_count <= DOOR_FDS_MAX);
	if (fds_count > 0) {
		size_t size = (size_t)fds_count * sizeof(int);

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(size);
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(cmsg), fds, size);
	}
	do {
		sent = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent == (ssize_t)sizeof(*message))
		return 0;
	if (sent >= 0) // SEQPACKET sends all or nothing
		return -EIO;
	return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? DOOR_E_HANGUP : -errno;
}

// Collects up to DOOR_FDS_MAX descriptors; false: there were more, or something else than
// descriptors.
static bool door_collect(struct msghdr *header, int fds[DOOR_FDS_MAX], int *fds_count)
{
	bool fine = (header->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg != NULL;
		cmsg = CMSG_NXTHDR(header, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
			fine = false;
			continue;
		}
		size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
			if (*fds_count < DOOR_FDS_MAX) {
				fds[(*fds_count)++] = fd;
			} else {
				close(fd);
				fine = false;
			}
		}
	}
	return fine;
}

static int door_check(const struct door_message *message, ssize_t size, int flags)
{
	if (size == 0)
		return DOOR_E_HANGUP;
	if (size != (ssize_t)sizeof(*message) || (flags & MSG_TRUNC) ||
		message->magic != DOOR_MAGIC)
		return DOOR_E_MALFORMED;
	return message->version == DOOR_VERSION ? 0 : DOOR_E_VERSION;
}

int door_receive(int socket, struct door_message *message, int fds[DOOR_FDS_MAX], int *fds_count)
{
	union door_control control;
	struct iovec iov = {.iov_base = message, .iov_len = sizeof(*message)};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	bool reset = false; // ECONNRESET comes once, before the last words of a peer that had not
			    // read ours
	ssize_t size;
	int rc;

	*fds_count = 0;
	for (;;) {
		size = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (size >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
			break;
		reset = errno == ECONNRESET;
	}
	if (size < 0)
		return errno == ECONNRESET || errno == ENOTCONN ? DOOR_E_HANGUP : -errno;

	bool fine = door_collect(&header, fds, fds_count);

	rc = door_check(message, size, header.msg_flags);
	if (rc == 0 && !fine)
		rc = DOOR_E_MALFORMED;
	if (rc != 0) {
		while (*fds_count > 0)
			close(fds[--*fds_count]);
	}
	return rc;
}

bool door_name_valid(const char name[NAME_SIZE])
{
	size_t length = strnlen(name, NAME_SIZE);

	if (length == 0 || length == NAME_SIZE)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return true;
}
