// SRT as a peer: file mode (a reliable stream). Mode aes128: encrypted with AES-128-CTR.
#include <netinet/in.h>
#include <srt/srt.h>
#include <string.h>

#include "perf/peers/driver.h"

#define MSS_MAX 1500 // it refuses more

static SRTSOCKET connection = SRT_INVALID_SOCK;

static int fail(const char *what)
{
	return driver_fail(what, srt_getlasterror_str());
}

static int set(SRTSOCKET s, SRT_SOCKOPT option, int value)
{
	return srt_setsockflag(s, option, &value, sizeof(value));
}

// A message is delivered as it comes, bytes of a stream with the next timer: round trips use it.
static int options_set(const struct driver *d, SRTSOCKET s)
{
	int mss = d->mtu < MSS_MAX ? (int)d->mtu : MSS_MAX;
	int bad = set(s, SRTO_TRANSTYPE, SRTT_FILE) | set(s, SRTO_MESSAGEAPI, d->rtt) |
		  set(s, SRTO_MSS, mss) | set(s, SRTO_FC, DRIVER_BUFFERS / (mss - 44)) |
		  set(s, SRTO_SNDBUF, DRIVER_BUFFERS) | set(s, SRTO_RCVBUF, DRIVER_BUFFERS);

	if (strcmp(d->mode, "aes128") == 0)
		bad |= set(s, SRTO_PBKEYLEN, 16) |
		       srt_setsockflag(s, SRTO_PASSPHRASE, "for a measurement", 17);
	return bad;
}

static int peer_open(struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	SRTSOCKET s;
	int fd;

	srt_startup();
	srt_setloglevel(LOG_CRIT);
	s = srt_create_socket();
	fd = driver_udp(d); // ours, for its buffers
	if (fd < 0 || options_set(d, s) != 0 || srt_bind_acquire(s, fd) == SRT_ERROR)
		return fail("srt socket");
	if (!d->receiver) {
		connection = s;
		return srt_connect(s, (struct sockaddr *)&address, sizeof(address)) == SRT_ERROR
			       ? fail("srt connect")
			       : 0;
	}
	if (srt_listen(s, 1) == SRT_ERROR)
		return fail("srt listen");
	driver_ready();
	connection = srt_accept(s, NULL, NULL);
	return connection == SRT_INVALID_SOCK ? fail("srt accept") : 0;
}

static ssize_t peer_send(struct driver *d, const uint8_t *data, size_t size)
{
	int n = srt_send(connection, (const char *)data, (int)size);

	(void)d;
	return n == SRT_ERROR ? fail("srt send") : n;
}

static ssize_t peer_take(struct driver *d, uint8_t *room, size_t size, const uint8_t **data)
{
	int n = srt_recv(connection, (char *)room, (int)size);

	(void)d;
	*data = room;
	if (n == 0)
		return driver_fail("srt recv", "the other side closed");
	return n == SRT_ERROR ? fail("srt recv") : n;
}

int main(int argc, char **argv)
{
	static const struct driver_peer peer = {"srt", peer_open, peer_send, peer_take};

	return driver_main(argc, argv, &peer);
}
