// Commands: what passes between nodes, and what does not.
#include "tests/scenario/raft/command.h"

static struct filter filter_of(const struct command *command)
{
	struct filter filter = {.from = number_of(command, "from", 0),
		.to = number_of(command, "to", 0),
		.count = (uint32_t)number_of(command, "count", PACKETS_MAX),
		.skip = (uint32_t)number_of(command, "skip", 0),
		.keep = has(command, "keep")};
	const char *type = text_of(command, "type");

	if (type) {
		filter.type = message_type(type);
		if (filter.type == 0)
			wrong(command, "%s is no message", type);
	}
	return filter;
}

void do_deliver(struct world *world, const struct command *command)
{
	if (net_deliver(world, filter_of(command)) == 0)
		wrong(command, "there is no such message");
}

void do_drop(struct world *world, const struct command *command)
{
	uint32_t count = net_drop(world, filter_of(command));

	if (count == 0)
		wrong(command, "there is no such message");
	say(world, "%u lost", count);
}

static void cut(struct world *world, const struct command *command, uint64_t from, uint64_t to)
{
	if (from == 0 || from > NODES_MAX || to == 0 || to > NODES_MAX)
		wrong(command, "ids are 1 to %d", NODES_MAX);
	world->cut[from][to] = true;
}

void do_cut(struct world *world, const struct command *command)
{
	cut(world, command, number_at(command, 0), number_at(command, 1));
}

void do_isolate(struct world *world, const struct command *command)
{
	for (uint64_t id = 1; id <= NODES_MAX; id++) {
		cut(world, command, number_at(command, 0), id);
		cut(world, command, id, number_at(command, 0));
	}
}

void do_heal(struct world *world, const struct command *command)
{
	(void)command;
	for (uint32_t from = 0; from <= NODES_MAX; from++)
		for (uint32_t to = 0; to <= NODES_MAX; to++)
			world->cut[from][to] = false;
}

void do_net(struct world *world, const struct command *command)
{
	(void)command;
	net_show(world);
}
