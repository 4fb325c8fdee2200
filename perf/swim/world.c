// A whole cluster of membership cores in virtual time.
#include "perf/swim/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_NS  1000000ull
#define STEP_NS   1000000ull
#define SETTLE_NS 120000000000ull
#define QUIET_NS  30000000000ull

enum { WIRE = 1 << 14, BLOCK = 64, PORT = 7000, FIRST_ADDRESS = 0x0a000001 };

struct flight {
	uint64_t at_ns;
	uint32_t from;
	struct swim_send send;
};

struct world {
	uint32_t count;
	uint64_t now_ns;
	struct swim **nodes;
	uint64_t *due_ns;   // of each node
	uint64_t *block_ns; // the least of 64 of them
	void *identities;
	struct flight *wire;
	uint64_t sent, heard; // of the wire
	struct world_totals totals;
	struct swim_output out, answer;
};

static uint32_t node_at(const struct world *world, struct address address)
{
	uint32_t node = address_ipv4(address) - FIRST_ADDRESS;

	return node < world->count ? node : 0;
}

static void due(struct world *world, uint32_t node)
{
	uint64_t at = swim_next_ns(world->nodes[node]), *block = &world->block_ns[node / BLOCK];

	world->due_ns[node] = at;
	if (at < *block)
		*block = at;
}

// Question and answer in turn, without time on the wire.
static void exchange(struct world *world, uint32_t from)
{
	uint32_t ends[2] = {from, node_at(world, world->out.sync.address)};
	struct swim_frame *frame = &world->out.sync;

	for (uint32_t round = 1; frame->size; round++) {
		uint32_t to = ends[round & 1];

		world->totals.frames++;
		world->totals.frame_bytes += frame->size;
		swim_output_clear(&world->answer);
		swim_on_sync(
			world->nodes[to], world->now_ns, frame->bytes, frame->size, &world->answer);
		*frame = world->answer.answer;
		due(world, to);
	}
}

static void send_all(struct world *world, uint32_t from)
{
	for (uint32_t i = 0; i < world->out.sends; i++) {
		const struct swim_send *send = &world->out.send[i];
		struct flight *flight = &world->wire[world->sent++ % WIRE];

		assert(world->sent - world->heard <= WIRE);
		flight->at_ns = world->now_ns + DELAY_NS;
		flight->from = from;
		flight->send.address = send->address;
		flight->send.size = send->size;
		memcpy(flight->send.bytes, send->bytes, send->size);
		world->totals.datagrams++;
		world->totals.bytes += send->size;
	}
	for (uint32_t i = 0; i < world->out.changes; i++)
		world->totals.false_alarms += world->out.change[i].to == SWIM_SUSPECT;
	exchange(world, from);
	due(world, from);
}

static void hear_all(struct world *world)
{
	struct flight *flight = &world->wire[world->heard % WIRE];

	while (world->heard != world->sent && flight->at_ns <= world->now_ns) {
		uint32_t to = node_at(world, flight->send.address);

		swim_output_clear(&world->out);
		swim_on_datagram(world->nodes[to], world->now_ns,
			address_from_ipv4(FIRST_ADDRESS + flight->from), PORT, flight->send.bytes,
			flight->send.size, &world->out);
		send_all(world, to);
		flight = &world->wire[++world->heard % WIRE];
	}
}

static void tick_block(struct world *world, uint32_t block)
{
	uint32_t end = (block + 1) * BLOCK < world->count ? (block + 1) * BLOCK : world->count;

	world->block_ns[block] = UINT64_MAX;
	for (uint32_t i = block * BLOCK; i < end; i++) {
		if (world->due_ns[i] <= world->now_ns) {
			swim_output_clear(&world->out);
			swim_on_tick(world->nodes[i], world->now_ns, &world->out);
			send_all(world, i);
		} else if (world->due_ns[i] < world->block_ns[block]) {
			world->block_ns[block] = world->due_ns[i];
		}
	}
}

void world_run(struct world *world, uint64_t virtual_ns)
{
	uint64_t end = world->now_ns + virtual_ns;

	for (; world->now_ns < end; world->now_ns += STEP_NS) {
		hear_all(world);
		for (uint32_t block = 0; block * BLOCK < world->count; block++)
			if (world->block_ns[block] <= world->now_ns)
				tick_block(world, block);
	}
}

static bool node_make(struct world *world, uint32_t node, struct identities *identities)
{
	struct swim_config config;
	void *memory;

	swim_config_init(&config, SWIM_LAN);
	snprintf(config.name, sizeof(config.name), "node-%u", node);
	snprintf(config.cluster, sizeof(config.cluster), "perf");
	config.address = address_from_ipv4(FIRST_ADDRESS + node);
	config.port = PORT;
	config.seed = node + 1;
	config.members_max = world->count < 16 ? 16 : world->count;
	config.updates_max = config.members_max;
	memory = aligned_alloc(64, swim_size(&config));
	if (!memory)
		return false;
	world->nodes[node] = swim_init(memory, &config, identities, world->now_ns);
	if (node)
		swim_join(
			world->nodes[node], world->now_ns, address_from_ipv4(FIRST_ADDRESS), PORT);
	due(world, node);
	return true;
}

bool world_settled(const struct world *world)
{
	for (uint32_t i = 0; i < world->count; i++) {
		struct swim_report report;

		swim_report(world->nodes[i], &report);
		if (report.members[SWIM_ALIVE] != world->count || report.updates)
			return false;
	}
	return true;
}

struct world *world_new(uint32_t nodes)
{
	struct world *world = calloc(1, sizeof(*world));
	uint32_t identities = 2 * nodes + 32;

	if (!world)
		return NULL;
	world->count = nodes;
	world->now_ns = 1000000000;
	world->nodes = calloc(nodes, sizeof(*world->nodes));
	world->due_ns = calloc(nodes, sizeof(*world->due_ns));
	world->block_ns = calloc(nodes / BLOCK + 1, sizeof(*world->block_ns));
	world->identities = aligned_alloc(64, (identities_size(identities) + 63) & ~(size_t)63);
	world->wire = calloc(WIRE, sizeof(*world->wire));
	if (!world->nodes || !world->due_ns || !world->block_ns || !world->identities ||
		!world->wire)
		goto no_memory;
	identities_init(world->identities, identities);
	for (uint32_t i = 0; i < nodes; i++)
		if (!node_make(world, i, world->identities))
			goto no_memory;
	for (uint64_t end = world->now_ns + SETTLE_NS;
		world->now_ns < end && !world_settled(world);)
		world_run(world, 1000000000);
	world_run(world, QUIET_NS); // what is kept is of a quiet cluster, too
	memset(&world->totals, 0, sizeof(world->totals));
	return world;

no_memory:
	world_free(world);
	return NULL;
}

void world_free(struct world *world)
{
	for (uint32_t i = 0; world->nodes && i < world->count; i++)
		free(world->nodes[i]);
	free(world->nodes);
	free(world->due_ns);
	free(world->block_ns);
	free(world->identities);
	free(world->wire);
	free(world);
}

uint64_t world_now_ns(const struct world *world)
{
	return world->now_ns;
}

void world_totals(const struct world *world, struct world_totals *totals)
{
	*totals = world->totals;
}

const struct swim_send *world_kept(const struct world *world, uint32_t index)
{
	return &world->wire[(world->sent - 1 - index) % WIRE].send;
}

uint32_t world_count(const struct world *world)
{
	return world->count;
}
