// UDT 4 as a peer: a reliable stream.
#include <arpa/inet.h>
#include <udt/udt.h>

#include "perf/peers/driver.h"

static UDTSOCKET connection = UDT::INVALID_SOCK;

static int fail(const char *what)
{
	return driver_fail(what, UDT::getlasterror().getErrorMessage());
}

static bool set(UDTSOCKET s, UDT::SOCKOPT option, int value)
{
	return UDT::setsockopt(s, 0, option, &value, sizeof(value)) != UDT::ERROR;
}

static bool options_set(const struct driver *d, UDTSOCKET s)
{
	return set(s, UDT_MSS, (int)d->mtu) &&
	       set(s, UDT_FC, DRIVER_BUFFERS / (int)(d->mtu - 44)) &&
	       set(s, UDT_SNDBUF, DRIVER_BUFFERS) && set(s, UDT_RCVBUF, DRIVER_BUFFERS);
}

static int peer_open(struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	struct sockaddr_in from;
	int size = sizeof(from);
	UDTSOCKET s;
	int fd;

	UDT::startup();
	s = UDT::socket(AF_INET, SOCK_STREAM, 0);
	fd = driver_udp(d); // ours, for its buffers
	if (fd < 0 || !options_set(d, s) || UDT::bind2(s, fd) == UDT::ERROR)
		return fail("udt socket");
	if (!d->receiver) {
		connection = s;
		return UDT::connect(s, (struct sockaddr *)&address, sizeof(address)) == UDT::ERROR
			       ? fail("udt connect")
			       : 0;
	}
	if (UDT::listen(s, 1) == UDT::ERROR)
		return fail("udt listen");
	driver_ready();
	connection = UDT::accept(s, (struct sockaddr *)&from, &size);
	return connection == UDT::INVALID_SOCK ? fail("udt accept") : 0;
}

static ssize_t peer_send(struct driver *d, const uint8_t *data, size_t size)
{
	int n = UDT::send(connection, (const char *)data, (int)size, 0);

	(void)d;
	return n == UDT::ERROR ? fail("udt send") : n;
}

static ssize_t peer_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	int n = UDT::recv(connection, (char *)room, (int)size, 0);

	(void)d;
	*data = room;
	return n == UDT::ERROR ? fail("udt recv") : n;
}

int main(int argc, char **argv)
{
	static const struct driver_peer peer = {"udt", peer_open, peer_send, peer_take};

	return driver_main(argc, argv, &peer);
}
