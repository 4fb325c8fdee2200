// The network: what becomes of a message between two nodes.
#include <stdlib.h>
#include <string.h>

#include "tests/raft/raft_sim.h"

static struct packet *packet_new(uint32_t from, uint32_t to, const uint8_t *bytes, size_t size)
{
	struct packet *packet = malloc(sizeof(*packet) + size);

	if (!packet)
		abort();
	*packet = (struct packet){from, to, (uint32_t)size};
	memcpy(packet->bytes, bytes, size);
	return packet;
}

static void arrive(struct world *w, struct packet *packet)
{
	const struct network *net = &w->network;
	uint64_t after_ns = net->delay_ns + rng_below(&w->rng, net->jitter_ns + 1);

	if (rng_ppm(&w->rng, net->late_ppm)) {
		world_fault(w, FAULT_LATE);
		after_ns += rng_below(&w->rng, net->late_ns + 1);
	}
	heap_put(&w->heap, (struct event){.at_ns = w->now_ns + after_ns,
				   .type = EVENT_PACKET,
				   .node = packet->to,
				   .packet = packet});
}

static bool is_cut(const struct world *w, uint32_t from, uint32_t to)
{
	return w->cut[w->node[from].group][w->node[to].group];
}

static bool dropped(struct world *w, uint32_t from, uint32_t to)
{
	if (is_cut(w, from, to)) {
		world_fault(w, is_cut(w, to, from) ? FAULT_CUT : FAULT_CUT_ONE_WAY);
		return true;
	}
	if (!rng_ppm(&w->rng, w->network.loss_ppm))
		return false;
	world_fault(w, FAULT_LOST);
	return true;
}

void net_send(struct world *w, uint32_t from, uint32_t to, const uint8_t *bytes, size_t size)
{
	if (dropped(w, from, to))
		return;
	arrive(w, packet_new(from, to, bytes, size));
	if (!rng_ppm(&w->rng, w->network.duplicate_ppm))
		return;
	world_fault(w, FAULT_TWICE);
	arrive(w, packet_new(from, to, bytes, size));
}
