// Packets for another worker: one ring per pair, so every ring has one producer and one consumer.
#include "dataplane/port/steer.h"

#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What other workers gave this one, all of them together; steer_room() shares it.
#define STEER_RING_MIN 128u

struct steer_item {
	struct port_packet packet;
	uint64_t port_index;
};
_Static_assert(sizeof(struct steer_item) % 4 == 0, "an element of a ring is a multiple of 4 bytes");

// Packets of one burst for one other worker: their ring is told of all at once.
struct steer_stage {
	uint32_t count;
	struct steer_item item[BURST];
};

struct steer_worker {
	struct rte_ring *from[WORKERS_MAX]; // what others gave this worker; [own] is NULL
	uint16_t turn;                      // giver to look at first next time
	// As giver; nobody else touches these but to read the counters.
	uint32_t staged; // bit w: stage[w] holds packets
	struct steer_counters counters;
	struct steer_stage stage[WORKERS_MAX];
} __rte_cache_aligned;

struct steer {
	uint16_t workers;
	struct steer_worker worker[];
};

uint32_t steer_room(uint16_t workers)
{
	uint32_t room;

	if (workers < 2)
		return 0;
	room = STEER_ROOM / (workers - 1u);
	return room > STEER_RING_MIN ? rte_align32prevpow2(room) : STEER_RING_MIN;
}

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
			// The address: a test has several nodes in one process.
			snprintf(name, sizeof(name), "steer%p_%u_%u", (void *)s, from, to);
			s->worker[to].from[from] = rte_ring_create_elem(name,
				sizeof(struct steer_item), steer_room(workers), SOCKET_ID_ANY,
				RING_F_EXACT_SZ | RING_F_SP_ENQ | RING_F_SC_DEQ);
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
		port_mbuf_put(item.packet.mbuf);
	rte_ring_free(ring);
}

static uint32_t stage_free(struct steer_stage *stage, uint32_t from)
{
	for (uint32_t i = from; i < stage->count; i++)
		port_mbuf_put(stage->item[i].packet.mbuf);
	return stage->count - from;
}

void steer_free(struct steer *s)
{
	for (uint16_t to = 0; to < s->workers; to++)
		for (uint16_t from = 0; from < s->workers; from++) {
			ring_free(s->worker[to].from[from]);
			stage_free(&s->worker[from].stage[to], 0);
		}
	free(s);
}

static uint32_t stage_flush(struct steer *s, uint16_t from, uint16_t to)
{
	struct steer_stage *stage = &s->worker[from].stage[to];
	uint32_t given = rte_ring_sp_enqueue_burst_elem(
		s->worker[to].from[from], stage->item, sizeof(stage->item[0]), stage->count, NULL);
	uint32_t full = stage_free(stage, given);

	stage->count = 0;
	s->worker[from].staged &= ~(1u << to);
	s->worker[from].counters.given += given;
	s->worker[from].counters.full += full;
	return full;
}

uint32_t steer_give(struct steer *s, uint16_t from, uint16_t to, uint8_t port_index,
	const struct port_packet *packet)
{
	struct steer_stage *stage = &s->worker[from].stage[to];

	stage->item[stage->count++] = (struct steer_item){*packet, port_index};
	s->worker[from].staged |= 1u << to;
	return stage->count == BURST ? stage_flush(s, from, to) : 0;
}

uint32_t steer_flush(struct steer *s, uint16_t from)
{
	uint32_t full = 0;

	while (s->worker[from].staged)
		full += stage_flush(s, from, (uint16_t)__builtin_ctz(s->worker[from].staged));
	return full;
}

uint16_t steer_take(
	struct steer *s, uint16_t to, struct port_packet *out, uint8_t *port_index, uint16_t max)
{
	struct steer_worker *w = &s->worker[to];
	struct steer_item item[BURST];
	uint16_t n = 0;

	for (uint16_t i = 0; i < s->workers && n < max; i++) {
		struct rte_ring *ring = w->from[(w->turn + i) % s->workers];
		uint32_t room = RTE_MIN((uint32_t)(max - n), (uint32_t)BURST);
		uint32_t got = ring ? rte_ring_sc_dequeue_burst_elem(
					      ring, item, sizeof(item[0]), room, NULL)
				    : 0;

		for (uint32_t k = 0; k < got; k++) {
			out[n] = item[k].packet;
			port_index[n++] = (uint8_t)item[k].port_index;
		}
	}
	w->turn = (uint16_t)((w->turn + 1) % s->workers);
	return n;
}

const struct steer_counters *steer_counters(const struct steer *s, uint16_t from)
{
	return &s->worker[from].counters;
}
