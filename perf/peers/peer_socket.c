// The kernel's own TCP and UDP as a peer. Modes: tcp, udp (spin); tcp-wait, udp-wait (block).
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "perf/peers/driver.h"

static int fd = -1, flags;

static int fail(const char *what)
{
	return driver_fail(what, strerror(errno));
}

// UDP has no connection: the receiver answers whoever asks first.
static int udp_open(struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	socklen_t size = sizeof(address);
	uint8_t first[DRIVER_MESSAGE];

	fd = driver_udp(d);
	if (fd < 0)
		return -1;
	if (d->receiver) {
		driver_ready();
		if (recvfrom(fd, first, sizeof(first), MSG_PEEK, (struct sockaddr *)&address,
			    &size) < 0)
			return fail("recvfrom");
	}
	return connect(fd, (struct sockaddr *)&address, size) < 0 ? fail("connect") : 0;
}

static int tcp_open(struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	int one = 1, listener;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (d->receiver) {
		listener = fd;
		if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			listen(listener, 1) < 0)
			return fail("listen");
		driver_ready();
		fd = accept(listener, NULL, NULL);
		close(listener);
	} else if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		return fail("connect");
	}
	if (fd < 0)
		return fail("accept");
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ? fail("socket") : 0;
}

static int socket_open(struct driver *d)
{
	bool udp = strncmp(d->mode, "udp", 3) == 0;

	if (udp && !d->rtt)
		return driver_fail(d->mode, "a goodput needs a reliable peer");
	flags = strstr(d->mode, "-wait") ? 0 : MSG_DONTWAIT;
	return udp ? udp_open(d) : tcp_open(d);
}

static ssize_t socket_send(struct driver *d, const uint8_t *data, size_t size)
{
	ssize_t n = send(fd, data, size, 0);

	(void)d;
	return n < 0 ? fail("send") : n;
}

static ssize_t socket_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	ssize_t n;

	// A goodput needs no spinning: there is always something, or nothing to do.
	do
		n = recv(fd, room, size, d->rtt ? flags : 0);
	while (n < 0 && errno == EAGAIN);
	if (n <= 0)
		return n < 0 ? fail("recv") : driver_fail("recv", "the other side closed");
	*data = room;
	return n;
}

int main(int argc, char **argv)
{
	static const struct driver_peer peer = {"socket", socket_open, socket_send, socket_take};

	return driver_main(argc, argv, &peer);
}
