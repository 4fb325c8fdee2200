// The ring between two threads on two CPUs, as between an application and its worker, against
// DPDK's ring in the same places: here the indices' cache lines really travel.
#include <pthread.h>
#include <rte_ring_elem.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shm/ring.h"
#include "perf/bench.h"
#include "perf/clock.h"
#include "perf/pin.h"

enum { SLOT_SIZE = 32, SLOTS = 1024, BATCH = 32, TAKES = 64, ELEMENT_SIZE = 16, ELEMENTS = 2 };

struct duo {
	struct ring_tail tail;
	struct ring_head head;
	struct ring_producer producer;
	struct ring_consumer consumer;
	struct rte_ring *bare; // NULL: ours
	atomic_bool stop;
	int cpu; // of the producer
	uint64_t wrong;
	_Alignas(64) uint8_t memory[SLOTS * SLOT_SIZE];
	_Alignas(64) uint64_t in[BATCH][SLOT_SIZE / 8];
	_Alignas(64) uint64_t out[BATCH][SLOT_SIZE / 8];
};

static uint32_t duo_put(struct duo *d, uint32_t count)
{
	if (!d->bare)
		return ring_put(&d->producer, d->in, count);
	return rte_ring_sp_enqueue_bulk_elem(d->bare, d->in, ELEMENT_SIZE, count * ELEMENTS, NULL) /
	       ELEMENTS;
}

static uint32_t duo_take(struct duo *d)
{
	if (!d->bare)
		return ring_take(&d->consumer, d->out, BATCH);
	return rte_ring_sc_dequeue_burst_elem(
		       d->bare, d->out, ELEMENT_SIZE, BATCH * ELEMENTS, NULL) /
	       ELEMENTS;
}

// Numbers the slots; what does not go in comes again.
static void *duo_produce(void *state)
{
	struct duo *d = state;
	cpu_set_t cpu;
	uint64_t number = 0;

	CPU_ZERO(&cpu);
	CPU_SET(d->cpu, &cpu);
	pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu);
	while (!atomic_load_explicit(&d->stop, memory_order_relaxed)) {
		for (uint32_t i = 0; i < BATCH; i++)
			d->in[i][0] = number + i;
		number += duo_put(d, BATCH);
	}
	return NULL;
}

// Takes for that long. Each slot must be the next one; units: how many came.
static void duo_consume(struct duo *d, uint64_t duration_ns, struct bench_figures *out)
{
	uint64_t next, first, start;
	uint32_t count;

	while ((count = duo_take(d)) == 0) // until the producer runs
		;
	next = first = count;
	start = clock_ns();
	do {
		for (int i = 0; i < TAKES; i++) {
			count = duo_take(d);
			d->wrong += count && d->out[count - 1][0] != next + count - 1;
			next += count;
		}
		out->ns = clock_ns() - start;
	} while (out->ns < duration_ns);
	out->units = next - first;
}

static int duo_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct duo *d = state;
	pthread_t thread;

	atomic_store(&d->stop, false);
	if (pthread_create(&thread, NULL, duo_produce, d) != 0) {
		snprintf(out->error, sizeof(out->error), "no second thread");
		return -1;
	}
	duo_consume(d, duration_ns, out);
	atomic_store(&d->stop, true);
	pthread_join(thread, NULL);
	while (duo_take(d) > 0)
		;
	out->hash = 1 + d->wrong; // 1: every slot came, in order
	if (!d->bare)
		out->counters.bytes_memcpy = (double)out->units * SLOT_SIZE * 2;
	return 0;
}

static const char *duo_unavailable(const struct bench *bench)
{
	int cpus[2];

	(void)bench;
	return pin_cpus(cpus, 2) < 2 ? "it needs two CPUs" : NULL;
}

static void *duo_open(const struct bench *bench)
{
	struct duo *d = aligned_alloc(64, sizeof(*d));

	(void)bench;
	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d));
	ring_producer_init(&d->producer, d->memory, &d->tail, &d->head, SLOT_SIZE, SLOTS);
	ring_consumer_init(&d->consumer, d->memory, &d->tail, &d->head, SLOT_SIZE, SLOTS);
	pin_cpus(&d->cpu, 1); // we are on the last one
	return d;
}

static void duo_close(void *state)
{
	struct duo *d = state;

	free(d->bare);
	free(d);
}

static void *bare_open(const struct bench *bench)
{
	ssize_t size = rte_ring_get_memsize_elem(ELEMENT_SIZE, SLOTS * ELEMENTS);
	struct duo *d = duo_open(bench);

	if (!d)
		return NULL;
	d->bare = size < 0 ? NULL : aligned_alloc(64, ((size_t)size + 63) / 64 * 64);
	if (!d->bare) {
		duo_close(d);
		return NULL;
	}
	rte_ring_init(d->bare, "bare", SLOTS * ELEMENTS, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return d;
}

const struct bench ring_duo_benches[] = {
	{.id = "ring/two-threads/batch-32",
		.unit = "1/s",
		.limit = "ring/limit/rte_ring/two-threads/batch-32",
		.bytes = 2 * SLOT_SIZE,
		.location = "lib/shm/ring.c:ring_take",
		.unavailable = duo_unavailable,
		.open = duo_open,
		.sample = duo_sample,
		.close = duo_close},
	{.id = "ring/limit/rte_ring/two-threads/batch-32",
		.unit = "1/s",
		.bytes = 2 * SLOT_SIZE,
		.unavailable = duo_unavailable,
		.open = bare_open,
		.sample = duo_sample,
		.close = duo_close},
};
const size_t ring_duo_benches_count = sizeof(ring_duo_benches) / sizeof(ring_duo_benches[0]);
