// Sleeping until there is an event. The flag and its fences are in lib/shm/ring.h; the worker sends
// one byte to a sleeper.
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/client/client.h"

#define SPIN_MISSES 8u
#define SPIN_AGAIN  64u

static uint64_t wait_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
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

// A look at the ring for a while: a wake-up costs more than a short answer takes. Each look gives
// the core away, for the worker that has the answer may be waiting for it. After some misses in a
// row most waits sleep at once, and one in SPIN_AGAIN tries whether that has changed.
static bool wait_spin(struct sluice *sluice, int timeout_ms)
{
	uint64_t span_ns = sluice->spin_ns, end_ns;

	if (sluice->spin_misses >= SPIN_MISSES && ++sluice->spin_skipped < SPIN_AGAIN)
		return false;
	if (timeout_ms > 0 && span_ns > (uint64_t)timeout_ms * 1000000)
		span_ns = (uint64_t)timeout_ms * 1000000;
	if (span_ns == 0)
		return false;
	sluice->spin_skipped = 0;
	end_ns = wait_now_ns() + span_ns;
	do {
		if (ring_any(&sluice->rx) && client_has_event(sluice)) {
			sluice->spin_misses = 0;
			return true;
		}
		sched_yield();
	} while (wait_now_ns() < end_ns);
	sluice->spin_misses++;
	return false;
}

// False: something is there. True: the flag is set, the next event makes sluice_fd readable. Only
// who waits for a buffer gets up for answers to its messages.
static bool wait_prepare(struct sluice *sluice)
{
	enum ring_asleep how = sluice->starved ? RING_ASLEEP : RING_ASLEEP_DEEP;

	while (!client_has_event(sluice)) {
		if (ring_sleep_as(&sluice->rx, how)) {
			sluice->asleep = true;
			return true;
		}
	}
	sluice->relieved = false;
	return false;
}

// 1: an event came, 0: time is over or a signal came.
static int wait_block(struct sluice *sluice, int timeout_ms)
{
	struct epoll_event ready[2];
	int count = epoll_wait(sluice->epoll, ready, 2, timeout_ms);

	if (count < 0 && errno != EINTR)
		return client_fail(sluice, SLUICE_E_SYSTEM, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		if (ready[i].data.fd == sluice->socket)
			client_read_socket(sluice);
		else
			client_awake(sluice);
	}
	return count > 0; // a signal: let the caller look at what its handler set
}

int sluice_wait(struct sluice *sluice, int timeout_ms)
{
	uint64_t end_ns = timeout_ms > 0 ? wait_now_ns() + (uint64_t)timeout_ms * 1000000 : 0;
	int rest_ms = timeout_ms;

	if (sluice->detached_told)
		return SLUICE_E_UNREACHABLE;
	client_flush(sluice);
	if (timeout_ms == 0)
		client_read_socket(sluice);
	else if (!client_has_event(sluice))
		wait_spin(sluice, timeout_ms);
	for (;;) {
		int rc;

		if (!wait_prepare(sluice))
			return 1;
		if (rest_ms == 0)
			return 0;
		rc = wait_block(sluice, rest_ms);
		if (rc <= 0)
			return rc;
		if (timeout_ms > 0) {
			uint64_t now_ns = wait_now_ns();

			rest_ms = now_ns < end_ns ? (int)((end_ns - now_ns + 999999) / 1000000) : 0;
		}
	}
}

int sluice_fd(const struct sluice *sluice)
{
	return sluice->epoll;
}
