// The handshake with a running dataplane over data.sock.
#include "control/plane/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/ipc/door.h"
#include "lib/ipc/plane.h"

#define ATTACH_REGION_MAX \
	(64u * 1024 * 1024) // of the dataplane's tables: several times what they need

int attach_connect(const char *run_dir, pid_t *pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int door, saved;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s/data.sock", run_dir) >=
		(int)sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door < 0)
		return -1;
	if (connect(door, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		getsockopt(door, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
		*pid = peer.pid;
		return door;
	}
	saved = errno;
	close(door);
	errno = saved;
	return -1;
}

enum attach_result attach_hello(int door, struct region *mine, char *error, size_t error_size)
{
	struct door_message hello = door_message_init(DOOR_HELLO_CONTROL);
	struct plane_control *shared;
	int result = region_create(
		mine, "sluice-control", sizeof(struct plane_control), REGION_PAGES_ORDINARY);

	if (result != 0) {
		snprintf(error, error_size, "no memory to share with the dataplane: %s",
			region_strerror(result));
		return ATTACH_REFUSED;
	}
	shared = (struct plane_control *)mine->base;
	shared->magic = PLANE_CONTROL_MAGIC;
	shared->version = PLANE_VERSION;
	shared->size = mine->size;
	shared->pid = (uint32_t)getpid();
	result = door_send(door, &hello, &mine->fd, 1);
	if (result == 0)
		return ATTACH_DONE;
	snprintf(error, error_size, "data.sock does not take our hello");
	return ATTACH_HANGUP;
}

// What the region says of itself, before anything in it is used.
static enum attach_result attach_check(
	const struct plane_dataplane *shared, pid_t pid, char *error, size_t error_size)
{
	if (shared->magic != PLANE_DATAPLANE_MAGIC) {
		snprintf(error, error_size,
			"process %d answers on data.sock, but its memory is not a dataplane's",
			pid);
		return ATTACH_REFUSED;
	}
	if (shared->version != PLANE_VERSION) {
		snprintf(error, error_size,
			"the running dataplane (process %d) speaks version %u, this control "
			"process version %u; stop it "
			"or run the matching sluice-control",
			pid, shared->version, PLANE_VERSION);
		return ATTACH_REFUSED;
	}
	if (shared->workers == 0 || shared->workers > PLANE_WORKERS_MAX ||
		shared->ports > PLANE_PORTS_MAX) {
		snprintf(error, error_size,
			"the dataplane (process %d) claims %u workers and %u links", pid,
			shared->workers, shared->ports);
		return ATTACH_REFUSED;
	}
	return ATTACH_DONE;
}

static enum attach_result attach_result_of(
	const struct door_message *answer, char *error, size_t error_size)
{
	char text[REASON_SIZE];

	memcpy(text, answer->text, sizeof(text));
	text[sizeof(text) - 1] = 0;
	snprintf(error, error_size, "the dataplane refused: %s",
		text[0] ? text : "it did not say why");
	return ATTACH_REFUSED;
}

static enum attach_result attach_receive(int door, struct door_message *answer,
	int fds[DOOR_FDS_MAX], int *count, char *error, size_t error_size)
{
	int result = door_receive(door, answer, fds, count);

	if (result == 0)
		return ATTACH_DONE;
	if (result == -EAGAIN)
		return ATTACH_AGAIN;
	if (result == DOOR_E_VERSION) {
		snprintf(error, error_size,
			"the running dataplane speaks another version of data.sock; stop it or run "
			"the matching "
			"sluice-control");
		return ATTACH_REFUSED;
	}
	snprintf(error, error_size, "data.sock was closed during the handshake");
	return ATTACH_HANGUP;
}

enum attach_result attach_welcome(
	int door, pid_t pid, struct region *theirs, int *wake, char *error, size_t error_size)
{
	struct door_message answer;
	int fds[DOOR_FDS_MAX], count = 0, result;
	enum attach_result received = attach_receive(door, &answer, fds, &count, error, error_size);

	if (received != ATTACH_DONE)
		return received;
	if (answer.type != DOOR_WELCOME || count != 2) {
		for (int i = 0; i < count; i++)
			close(fds[i]);
		return attach_result_of(&answer, error, error_size);
	}
	result = region_attach(theirs, fds[0], sizeof(struct plane_dataplane), ATTACH_REGION_MAX);
	if (result != 0) {
		close(fds[1]);
		snprintf(error, error_size, "the dataplane's memory is refused: %s",
			region_strerror(result));
		return ATTACH_REFUSED;
	}
	received =
		attach_check((const struct plane_dataplane *)theirs->base, pid, error, error_size);
	if (received == ATTACH_DONE)
		*wake = fds[1];
	else
		close(fds[1]);
	return received;
}
