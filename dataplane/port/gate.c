// Holds DPDK's interrupt thread. It calls gate_hold for an
// event that is always ready, so it comes by every round.
#include "dataplane/port/gate.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

struct gate {
	struct rte_intr_handle *handle;
	int event;        // always ready, but while `free`
	sem_t go;         // main -> interrupt thread: one round
	sem_t held;       // interrupt thread -> main: here again
	bool away;        // main thread's: the interrupt thread was let go and has not come back
	atomic_bool free; // the interrupt thread is not to come back: it takes the event with it
};

// Runs on the interrupt thread, without EAL's lock.
static void gate_hold(void *arg)
{
	struct gate *g = arg;

	sem_post(&g->held);
	while (sem_wait(&g->go) != 0)
		;
	if (atomic_load(&g->free))
		eventfd_read(g->event, &(eventfd_t){0});
}

static bool gate_wait(struct gate *g, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (sem_timedwait(&g->held, &until) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

static bool gate_register(struct gate *g)
{
	g->handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	return g->handle && rte_intr_fd_set(g->handle, g->event) == 0 &&
	       rte_intr_type_set(g->handle, RTE_INTR_HANDLE_EXT) == 0 &&
	       rte_intr_callback_register(g->handle, gate_hold, g) == 0;
}

struct gate *gate_new(char *error, size_t error_size)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(error, error_size, "no memory for the interrupt gate");
		return NULL;
	}
	sem_init(&g->go, 0, 0);
	sem_init(&g->held, 0, 0);
	g->away = true;
	g->event = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (g->event < 0 || !gate_register(g)) {
		snprintf(error, error_size, "DPDK's interrupt thread cannot be held: %s",
			strerror(errno));
		return NULL; // the process ends now, and the thread may be in there
	}
	for (int i = 0; i < 100 && g->away; i++)
		g->away = !gate_wait(g, 20);
	if (g->away) {
		snprintf(error, error_size, "DPDK's interrupt thread does not run");
		return NULL; // the process ends now, and the thread may be in there
	}
	return g;
}

void gate_free(struct gate *g)
{
	if (atomic_exchange(&g->free, true) || g->away)
		return;
	g->away = true;
	sem_post(&g->go);
}

bool gate_round(struct gate *g)
{
	if (atomic_load(&g->free) || g->away) {
		atomic_store(&g->free, false);
		eventfd_write(g->event, 1); // again: it may have taken the last one with it
	} else {
		g->away = true;
		sem_post(&g->go);
	}
	g->away = !gate_wait(g, 20);
	return !g->away;
}
