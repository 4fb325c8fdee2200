// One node: the production core with its clock, its inbox, and what it puts out.
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/cluster.h"

enum { SPINS_MAX = 64 }; // calls of a timer in a row that are due at once

struct address node_address(uint32_t node)
{
	return address_from_ipv4(0x0a000001u + node);
}

uint32_t node_of(const struct world *w, struct address address)
{
	uint32_t node = address_ipv4(address) - 0x0a000001u;

	return node < w->options.members ? node : UINT32_MAX;
}

static uint64_t drifted(uint64_t ns, int64_t ppm)
{
	return ns + (uint64_t)((int64_t)ns * ppm / 1000000);
}

uint64_t node_now(const struct world *w, const struct node *node)
{
	return node->clock_ns + drifted(w->now_ns, node->drift_ppm);
}

// The first virtual time at which its clock shows local_ns.
static uint64_t virtual_of(const struct node *node, uint64_t local_ns)
{
	uint64_t since_ns = local_ns > node->clock_ns ? local_ns - node->clock_ns : 0;
	int64_t ppm = node->drift_ppm;
	uint64_t at_ns = since_ns - (uint64_t)((int64_t)since_ns / (1000000 + ppm) * ppm);

	while (drifted(at_ns, ppm) < since_ns)
		at_ns += (since_ns - drifted(at_ns, ppm) + 1) / 2 + 1;
	return at_ns;
}

void node_arm(struct world *w, struct node *node)
{
	uint64_t next_ns = swim_next_ns(node->swim), at_ns;

	if (next_ns == UINT64_MAX)
		return;
	at_ns = virtual_of(node, next_ns);
	if (at_ns < w->now_ns)
		at_ns = w->now_ns;
	if (w->lockstep_ns)
		at_ns = (at_ns / w->lockstep_ns + 1) * w->lockstep_ns;
	if (at_ns == node->tick_ns)
		return;
	node->tick_ns = at_ns;
	heap_put(&w->heap, (struct event){.at_ns = at_ns, .type = EVENT_TICK, .node = node->index});
}

static uint64_t hash_bytes(const uint8_t *bytes, uint32_t size)
{
	uint64_t hash = size, word;

	for (; size >= 8; bytes += 8, size -= 8) {
		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	for (; size; bytes++, size--)
		hash = hash * 31 + *bytes;
	return hash;
}

static void send(struct world *w, struct node *node, enum packet_type type, struct address address,
	const uint8_t *bytes, uint32_t size)
{
	uint32_t to = node_of(w, address);

	if (to == UINT32_MAX || to == node->index) {
		world_fail(w, "node %u sends to %s", node->index,
			to == node->index ? "itself" : "an address that nobody has");
		return;
	}
	world_hash(w, hash_bytes(bytes, size) ^ (uint64_t)to << 32 ^ type);
	net_send(w, packet_new(type, node->index, to, bytes, size));
}

static void put_frame(
	struct world *w, struct node *node, const struct swim_frame *frame, uint32_t to)
{
	if (frame->size > SWIM_FRAME_MAX)
		world_fail(w, "node %u: a frame of %u bytes", node->index, frame->size);
	else if (frame->size) {
		node->frames++;
		node->frame_bytes += frame->size;
		send(w, node, PACKET_FRAME, node_address(to), frame->bytes, frame->size);
	}
}

// The node that a member is to this node; UINT32_MAX: it does not know that member.
static uint32_t node_of_member(const struct world *w, const struct node *node, uint32_t member)
{
	struct swim_view view;

	return swim_member(node->swim, member, &view) ? node_of(w, view.address) : UINT32_MAX;
}

static void put_datagrams(struct world *w, struct node *node)
{
	for (uint32_t i = 0; i < w->out->sends; i++) {
		const struct swim_send *one = &w->out->send[i];

		node->sent++;
		node->sent_bytes += one->size;
		if (one->size > SWIM_DATAGRAM_MAX)
			world_fail(w, "node %u: a datagram of %u bytes", node->index, one->size);
		send(w, node, PACKET_DATAGRAM, one->address, one->bytes, one->size);
	}
}

static void put_streams(struct world *w, struct node *node)
{
	const struct swim_frame *sync = &w->out->sync;

	for (uint32_t i = 0; i < w->out->stream_pings; i++)
		send(w, node, PACKET_PING,
			node_address(node_of_member(w, node, w->out->stream_ping[i])), NULL, 0);
	if (sync->size)
		put_frame(w, node, sync,
			sync->member == SWIM_NONE ? node_of(w, sync->address)
						  : node_of_member(w, node, sync->member));
}

// What the core has put out, but for an answer.
static void put(struct world *w, struct node *node)
{
	const struct swim_output *out = w->out;

	if (out->sends > SWIM_SENDS_MAX || out->stream_pings > SWIM_STREAM_PINGS_MAX ||
		out->changes > SWIM_CHANGES_MAX || out->conflicts > SWIM_CONFLICTS_MAX) {
		world_fail(w, "node %u: the output is beyond its bounds", node->index);
		return;
	}
	if (out->conflicts)
		world_fail(w, "node %u sees another node with the name of member %u", node->index,
			out->conflict[0].member);
	for (uint32_t i = 0; i < out->changes; i++)
		check_change(w, node, &out->change[i]);
	put_datagrams(w, node);
	put_streams(w, node);
	check_node(w, node);
	node_arm(w, node);
}

// Nobody has noticed that it was away.
static bool unnoticed(const struct world *w, const struct node *node)
{
	for (uint32_t i = 0; i < w->options.members; i++)
		if (w->nodes[i].swim && w->nodes[i].seen[node->index].state != SWIM_ALIVE)
			return false;
	return true;
}

static void count_start(struct world *w, const struct node *node, bool forgetful)
{
	if (node->drift_ppm > 1000 || node->drift_ppm < -1000)
		fault_count(w, FAULT_DRIFT);
	if (node->boots == 0)
		return;
	fault_count(w, FAULT_RESTART);
	if (forgetful)
		fault_count(w, FAULT_FORGETFUL);
	if (unnoticed(w, node))
		fault_count(w, FAULT_UNNOTICED);
}

void node_start(struct world *w, struct node *node, bool forgetful)
{
	struct swim_config config = w->config;

	snprintf(config.name, sizeof(config.name), "node-%u", node->index);
	config.address = node_address(node->index);
	config.port = NODE_PORT;
	config.seed = rng_next(&w->rng);
	config.incarnation = forgetful ? 1 : node->incarnation + 1;
	count_start(w, node, forgetful);
	node->memory = aligned_alloc(64, (swim_size(&config) + 63) & ~(size_t)63);
	if (!node->memory)
		abort();
	memset(node->seen, 0, w->options.members * sizeof(*node->seen));
	node->swim = swim_init(node->memory, &config, w->identities, node_now(w, node));
	node->boots++;
	node->paused = node->leaves = false;
	node->tick_ns = UINT64_MAX;
	if (!node->swim) {
		world_fail(w, "node %u: no identity is free", node->index);
		free(node->memory);
		return;
	}
	for (uint32_t i = 0; i < w->seeds && i < w->options.members; i++)
		if (i != node->index)
			swim_join(node->swim, node_now(w, node), node_address(i), NODE_PORT);
	world_trace(w, "node %u starts, incarnation %u", node->index, config.incarnation);
	check_node(w, node);
	node_arm(w, node);
}

void node_crash(struct world *w, struct node *node)
{
	world_trace(w, "node %u ends", node->index);
	swim_fini(node->swim);
	free(node->memory);
	node->swim = NULL;
	node_forget(node);
}

void node_leave(struct world *w, struct node *node)
{
	world_trace(w, "node %u leaves", node->index);
	node->leaves = true;
	swim_leave(node->swim, node_now(w, node));
	node_arm(w, node);
}

bool node_meta(struct world *w, struct node *node, uint64_t value, size_t size)
{
	uint8_t meta[SWIM_META_MAX] = {0};
	bool ok;

	memcpy(meta, &value, sizeof(value));
	ok = swim_meta_set(node->swim, node_now(w, node), meta, size);
	node_arm(w, node);
	return ok;
}

void node_tick(struct world *w, struct node *node, uint64_t at_ns)
{
	if (!node->swim || node->tick_ns != at_ns)
		return; // of a former life, or armed anew since
	node->tick_ns = UINT64_MAX;
	if (node->paused)
		return;
	node->spins = at_ns == node->ticked_ns ? node->spins + 1 : 0;
	node->ticked_ns = at_ns;
	if (node->spins > SPINS_MAX)
		world_fail(w, "node %u: its timer is due again and again", node->index);
	swim_output_clear(w->out);
	swim_on_tick(node->swim, node_now(w, node), w->out);
	put(w, node);
}

static void pong(struct world *w, struct node *node, const struct packet *packet)
{
	char name[NAME_SIZE];
	uint32_t member;

	snprintf(name, sizeof(name), "node-%u", packet->from);
	member = swim_find(node->swim, name);
	if (member != SWIM_NONE)
		swim_on_stream_pong(
			node->swim, node_now(w, node), member, packet->type == PACKET_PONG, w->out);
}

void node_handle(struct world *w, struct node *node, const struct packet *packet)
{
	uint64_t now_ns = node_now(w, node);
	enum swim_result result = SWIM_OK;

	swim_output_clear(w->out);
	switch (packet->type) {
	case PACKET_DATAGRAM:
		result = swim_on_datagram(node->swim, now_ns, node_address(packet->from), NODE_PORT,
			packet->bytes, packet->size, w->out);
		break;
	case PACKET_FRAME:
		result = swim_on_sync(node->swim, now_ns, packet->bytes, packet->size, w->out);
		put_frame(w, node, &w->out->answer, packet->from);
		break;
	case PACKET_PING:
		net_send(w, packet_new(PACKET_PONG, node->index, packet->from, NULL, 0));
		break;
	case PACKET_PONG:
	case PACKET_NO_PONG:
		pong(w, node, packet);
		break;
	}
	if (result != SWIM_OK && result != SWIM_FULL && !swim_left(node->swim))
		world_fail(w, "node %u does not take what node %u sent: %s", node->index,
			packet->from, swim_result_name(result));
	put(w, node);
}

void node_receive(struct world *w, struct packet *packet)
{
	struct node *node = &w->nodes[packet->to];

	if (!node->swim || (packet->type != PACKET_DATAGRAM && packet->boot != node->boots)) {
		free(packet);
		return;
	}
	if (node->paused) {
		node_keep(w, node, packet);
		return;
	}
	node_handle(w, node, packet);
	free(packet);
}
