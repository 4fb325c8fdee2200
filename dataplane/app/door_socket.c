// The socket file: its folder, a stale one of a dead dataplane, and ours.
#include "dataplane/app/door_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOOR_BACKLOG 64

static int socket_fail(char text[REASON_SIZE], const char *what, const char *path, int error)
{
	snprintf(text, REASON_SIZE, "%s %.90s: %s", what, path, strerror(error));
	return -error;
}

// Whoever may write the folder could put another socket in place of ours.
static int socket_check_folder(const char *path, char text[REASON_SIZE])
{
	char folder[sizeof(((struct door *)0)->path)];
	char *slash;
	struct stat st;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return socket_fail(text, "the socket needs a folder of its own, not", path, EINVAL);
	*slash = '\0';
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return socket_fail(text, "cannot make", folder, errno);
	if (stat(folder, &st) != 0)
		return socket_fail(text, "cannot look at", folder, errno);
	if (!S_ISDIR(st.st_mode))
		return socket_fail(text, "cannot use", folder, ENOTDIR);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return socket_fail(
			text, "must be ours and writable by nobody else:", folder, EPERM);
	return 0;
}

// Removes the file of a dataplane that is gone. -EADDRINUSE: somebody answers there.
static int socket_remove_stale(const struct sockaddr_un *address, char text[REASON_SIZE])
{
	struct stat st;
	int fd, rc;

	if (lstat(address->sun_path, &st) != 0)
		return errno == ENOENT
			       ? 0
			       : socket_fail(text, "cannot look at", address->sun_path, errno);
	if (!S_ISSOCK(st.st_mode))
		return socket_fail(text, "is in the way and no socket:", address->sun_path, EEXIST);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return socket_fail(text, "no socket for", address->sun_path, errno);
	rc = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	int error = errno;
	close(fd);
	if (rc == 0 || error != ECONNREFUSED) // EAGAIN: its backlog is full, so somebody listens
		return socket_fail(
			text, "another dataplane answers at", address->sun_path, EADDRINUSE);
	if (unlink(address->sun_path) != 0)
		return socket_fail(text, "cannot remove", address->sun_path, errno);
	return 0;
}

static int socket_bind(struct door *door, const struct sockaddr_un *address, char text[REASON_SIZE])
{
	struct stat st;

	door->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (door->listen_fd < 0)
		return socket_fail(text, "no socket for", door->path, errno);
	if (bind(door->listen_fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		return socket_fail(text, "cannot bind", door->path, errno);
	if (stat(door->path, &st) != 0)
		return socket_fail(text, "cannot look at", door->path, errno);
	door->dev = st.st_dev;
	door->ino = st.st_ino;
	// Nobody connects before listen, so the file never lies open with a wider mode.
	if (door->config.gid != (gid_t)-1 && chown(door->path, (uid_t)-1, door->config.gid) != 0)
		return socket_fail(text, "cannot give to the group:", door->path, errno);
	if (chmod(door->path, 0660) != 0)
		return socket_fail(text, "cannot set the mode of", door->path, errno);
	if (listen(door->listen_fd, DOOR_BACKLOG) != 0)
		return socket_fail(text, "cannot listen at", door->path, errno);
	return 0;
}

int door_socket_open(struct door *door, char text[REASON_SIZE])
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(door->config.path);
	int rc;

	if (length >= sizeof(address.sun_path))
		return socket_fail(text,
			"longer than the 107 bytes of a socket's path:", door->config.path,
			ENAMETOOLONG);
	memcpy(door->path, door->config.path, length + 1);
	memcpy(address.sun_path, door->config.path, length + 1);
	rc = socket_check_folder(door->path, text);
	if (rc == 0)
		rc = socket_remove_stale(&address, text);
	if (rc == 0)
		rc = socket_bind(door, &address, text);
	return rc;
}

void door_socket_close(struct door *door)
{
	struct stat st;

	if (door->listen_fd < 0)
		return;
	if (door->ino != 0 && stat(door->path, &st) == 0 && st.st_dev == door->dev &&
		st.st_ino == door->ino)
		unlink(door->path);
	close(door->listen_fd);
	door->listen_fd = -1;
}
