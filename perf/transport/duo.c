// Two pinned threads. See duo.h.
#include "perf/transport/duo.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dataplane/port/eal.h"
#include "perf/clock.h"
#include "perf/pin.h"

enum { SIDES = 2 };
#define LOOK_NS 2000000ull

struct duo_side {
	struct duo *duo;
	pthread_t thread;
	int cpu;
	bool joined; // DPDK knows it
	sem_t go, done;
	duo_job *job; // NULL: leave
	void *state;
	char error[128];
};

struct duo {
	struct duo_side side[SIDES];
	unsigned started;
	atomic_bool stop;
	void (*look)(void *state); // NULL: none
	void *look_state;
};

static void *side_thread(void *argument)
{
	struct duo_side *s = argument;
	const char *name = s == &s->duo->side[0] ? "perf-a" : "perf-b";

	s->joined = eal_thread_join(name, s->cpu, s->error, sizeof(s->error)) == 0;
	sem_post(&s->done);
	for (;;) {
		sem_wait(&s->go);
		if (!s->job)
			break;
		s->job(s->state, &s->duo->stop);
		sem_post(&s->done);
	}
	if (s->joined)
		eal_thread_leave();
	return NULL;
}

static bool side_start(struct duo *d, struct duo_side *s, int cpu)
{
	s->duo = d;
	s->cpu = cpu;
	sem_init(&s->go, 0, 0);
	sem_init(&s->done, 0, 0);
	if (pthread_create(&s->thread, NULL, side_thread, s) != 0)
		return false;
	d->started++;
	sem_wait(&s->done);
	return s->joined;
}

struct duo *duo_new(char *error, size_t error_size)
{
	struct duo *d = calloc(1, sizeof(*d));
	int cpus[SIDES];

	if (d && pin_cpus(cpus, SIDES) == SIDES && side_start(d, &d->side[0], cpus[0]) &&
		side_start(d, &d->side[1], cpus[1]))
		return d;
	snprintf(error, error_size, "no two threads on two CPUs: %s",
		d && d->started ? d->side[d->started - 1].error : "none started");
	duo_free(d);
	return NULL;
}

void duo_free(struct duo *d)
{
	for (unsigned i = 0; d && i < d->started; i++) {
		d->side[i].job = NULL;
		sem_post(&d->side[i].go);
		pthread_join(d->side[i].thread, NULL);
		sem_destroy(&d->side[i].go);
		sem_destroy(&d->side[i].done);
	}
	free(d);
}

static void sleep_ns(uint64_t ns)
{
	struct timespec t = {(time_t)(ns / 1000000000ull), (long)(ns % 1000000000ull)};

	while (nanosleep(&t, &t) != 0)
		;
}

void duo_look(struct duo *d, void (*look)(void *state), void *state)
{
	d->look = look;
	d->look_state = state;
}

// Until then, with looks in between.
static void wait_until(const struct duo *d, uint64_t end_ns)
{
	for (uint64_t now_ns = clock_ns(); now_ns < end_ns; now_ns = clock_ns()) {
		uint64_t rest_ns = end_ns - now_ns;

		sleep_ns(d->look && rest_ns > LOOK_NS ? LOOK_NS : rest_ns);
		if (d->look)
			d->look(d->look_state);
	}
}

uint64_t duo_run(struct duo *d, duo_job *first, void *first_state, duo_job *second,
	void *second_state, uint64_t duration_ns)
{
	uint64_t start;

	d->side[0].job = first;
	d->side[0].state = first_state;
	d->side[1].job = second;
	d->side[1].state = second_state;
	atomic_store(&d->stop, false);
	start = clock_ns();
	for (unsigned i = 0; i < SIDES; i++)
		if (d->side[i].job)
			sem_post(&d->side[i].go);
	wait_until(d, start + duration_ns);
	atomic_store(&d->stop, true);
	for (unsigned i = 0; i < SIDES; i++)
		if (d->side[i].job)
			sem_wait(&d->side[i].done);
	return clock_ns() - start;
}

uint64_t duo_cpu_ns(const struct duo *d)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < SIDES; i++) {
		struct timespec t;
		clockid_t clock;

		if (pthread_getcpuclockid(d->side[i].thread, &clock) == 0 &&
			clock_gettime(clock, &t) == 0)
			sum += (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
	}
	return sum;
}
