// Sleeping until there is an event. The flag and its fences are in lib/shm/ring.h; the worker sends
// one byte to a sleeper.
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/client/client.h"

static int64_t wait_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void client_awake(struct sluice *sluice)
{
	char bytes[64];

	if (!sluice->asleep)
		return;
	sluice->asleep = false;
	ring_awake(&sluice->rx);
	// Bytes go before the ring is looked at: one that comes later finds it empty and stays for
	// the next wait.
	while (recv(sluice->wake, bytes, sizeof(bytes), MSG_DONTWAIT) == (ssize_t)sizeof(bytes))
		;
}

// True: something is there. False: the flag is set, the next event makes sluice_fd readable.
static bool wait_prepare(struct sluice *sluice)
{
	if (client_has_event(sluice))
		return true;
	client_read_socket(sluice);
	if (client_has_event(sluice))
		return true;
	client_awake(sluice);
	sluice->asleep = true;
	return !ring_sleep(&sluice->rx);
}

int sluice_wait(struct sluice *sluice, int timeout_ms)
{
	int64_t end = timeout_ms > 0 ? wait_now_ms() + timeout_ms : 0;
	int rest = timeout_ms;
	struct epoll_event event;

	if (sluice->detached_told)
		return SLUICE_E_UNREACHABLE;
	client_flush(sluice);
	for (;;) {
		if (wait_prepare(sluice))
			return 1;
		if (rest == 0)
			return 0;
		int rc = epoll_wait(sluice->epoll, &event, 1, rest);

		if (rc < 0 && errno == EINTR)
			return 0; // let the caller look at what its signal handler set
		if (rc < 0)
			return client_fail(
				sluice, SLUICE_E_SYSTEM, "epoll_wait: %s", strerror(errno));
		if (timeout_ms > 0) {
			int64_t left = end - wait_now_ms();

			rest = left > 0 ? (int)left : 0;
		}
	}
}

int sluice_fd(const struct sluice *sluice)
{
	return sluice->epoll;
}
