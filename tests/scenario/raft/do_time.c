// Commands: time passes, and what can move by itself moves.
#include "tests/scenario/raft/command.h"

enum { ROUNDS_MAX = 500 };

static bool moves(const struct node *node)
{
	return node->exists && node->up && !node->paused;
}

bool disks_turn(struct world *world, uint32_t nodes)
{
	bool moved = false;

	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		struct node *node = &world->node[id];

		if (!(nodes >> id & 1) || !moves(node) || node->disk->health != DISK_WORKS)
			continue;
		// what follows from the end of a write is for the next turn
		for (uint32_t left = node->requests; left > 0; left--) {
			disk_end(world, node);
			moved = true;
		}
	}
	return moved;
}

// Between nodes of the set only.
static bool net_turn(struct world *world, uint32_t nodes)
{
	uint32_t waiting = world->packets, at = 0;
	bool moved = false;

	while (waiting-- > 0) {
		const struct packet *packet = &world->packet[at];
		struct filter first = {.count = 1};

		first.from = packet->from;
		first.to = packet->to;
		first.type = (enum raft_message_type)packet->bytes[2];
		if (!(nodes >> packet->from & 1) || !(nodes >> packet->to & 1) ||
			world->node[packet->to].paused || packet->bytes[2] == world->hold) {
			at++;
			continue;
		}
		moved |= net_deliver(world, first) > 0;
	}
	return moved;
}

void stabilize(struct world *world, uint32_t nodes)
{
	for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
		bool moved = disks_turn(world, nodes);

		moved |= net_turn(world, nodes);
		if (!moved)
			return;
	}
	violated(world, "the cluster does not come to rest");
}

void do_stabilize(struct world *world, const struct command *command)
{
	uint32_t nodes = 0;

	for (uint32_t i = 0; i < command->args; i++)
		if (command->arg[i].value[0] >= '1' && command->arg[i].value[0] <= '9')
			nodes |= 1u << (command->arg[i].value[0] - '0');
	stabilize(world, nodes ? nodes : UINT32_MAX);
}

// The node whose time comes first, if that is before `end`.
static struct node *next_of(struct world *world, uint64_t end, uint64_t *when)
{
	struct node *next = NULL;

	*when = end;
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		struct node *node = &world->node[id];
		uint64_t at =
			moves(node) ? time_of(world, node, raft_next_ns(node->raft)) : UINT64_MAX;

		if (at < *when || (at == *when && !next && at < UINT64_MAX)) {
			*when = at;
			next = node;
		}
	}
	return next;
}

static void pass(struct world *world, uint64_t ms, bool works)
{
	uint64_t end = world->now_ns + ms * 1000000, when;

	for (uint32_t steps = 0; steps < 100 * ROUNDS_MAX; steps++) {
		struct node *node = next_of(world, end, &when);

		world->now_ns = when;
		if (!node)
			return;
		node_tick(world, node);
		if (works)
			stabilize(world, UINT32_MAX);
		if (when == end && time_of(world, node, raft_next_ns(node->raft)) <= end)
			return; // it has nothing to do but to be called again
	}
	violated(world, "time does not pass");
}

void do_tick(struct world *world, const struct command *command)
{
	uint64_t id = number_of(command, "node", 0);

	if (id == 0) {
		pass(world, number_at(command, 0), false);
		return;
	}
	if (id > NODES_MAX || !world->node[id].up)
		wrong(command, "node %u is not up", (unsigned)id);
	world->now_ns += number_at(command, 0) * 1000000;
	node_tick(world, &world->node[id]);
}

void do_wait(struct world *world, const struct command *command)
{
	world->now_ns += number_at(command, 0) * 1000000;
}

void do_run(struct world *world, const struct command *command)
{
	stabilize(world, UINT32_MAX);
	pass(world, number_at(command, 0), true);
}
