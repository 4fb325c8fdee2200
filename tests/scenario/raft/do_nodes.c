// Commands: nodes come, go, and stand still.
#include <stdio.h>
#include <string.h>

#include "tests/scenario/raft/command.h"

// Small numbers, so that limits are met in a few lines.
static void config_init(struct raft_config *config)
{
	raft_config_init(config);
	config->log_entries = 64;
	config->log_bytes = 64 * 1024;
	config->uncommitted_bytes = 16 * 1024;
	config->inflight_messages = 8;
	config->inflight_bytes = 64 * 1024;
	config->batch_bytes = 4096;
	config->keep_entries = 0;
	config->chunk_bytes = 16;
	config->promote_lag = 2;
	config->lease = false;
}

void config_read(struct raft_config *config, const struct command *command)
{
	const struct {
		const char *key;
		uint32_t *value;
	} numbers[] = {{"election", &config->election_ms}, {"heartbeat", &config->heartbeat_ms},
		{"batch", &config->batch_bytes}, {"messages", &config->inflight_messages},
		{"bytes", &config->inflight_bytes}, {"log-entries", &config->log_entries},
		{"log-bytes", &config->log_bytes}, {"uncommitted", &config->uncommitted_bytes},
		{"keep", &config->keep_entries}, {"chunk", &config->chunk_bytes},
		{"lag", &config->promote_lag}, {"stall", &config->stall_ms},
		{"drift", &config->drift_permille}};

	config_init(config);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i].value = (uint32_t)number_of(command, numbers[i].key, *numbers[i].value);
	config->lease = has(command, "lease");
}

static void start(struct world *world, const struct command *command, uint64_t id)
{
	struct raft_config config;
	const char *problem;

	if (id == 0 || id > NODES_MAX || world->node[id].exists)
		wrong(command, "a node must have an unused id from 1 to %d", NODES_MAX);
	config_read(&config, command);
	config.id = config.seed = id;
	problem = raft_config_check(&config);
	if (problem)
		wrong(command, "%s", problem);
	node_start(world, id, &config);
}

void do_add_nodes(struct world *world, const struct command *command)
{
	struct raft_conf conf = {.members = (uint32_t)number_at(command, 0)};

	for (uint32_t i = 0; i < conf.members; i++) {
		conf.member[i] = (struct raft_member){.id = i + 1, .roles = RAFT_VOTER};
		snprintf(conf.member[i].name, NAME_SIZE, "n%u", i + 1);
		start(world, command, i + 1);
	}
	for (uint32_t id = 1; id <= conf.members; id++) {
		struct node *node = &world->node[id];

		if (!raft_bootstrap(node->raft, clock_of(world, node), &conf))
			wrong(command, "node %u cannot begin", id);
		settle(world, node);
		while (node->requests)
			disk_end(world, node);
	}
}

void do_start(struct world *world, const struct command *command)
{
	uint64_t id = number_at(command, 0);

	start(world, command, id);
	settle(world, &world->node[id]);
}

void do_crash(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);

	say(world, "%u crashes%s", (unsigned)node->id,
		node->requests ? ": what it writes is lost" : "");
	node_crash(world, node);
}

static void rot(const struct command *command, struct disk *disk, uint64_t index)
{
	if (index <= disk->snapshot.index || index > disk->last)
		wrong(command, "entry %u is not on the disk", (unsigned)index);
	disk->rot_index = disk->last;
	disk->rot_term = disk->entry[disk->last].term;
	disk->last = index - 1;
}

void do_restart(struct world *world, const struct command *command)
{
	struct node *node = node_of(world, command);
	uint64_t index = number_of(command, "rot", 0);

	if (node->up)
		wrong(command, "node %u is up: crash it first", (unsigned)node->id);
	if (has(command, "wipe"))
		memset(node->disk, 0, sizeof(*node->disk));
	if (index)
		rot(command, node->disk, index);
	node_boot(world, node);
	settle(world, node);
}

void do_pause(struct world *world, const struct command *command)
{
	node_up(world, command)->paused = true;
}

void do_resume(struct world *world, const struct command *command)
{
	node_up(world, command)->paused = false;
}

void do_clock(struct world *world, const struct command *command)
{
	clock_rate(world, node_of(world, command), (uint32_t)number_of(command, "rate", 1000));
}
