// The listening side of the control socket: one file of mode 0660, a bounded set of clients.
#include "control/admin/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/admin/client.h"
#include "control/admin/rpc.h"
#include "control/log.h"

struct admin {
	struct node *node;
	int fd;
	struct loop_watch watch;
	struct sockaddr_un address;
	struct members_feed feed;
	struct client clients[ADMIN_CLIENTS_MAX];
};

static struct client *admin_free_client(struct admin *admin)
{
	for (int i = 0; i < ADMIN_CLIENTS_MAX; i++)
		if (admin->clients[i].fd < 0)
			return &admin->clients[i];
	return NULL;
}

static void admin_on_ready(void *owner, short events)
{
	struct admin *admin = owner;
	struct stat st;
	int fd = accept4(admin->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;

	(void)events;
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warning("admin: accept: %s", strerror(errno));
		return;
	}
	client = admin_free_client(admin);
	if (!client) {
		client_turn_away(fd, RPC_BUSY,
			"too many clients on the control socket (64); try again later");
		return;
	}
	// The file's group as it is now: an operator may have changed it.
	// Without the file nobody is in its group.
	if (stat(admin->address.sun_path, &st) != 0)
		st.st_gid = (gid_t)-1;
	client_open(client, admin->node, &admin->feed, fd, st.st_gid);
}

// True when somebody answers at the address.
static bool admin_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered =
		fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
				   errno == EAGAIN); // its queue is full: it is alive

	if (fd >= 0)
		close(fd);
	return answered;
}

// Makes room for our socket file. 0, or -1 with a sentence.
static int admin_clear(const struct sockaddr_un *address, char *error, size_t error_size)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) != 0)
		return 0; // bind says what is wrong, if anything
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(error, error_size, "%s exists and is no socket: remove it", path);
		return -1;
	}
	if (admin_answered(address)) {
		snprintf(error, error_size, "another control process answers at %s", path);
		return -1;
	}
	if (unlink(path) != 0 && errno != ENOENT) {
		snprintf(error, error_size, "cannot remove the stale socket %s: %s", path,
			strerror(errno));
		return -1;
	}
	return 0;
}

static int admin_bind(struct admin *admin)
{
	// From birth with its final mode: no moment in which others can connect.
	mode_t before = umask(0117);
	int result =
		bind(admin->fd, (const struct sockaddr *)&admin->address, sizeof(admin->address));
	int reason = errno;

	umask(before);
	errno = reason;
	if (result == 0)
		result = listen(admin->fd, ADMIN_CLIENTS_MAX);
	return result;
}

static int admin_listen(struct admin *admin, char *error, size_t error_size)
{
	const char *path = admin->address.sun_path;
	int result;

	if (admin_clear(&admin->address, error, error_size) != 0)
		return -1;
	admin->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (admin->fd < 0 || admin_bind(admin) != 0) {
		snprintf(error, error_size, "cannot listen on %s: %s", path, strerror(errno));
		return -1;
	}
	result = loop_watch_start(
		admin->node->loop, &admin->watch, admin->fd, POLLIN, admin_on_ready, admin);
	if (result != 0)
		snprintf(error, error_size, "cannot watch %s: %s", path, strerror(-result));
	return result;
}

int admin_start(struct node *node, char *error, size_t error_size)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	int n;

	if (!admin) {
		snprintf(error, error_size, "out of memory");
		return -1;
	}
	admin->node = node;
	members_feed_init(&admin->feed, node);
	admin->fd = -1;
	for (int i = 0; i < ADMIN_CLIENTS_MAX; i++)
		admin->clients[i].fd = -1;
	admin->address.sun_family = AF_UNIX;
	n = snprintf(admin->address.sun_path, sizeof(admin->address.sun_path), "%s/control.sock",
		node->config.run_dir);
	if (n < 0 || (size_t)n >= sizeof(admin->address.sun_path)) {
		snprintf(error, error_size, "run_dir is too long for a socket path (107 bytes): %s",
			node->config.run_dir);
		free(admin);
		return -1;
	}
	if (admin_listen(admin, error, error_size) != 0) {
		if (admin->fd >= 0)
			close(admin->fd);
		free(admin);
		return -1;
	}
	node->admin = admin;
	return 0;
}

void admin_stop(struct node *node)
{
	struct admin *admin = node->admin;

	if (!admin)
		return;
	for (int i = 0; i < ADMIN_CLIENTS_MAX; i++)
		client_close(&admin->clients[i]);
	loop_watch_stop(node->loop, &admin->watch);
	close(admin->fd);
	unlink(admin->address.sun_path);
	free(admin);
	node->admin = NULL;
}
