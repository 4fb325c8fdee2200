// Packets for another worker: one ring per pair, so every ring has one producer and one consumer.
#include "dataplane/port/steer.h"

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEER_RING_SIZE 512u

struct steer_item {
	struct port_packet packet;
	uint64_t port_index;
};
_Static_assert(sizeof(struct steer_item) % 4 == 0, "an element of a ring is a multiple of 4 bytes");

struct steer_worker {
	struct rte_ring *from[WORKERS_MAX]; // what others gave this worker; [own] is NULL
	struct steer_counters counters;     // written by this worker, as giver
	uint16_t turn;                      // giver to look at first next time
} __rte_cache_aligned;

struct steer {
	uint16_t workers;
	struct steer_worker worker[];
};

struct steer *steer_new(uint16_t workers, char *error, size_t error_size)
{
	size_t size = sizeof(struct steer) + workers * sizeof(struct steer_worker);
	struct steer *s =
		aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));

	if (!s)
		goto no_memory;
	memset(s, 0, size);
	s->workers = workers;
	for (uint16_t to = 0; to < workers; to++)
		for (uint16_t from = 0; from < workers; from++) {
			char name[RTE_RING_NAMESIZE];

			if (from == to)
				continue;
			snprintf(name, sizeof(name), "steer_%u_%u", from, to);
			s->worker[to].from[from] = rte_ring_create_elem(name,
				sizeof(struct steer_item), STEER_RING_SIZE, SOCKET_ID_ANY,
				RING_F_SP_ENQ | RING_F_SC_DEQ);
			if (!s->worker[to].from[from])
				goto no_memory;
		}
	return s;
no_memory:
	snprintf(error, error_size, "no memory for the rings between %u workers", workers);
	if (s)
		steer_free(s);
	return NULL;
}

static void ring_free(struct rte_ring *ring)
{
	struct steer_item item;

	while (ring && rte_ring_sc_dequeue_elem(ring, &item, sizeof(item)) == 0)
		rte_pktmbuf_free(item.packet.mbuf);
	rte_ring_free(ring);
}

void steer_free(struct steer *s)
{
	for (uint16_t to = 0; to < s->workers; to++)
		for (uint16_t from = 0; from < s->workers; from++)
			ring_free(s->worker[to].from[from]);
	free(s);
}

enum verdict steer_give(struct steer *s, uint16_t from, uint16_t to, uint8_t port_index,
	const struct port_packet *packet)
{
	struct steer_item item = {*packet, port_index};

	if (rte_ring_sp_enqueue_elem(s->worker[to].from[from], &item, sizeof(item)) == 0) {
		s->worker[from].counters.given++;
		return VERDICT_ACCEPT;
	}
	s->worker[from].counters.full++;
	rte_pktmbuf_free(packet->mbuf);
	return DROP_STEER_FULL;
}

uint16_t steer_take(
	struct steer *s, uint16_t to, struct port_packet *out, uint8_t *port_index, uint16_t max)
{
	struct steer_worker *w = &s->worker[to];
	struct steer_item item;
	uint16_t n = 0;

	for (uint16_t i = 0; i < s->workers; i++) {
		struct rte_ring *ring = w->from[(w->turn + i) % s->workers];

		while (ring && n < max &&
			rte_ring_sc_dequeue_elem(ring, &item, sizeof(item)) == 0) {
			out[n] = item.packet;
			port_index[n++] = (uint8_t)item.port_index;
		}
	}
	w->turn = (uint16_t)((w->turn + 1) % s->workers);
	return n;
}

const struct steer_counters *steer_counters(const struct steer *s, uint16_t from)
{
	return &s->worker[from].counters;
}
