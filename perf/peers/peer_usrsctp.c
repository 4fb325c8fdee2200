// SCTP in user space (usrsctp) as a peer: one stream over UDP (RFC 6951).
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <usrsctp.h>

#include "perf/peers/driver.h"

static struct socket *connection;

static int fail(const char *what)
{
	return driver_fail(what, strerror(errno));
}

static int options_set(const struct driver *d, struct socket *s)
{
	struct sctp_udpencaps over = {.sue_port = htons(d->port)};
	int one = 1, bytes = DRIVER_BUFFERS;

	over.sue_address.ss_family = AF_INET;
	return usrsctp_setsockopt(s, IPPROTO_SCTP, SCTP_NODELAY, &one, sizeof(one)) |
	       usrsctp_setsockopt(s, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) |
	       usrsctp_setsockopt(s, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) |
	       usrsctp_setsockopt(
		       s, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, &over, sizeof(over));
}

static int peer_open(struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	struct socket *s;

	usrsctp_init(d->port, NULL, NULL); // both ends of the UDP port
	usrsctp_sysctl_set_sctp_sendspace(DRIVER_BUFFERS);
	usrsctp_sysctl_set_sctp_recvspace(DRIVER_BUFFERS);
	s = usrsctp_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	if (!s || options_set(d, s) != 0)
		return fail("sctp socket");
	if (!d->receiver) {
		connection = s;
		return usrsctp_connect(s, (struct sockaddr *)&address, sizeof(address)) < 0
			       ? fail("sctp connect")
			       : 0;
	}
	if (usrsctp_bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		usrsctp_listen(s, 1) < 0)
		return fail("sctp listen");
	driver_ready();
	connection = usrsctp_accept(s, NULL, NULL);
	return connection ? 0 : fail("sctp accept");
}

static ssize_t peer_send(struct driver *d, const uint8_t *data, size_t size)
{
	ssize_t n = usrsctp_sendv(connection, data, size, NULL, 0, NULL, 0, SCTP_SENDV_NOINFO, 0);

	(void)d;
	return n < 0 ? fail("sctp send") : n;
}

static ssize_t peer_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	struct sockaddr_storage from;
	struct sctp_rcvinfo info;
	socklen_t from_size = sizeof(from), info_size = sizeof(info);
	unsigned int type = 0;
	int flags = 0;
	ssize_t n = usrsctp_recvv(connection, room, size, (struct sockaddr *)&from, &from_size,
		&info, &info_size, &type, &flags);

	(void)d;
	*data = room;
	if (n == 0)
		return driver_fail("sctp recv", "the other side closed");
	return n < 0 ? fail("sctp recv") : n;
}

int main(int argc, char **argv)
{
	static const struct driver_peer peer = {"usrsctp", peer_open, peer_send, peer_take};

	return driver_main(argc, argv, &peer);
}
