// The loops of every driver: send the payload until ended, take and check it, bounce one message.
#include "perf/peers/driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, CHECKED = 64, TRIPS_MAX = 4 << 20 };

void driver_ready(void)
{
	puts("ready");
	fflush(stdout);
}

int driver_fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return -1;
}

struct sockaddr_in driver_address(const struct driver *d)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(d->port)};

	inet_pton(AF_INET, d->address, &address.sin_addr); // checked by driver_parse
	return address;
}

void driver_buffers(int fd, int bytes)
{
	static const int options[][2] = {{SO_SNDBUFFORCE, SO_SNDBUF}, {SO_RCVBUFFORCE, SO_RCVBUF}};

	for (int i = 0; i < 2; i++)
		if (setsockopt(fd, SOL_SOCKET, options[i][0], &bytes, sizeof(bytes)) < 0)
			setsockopt(fd, SOL_SOCKET, options[i][1], &bytes, sizeof(bytes));
}

int driver_udp(const struct driver *d)
{
	struct sockaddr_in address = driver_address(d);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (!d->receiver) {
		address.sin_addr.s_addr = htonl(INADDR_ANY);
		address.sin_port = 0;
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return driver_fail("UDP socket", strerror(errno));
	driver_buffers(fd, DRIVER_DATAGRAMS);
	return fd;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// ---- goodput ----------------------------------------------------------------------------------

static int goodput_send(struct driver *d, const struct driver_peer *peer)
{
	uint64_t offset = 0;

	for (;;) {
		ssize_t n = peer->send(d, d->payload + offset % DRIVER_PAYLOAD, DRIVER_CHUNK);

		if (n < 0)
			return -1;
		offset += (uint64_t)n;
	}
}

// The first bytes of every chunk must be those of the payload at its place in the stream: whatever
// is lost, doubled or out of order shows at once, and nothing is paid for reading it all.
static bool chunk_right(const struct driver *d, uint64_t offset, const uint8_t *data, ssize_t size)
{
	size_t look = size < CHECKED ? (size_t)size : CHECKED;

	return memcmp(data, d->payload + offset % DRIVER_PAYLOAD, look) == 0;
}

static int goodput_receive(struct driver *d, const struct driver_peer *peer)
{
	uint64_t offset = 0, counted = 0;
	double first = 0, start = 0;
	const uint8_t *data;

	for (;;) {
		ssize_t n =
			peer->take(d, d->received + offset % DRIVER_PAYLOAD, DRIVER_CHUNK, &data);
		double t = now();

		if (n < 0)
			return -1;
		if (!chunk_right(d, offset, data, n))
			return driver_fail(peer->name, "other bytes arrived than were sent");
		offset += (uint64_t)n;
		if (start > 0)
			counted += (uint64_t)n;
		if (first == 0)
			first = t;
		if (start == 0 && t >= first + d->warm_up_seconds)
			start = t;
		if (counted > 0 && t >= start + d->seconds) {
			printf("{\"bytes\":%llu,\"seconds\":%.9f}\n", (unsigned long long)counted,
				t - start);
			return 0;
		}
	}
}

// ---- round trips ------------------------------------------------------------------------------

static int message_send(struct driver *d, const struct driver_peer *peer, const uint8_t *message)
{
	for (ssize_t n, at = 0; at < DRIVER_MESSAGE; at += n)
		if ((n = peer->send(d, message + at, (size_t)(DRIVER_MESSAGE - at))) < 0)
			return -1;
	return 0;
}

// Copied, as an answer that is made from a question would be.
static int message_take(struct driver *d, const struct driver_peer *peer, uint8_t *message)
{
	const uint8_t *data;

	for (ssize_t n, at = 0; at < DRIVER_MESSAGE; at += n) {
		n = peer->take(d, d->received, (size_t)(DRIVER_MESSAGE - at), &data);
		if (n < 0)
			return -1;
		memcpy(message + at, data, (size_t)n);
	}
	return 0;
}

static int rtt_receive(struct driver *d, const struct driver_peer *peer)
{
	uint8_t message[DRIVER_MESSAGE];

	while (message_take(d, peer, message) == 0 && message_send(d, peer, message) == 0)
		;
	return -1;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void rtt_print(double *trips, size_t n)
{
	qsort(trips, n, sizeof(*trips), by_size);
	printf("{\"round_trips\":%zu,\"p50_ns\":%.0f,\"p99_ns\":%.0f,\"p999_ns\":%.0f,"
	       "\"max_ns\":%.0f}\n",
		n, trips[n / 2] * 1e9, trips[n * 99 / 100] * 1e9, trips[n * 999 / 1000] * 1e9,
		trips[n - 1] * 1e9);
}

static int rtt_send(struct driver *d, const struct driver_peer *peer)
{
	double *trips = malloc(TRIPS_MAX * sizeof(*trips)), first = now(), start, end = first;
	uint8_t message[DRIVER_MESSAGE];
	size_t n = 0;
	int rc = -1;

	if (!trips)
		return driver_fail(peer->name, "no memory");
	for (uint64_t i = 0;; i++) {
		const uint8_t *question = d->payload + i * DRIVER_MESSAGE % DRIVER_PAYLOAD;

		start = now();
		if (n == TRIPS_MAX || (n > 0 && start >= first + d->warm_up_seconds + d->seconds)) {
			rtt_print(trips, n);
			rc = 0;
			break;
		}
		if (message_send(d, peer, question) < 0 || message_take(d, peer, message) < 0)
			break;
		end = now();
		if (memcmp(message, question, DRIVER_MESSAGE) != 0) {
			driver_fail(peer->name, "another message came back than was sent");
			break;
		}
		if (start >= first + d->warm_up_seconds)
			trips[n++] = end - start;
	}
	free(trips);
	return rc;
}

// ---- command line -----------------------------------------------------------------------------

static uint8_t *memory(void)
{
	void *p = mmap(NULL, DRIVER_PAYLOAD + DRIVER_CHUNK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

// xorshift64: the same bytes at both ends.
static void payload_fill(uint8_t *payload)
{
	uint64_t x = 88172645463325252u;

	for (size_t at = 0; at < DRIVER_PAYLOAD; at += sizeof(x)) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		memcpy(payload + at, &x, sizeof(x));
	}
	memcpy(payload + DRIVER_PAYLOAD, payload, DRIVER_CHUNK);
}

static bool number(const char *word, double low, double high, double *value)
{
	char *end;

	*value = strtod(word, &end);
	return end != word && !*end && *value >= low && *value <= high;
}

static bool driver_parse(struct driver *d, int argc, char **argv)
{
	struct in_addr address;
	double port, mtu;

	if (argc < 8 || argc > 9 || inet_pton(AF_INET, argv[2], &address) != 1 ||
		!number(argv[3], 1, 65535, &port) || !number(argv[5], 0, 3600, &d->seconds) ||
		!number(argv[6], 0, 3600, &d->warm_up_seconds) ||
		!number(argv[7], 576, 65535, &mtu))
		return false;
	d->receiver = strcmp(argv[1], "receive") == 0;
	d->rtt = strcmp(argv[4], "rtt") == 0;
	d->address = argv[2];
	d->port = (uint16_t)port;
	d->mtu = (unsigned int)mtu;
	d->mode = argc == 9 ? argv[8] : "";
	return (d->receiver || strcmp(argv[1], "send") == 0) &&
	       (d->rtt || strcmp(argv[4], "goodput") == 0);
}

int driver_main(int argc, char **argv, const struct driver_peer *peer)
{
	static int (*const loops[2][2])(struct driver *, const struct driver_peer *) = {
		{goodput_send, goodput_receive}, {rtt_send, rtt_receive}};
	struct driver d = {.payload = memory(), .received = memory()};
	int rc;

	if (!driver_parse(&d, argc, argv)) {
		fprintf(stderr,
			"usage: peer_%s receive|send ADDRESS PORT goodput|rtt SECONDS "
			"WARM_UP_SECONDS MTU [MODE]\n",
			peer->name);
		return EXIT_USAGE;
	}
	if (!d.payload || !d.received) {
		driver_fail(peer->name, "no memory");
		return EXIT_FAILED;
	}
	payload_fill(d.payload);
	rc = peer->open(&d);
	if (rc == 0)
		rc = loops[d.rtt][d.receiver](&d, peer);
	fflush(stdout);
	// Not exit: what a library's destructors do to a half-open connection is no part of it.
	_exit(rc == 0 ? 0 : EXIT_FAILED);
}
