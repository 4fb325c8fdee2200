// What must hold across nodes, whatever a scenario does: one leader in a term, one entry at an
// index, and whoever leads has all that was committed.
#include <string.h>

#include "tests/scenario/raft/world.h"

// FNV-1a.
uint64_t hash_of(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t hash = 14695981039346656037ull;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 1099511628211ull;
	return hash;
}

void check_applied(struct world *world, const struct node *node, const struct raft_entry *entry)
{
	struct committed is = {entry->term, hash_of(entry->data, entry->size)}, *was;

	if (entry->index >= INDEX_MAX)
		violated(world, "too many entries");
	was = &world->committed[entry->index];
	if (was->term == 0)
		*was = is;
	else if (was->term != is.term || was->hash != is.hash)
		violated(world, "%u applies %s, others applied another entry there",
			(unsigned)node->id, entry_text(entry));
}

static void check_leader(struct world *world, const struct node *node)
{
	struct raft_status status;

	raft_status(node->raft, &status);
	for (uint64_t i = status.first; i < INDEX_MAX; i++) {
		struct raft_entry entry;

		if (world->committed[i].term == 0)
			continue;
		if (!raft_entry(node->raft, i, &entry) || entry.term != world->committed[i].term)
			violated(world, "%u leads without entry %u, which was committed",
				(unsigned)node->id, (unsigned)i);
	}
}

void check_role(struct world *world, const struct node *node)
{
	uint64_t *leader;

	if (node->role != RAFT_LEADER)
		return;
	if (node->term >= INDEX_MAX)
		violated(world, "too many terms");
	leader = &world->leader_of[node->term];
	if (*leader != 0 && *leader != node->id)
		violated(world, "%u and %u lead in term %u", (unsigned)*leader, (unsigned)node->id,
			(unsigned)node->term);
	*leader = node->id;
	check_leader(world, node);
}
