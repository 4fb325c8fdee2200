// The Unix socket of a memif or vhost-user link: where it may lie, and what a killed process left.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/port/port_private.h"

// The directory must be ours alone: whoever can connect
// shares memory with us, and DPDK trusts its peer.
static bool socket_directory_check(const struct port *p, char *error, size_t size)
{
	char directory[PORT_SOCKET_SIZE];
	struct stat st;

	snprintf(directory, sizeof(directory), "%s", p->config.socket);
	*strrchr(directory, '/') = 0;
	if (stat(directory[0] ? directory : "/", &st) != 0 || !S_ISDIR(st.st_mode)) {
		snprintf(error, size, "link %s: there is no directory %s for the socket",
			p->config.name, directory);
		return false;
	}
	if (st.st_uid != geteuid() || st.st_mode & 077) {
		snprintf(error, size,
			"link %s: directory %s of the socket must belong to this user, with mode "
			"0700: whoever can connect is trusted",
			p->config.name, directory);
		return false;
	}
	return true;
}

// A server that was killed leaves its socket file, and
// bind() would refuse. Removed only when nobody listens.
static bool socket_stale_remove(const struct port *p, char *error, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int type = p->config.driver == PORT_MEMIF ? SOCK_SEQPACKET : SOCK_STREAM;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->config.socket);
	result = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	if (result == ENOENT || (result == ECONNREFUSED && unlink(p->config.socket) == 0))
		return true;
	if (result == 0 || result == EAGAIN)
		snprintf(error, size, "link %s: another process listens at %s", p->config.name,
			p->config.socket);
	else
		snprintf(error, size, "link %s: %s is in the way of the socket: %s", p->config.name,
			p->config.socket, strerror(result));
	return false;
}

bool socket_prepare(const struct port *p, char *error, size_t size)
{
	bool listens = p->config.driver == PORT_VHOST || p->config.memif_server;

	if (!p->config.socket[0])
		return true;
	return socket_directory_check(p, error, size) &&
	       (!listens || socket_stale_remove(p, error, size));
}
