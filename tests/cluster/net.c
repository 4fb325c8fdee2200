// The network: what becomes of a packet between two nodes.
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/cluster.h"

#define RETRANSMIT_NS (200 * MS) // TCP's, at least
#define DIAL_NS       SECOND     // then a connection that nobody answers has failed

struct packet *packet_new(
	enum packet_type type, uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t size)
{
	struct packet *packet = malloc(sizeof(*packet) + size);

	if (!packet)
		abort();
	*packet = (struct packet){.type = type, .from = from, .to = to, .size = size};
	if (size)
		memcpy(packet->bytes, bytes, size);
	return packet;
}

static bool cut(const struct world *w, uint32_t from, uint32_t to)
{
	return w->cut[w->nodes[from].group][w->nodes[to].group];
}

static uint64_t delay(struct world *w)
{
	const struct network *net = &w->network;
	uint64_t delay_ns = net->delay_ns + rng_below(&w->rng, net->jitter_ns + 1);

	if (!rng_ppm(&w->rng, net->late_ppm))
		return delay_ns;
	fault_count(w, FAULT_LATE);
	return delay_ns + rng_below(&w->rng, net->late_ns + 1);
}

static void arrive(struct world *w, struct packet *packet, uint64_t after_ns)
{
	packet->boot = w->nodes[packet->to].boots;
	heap_put(&w->heap, (struct event){.at_ns = w->now_ns + after_ns,
				   .type = EVENT_PACKET,
				   .node = packet->to,
				   .packet = packet});
}

// It does not arrive.
static bool dropped(struct world *w, const struct packet *packet)
{
	if (cut(w, packet->from, packet->to)) {
		fault_count(w, cut(w, packet->to, packet->from) ? FAULT_CUT : FAULT_CUT_ONE_WAY);
		return true;
	}
	if (!rng_ppm(&w->rng, w->network.loss_ppm))
		return false;
	fault_count(w, FAULT_LOST);
	return true;
}

static void datagram_arrive(struct world *w, struct packet *packet)
{
	uint64_t after_ns = delay(w);

	fault_count_order(w, packet->from, packet->to, w->now_ns + after_ns);
	arrive(w, packet, after_ns);
}

static void datagram(struct world *w, struct packet *packet)
{
	if (dropped(w, packet)) {
		free(packet);
		return;
	}
	if (rng_ppm(&w->rng, w->network.duplicate_ppm)) {
		fault_count(w, FAULT_TWICE);
		datagram_arrive(w, packet_new(packet->type, packet->from, packet->to, packet->bytes,
					   packet->size));
	}
	datagram_arrive(w, packet);
}

// No connection, or no longer: who waits for a pong hears that none will come; an exchange ends.
static void broken(struct world *w, struct packet *packet, uint64_t after_ns)
{
	fault_count(w, FAULT_NO_CONNECTION);
	if (packet->type == PACKET_PING) {
		uint32_t to = packet->from;

		packet->type = PACKET_NO_PONG;
		packet->from = packet->to;
		packet->to = to;
		arrive(w, packet, after_ns);
		return;
	}
	free(packet);
}

// Loss only makes it later. One way that is cut is enough that nothing is acknowledged.
static void stream(struct world *w, struct packet *packet)
{
	uint64_t after_ns = 2 * delay(w);

	if (cut(w, packet->from, packet->to) || cut(w, packet->to, packet->from)) {
		broken(w, packet, DIAL_NS);
		return;
	}
	if (!w->nodes[packet->to].swim) {
		broken(w, packet, after_ns);
		return;
	}
	for (uint32_t i = 0; i < 5 && rng_ppm(&w->rng, w->network.loss_ppm); i++)
		after_ns += RETRANSMIT_NS << i;
	arrive(w, packet, after_ns);
}

void net_send(struct world *w, struct packet *packet)
{
	if (packet->type == PACKET_DATAGRAM)
		datagram(w, packet);
	else
		stream(w, packet);
}
