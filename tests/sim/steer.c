// A host of several workers: each is a node of its own, but the network knows the host alone, and a
// frame arrives on whatever queue the network likes. As receive.c and port/steer.c.
#include <stdlib.h>

#include "tests/sim/sim.h"

static uint32_t host_first(const struct sim *sim, uint32_t node)
{
	return node / sim->plan->workers * sim->plan->workers;
}

uint32_t steer_queue(struct sim *sim, uint32_t to)
{
	if (sim->plan->workers == 1)
		return to;
	return host_first(sim, to) + (uint32_t)rng_below(&sim->rng, sim->plan->workers);
}

// A hint names no connection of ours, but the UDP port it came to. False: no worker of ours.
static bool steer_owner(
	const struct sim *sim, const struct node *node, const struct frame *frame, uint32_t *owner)
{
	struct wire_header header;
	*owner = node->index;
	if (!wire_header_parse(
		    &header, frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD))
		return true; // its death is walk_in's to tell
	if (header.type == WIRE_RESET && header.cid == 0)
		*owner = frame->to;
	else if (wire_cid_worker(header.cid) < sim->plan->workers)
		*owner = host_first(sim, node->index) + wire_cid_worker(header.cid);
	else
		return false;
	return true;
}

static bool steer_intact(const struct frame *frame)
{
	uint16_t sum = frame_checksum(frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD);
	return (uint16_t)(frame->bytes[0] | frame->bytes[1] << 8) == sum;
}

bool steer_give(struct sim *sim, struct node *node, struct frame *frame)
{
	uint32_t owner;
	if (sim->plan->workers == 1 || !steer_intact(frame))
		return false;
	if (!steer_owner(sim, node, frame, &owner)) {
		sim->steer_wrong++;
		free(frame);
		return true;
	}
	if (owner == node->index)
		return false;
	struct steered *ring = &sim->nodes[owner].steered[node->index % sim->plan->workers];
	if (ring->count == sim->plan->steer_slots) {
		sim->steer_full++;
		free(frame);
		return true;
	}
	ring->frames[(ring->head + ring->count++) % STEER_SLOTS] = frame;
	sim->steered++;
	node_wake(sim, &sim->nodes[owner]);
	return true;
}

// Fairly over the givers.
struct frame *steer_take(struct sim *sim, struct node *node)
{
	for (uint32_t i = 0; i < sim->plan->workers; i++) {
		struct steered *ring = &node->steered[node->steered_turn++ % sim->plan->workers];
		if (!ring->count)
			continue;
		struct frame *frame = ring->frames[ring->head];
		ring->head = (ring->head + 1) % STEER_SLOTS;
		ring->count--;
		return frame;
	}
	return NULL;
}

void steer_clear(struct sim *sim, struct node *node)
{
	for (struct frame *frame; (frame = steer_take(sim, node)) != NULL; sim->died++)
		free(frame);
}

// Every frame that arrived was looked at by its owner, or died of a reason that is counted.
void steer_account(struct sim *sim)
{
	uint64_t waiting = 0;
	for (uint32_t n = 0; n < sim->plan->nodes; n++) {
		waiting += sim->nodes[n].rx_count;
		for (uint32_t w = 0; w < sim->plan->workers; w++)
			waiting += sim->nodes[n].steered[w].count;
	}
	uint64_t known = sim->walked + sim->rx_full + sim->died + sim->steer_full +
			 sim->steer_wrong + waiting;
	if (known != sim->arrived)
		sim_fail(sim, "%llu frames arrived, and of %llu it is known what became of them",
			(unsigned long long)sim->arrived, (unsigned long long)known);
}
