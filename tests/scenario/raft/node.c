// A node from its disk to its memory and back.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/raft/world.h"

static uint64_t term_at(const struct disk *disk, uint64_t index)
{
	return index == disk->snapshot.index ? disk->snapshot.term : disk->entry[index].term;
}

static bool is_rotten(const struct disk *disk)
{
	uint64_t term = term_at(disk, disk->last);

	return disk->rot_index &&
	       (term < disk->rot_term || (term == disk->rot_term && disk->last < disk->rot_index));
}

static struct raft_boot boot_of(const struct disk *disk)
{
	return (struct raft_boot){.term = disk->term,
		.vote = disk->vote,
		.snapshot_index = disk->snapshot.index,
		.snapshot_term = disk->snapshot.term,
		.snapshot_size = disk->snapshot.size,
		.conf = disk->snapshot.conf,
		.quarantined = is_rotten(disk),
		.last_index = disk->rot_index,
		.last_term = disk->rot_term};
}

static void load(struct world *world, struct node *node)
{
	for (uint64_t i = node->disk->snapshot.index + 1; i <= node->disk->last; i++) {
		const struct stored *stored = &node->disk->entry[i];
		struct raft_entry entry = {.index = i,
			.term = stored->term,
			.kind = stored->kind,
			.size = stored->size,
			.data = stored->data};

		if (!raft_load(node->raft, &entry))
			violated(world, "%u cannot load entry %u", (unsigned)node->id, (unsigned)i);
	}
}

void node_boot(struct world *world, struct node *node)
{
	struct raft_boot boot = boot_of(node->disk);
	size_t size = (raft_size(&node->config) + 63) & ~(size_t)63;

	free(node->memory);
	node->memory = aligned_alloc(64, size);
	if (!node->memory)
		abort();
	memset(node->memory, 0xa5, size); // nothing of before is relied on
	node->raft = raft_init(node->memory, &node->config, &boot);
	memcpy(node->state, node->disk->snapshot.state, sizeof(node->state));
	node->applied = node->disk->snapshot.index;
	node->readers = 0;
	node->role = RAFT_FOLLOWER;
	node->term = node->disk->term;
	node->quarantined = false;
	node->up = true;
	node->paused = false;
	load(world, node);
	raft_start(node->raft, clock_of(world, node));
}

void node_start(struct world *world, uint64_t id, const struct raft_config *config)
{
	struct node *node = &world->node[id];

	*node = (struct node){.id = id,
		.exists = true,
		.config = *config,
		.rate_permille = 1000,
		.clock_ns = world->now_ns,
		.since_ns = world->now_ns};
	node->disk = calloc(1, sizeof(*node->disk));
	if (!node->disk)
		abort();
	node_boot(world, node);
}

void node_crash(struct world *world, struct node *node)
{
	(void)world;
	disk_forget(node);
	node->up = false;
	node->disk->health = DISK_WORKS; // with the next start
}

void node_tick(struct world *world, struct node *node)
{
	raft_on_tick(node->raft, clock_of(world, node));
	settle(world, node);
}

// Of what is applied.
void node_compact(struct world *world, struct node *node)
{
	struct disk *disk = node->disk;
	struct saved *saved = &disk->snapshot;
	uint64_t index = node->applied;

	if (index == saved->index) {
		say(world, "%u has nothing new to save", (unsigned)node->id);
		return;
	}
	disk->before = *saved;
	saved->term = disk->entry[index].term;
	saved->index = index;
	memcpy(saved->state, node->state, sizeof(saved->state));
	saved->size = (uint32_t)strlen(saved->state);
	if (!raft_conf_at(node->raft, index, &saved->conf))
		violated(world, "%u does not know the members at %u", (unsigned)node->id,
			(unsigned)index);
	raft_compacted(node->raft, index, saved->size);
	say(world, "%u saves its state up to %u: %u bytes", (unsigned)node->id, (unsigned)index,
		saved->size);
	settle(world, node);
}
