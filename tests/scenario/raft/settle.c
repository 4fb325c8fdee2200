// After each event: what a node wants is said and done, and what must hold is looked at.
#include <stdio.h>
#include <string.h>

#include "tests/scenario/raft/world.h"

static bool say_role(struct world *world, struct node *node)
{
	struct raft_status status;

	raft_status(node->raft, &status);
	if (status.quarantined != node->quarantined) {
		node->quarantined = status.quarantined;
		say(world, "%u %s quarantine", (unsigned)node->id,
			status.quarantined ? "is in" : "leaves");
	}
	if (status.now.role == node->role && status.now.term == node->term)
		return false;
	node->role = (enum raft_role)status.now.role;
	node->term = status.now.term;
	say(world, "%u is %s in term %u", (unsigned)node->id, raft_role_name(node->role),
		(unsigned)node->term);
	check_role(world, node);
	return true;
}

static bool take_write(struct world *world, struct node *node)
{
	char state[64] = "", cut[32] = "", entries[64] = "";
	struct raft_write write;

	if (!raft_take_write(node->raft, clock_of(world, node), &write))
		return false;
	if (write.state)
		snprintf(state, sizeof(state), " term %u vote %u", (unsigned)write.term,
			(unsigned)write.vote);
	if (write.truncate)
		snprintf(cut, sizeof(cut), " cut from %u", (unsigned)write.truncate);
	if (write.first == write.last)
		snprintf(entries, sizeof(entries), " entry %u", (unsigned)write.first);
	else if (write.first < write.last)
		snprintf(entries, sizeof(entries), " entries %u to %u", (unsigned)write.first,
			(unsigned)write.last);
	detail(world, "%u writes%s%s%s", (unsigned)node->id, state, cut, entries);
	disk_write(world, node, &write);
	return true;
}

static bool take_message(struct world *world, struct node *node)
{
	struct raft_message message;

	if (!raft_take_message(node->raft, &message))
		return false;
	net_send(world, node, &message);
	return true;
}

static bool take_apply(struct world *world, struct node *node)
{
	struct raft_entry entry;
	size_t size = strlen(node->state);

	if (!raft_take_apply(node->raft, &entry))
		return false;
	check_applied(world, node, &entry);
	say(world, "%u applies %s", (unsigned)node->id, entry_text(&entry));
	if (entry.index != node->applied + 1 || size + entry.size + 2 > sizeof(node->state))
		violated(world, "%u applies %u after %u", (unsigned)node->id, (unsigned)entry.index,
			(unsigned)node->applied);
	if (entry.kind == RAFT_DATA) {
		if (size)
			node->state[size++] = ' ';
		memcpy(node->state + size, entry.data, entry.size);
		node->state[size + entry.size] = 0;
	}
	node->applied = entry.index;
	raft_applied(node->raft, entry.index);
	return true;
}

static bool take_outcome(struct world *world, struct node *node)
{
	struct raft_outcome outcome;

	if (!raft_take_outcome(node->raft, &outcome))
		return false;
	if (outcome.result == RAFT_OK)
		say(world, "%u: proposal %u is %u/%u", (unsigned)node->id, (unsigned)outcome.cookie,
			(unsigned)outcome.index, (unsigned)outcome.term);
	else
		say(world, "%u: proposal %u is refused: %s", (unsigned)node->id,
			(unsigned)outcome.cookie, raft_result_text(outcome.result));
	return true;
}

static bool take_read(struct world *world, struct node *node)
{
	struct raft_read read;

	if (!raft_take_read(node->raft, &read))
		return false;
	if (read.result != RAFT_OK)
		say(world, "%u: read %u fails: %s", (unsigned)node->id, (unsigned)read.cookie,
			raft_result_text(read.result));
	else if (node->readers == READS_MAX)
		violated(world, "too many reads");
	else
		node->reader[node->readers++] = (struct reader){read.cookie, read.index};
	return true;
}

static void answer_readers(struct world *world, struct node *node)
{
	uint32_t waiting = 0;

	for (uint32_t i = 0; i < node->readers; i++) {
		const struct reader *reader = &node->reader[i];

		if (reader->index > node->applied)
			node->reader[waiting++] = *reader;
		else
			say(world, "%u: read %u sees what is applied up to %u: %s",
				(unsigned)node->id, (unsigned)reader->cookie,
				(unsigned)reader->index, node->state[0] ? node->state : "-");
	}
	node->readers = waiting;
}

static bool take_chunk(struct world *world, struct node *node)
{
	struct raft_chunk chunk;

	if (!raft_take_chunk(node->raft, &chunk))
		return false;
	detail(world, "%u writes bytes %u to %u of %u of snapshot %u", (unsigned)node->id,
		(unsigned)chunk.offset, (unsigned)(chunk.offset + chunk.size),
		(unsigned)chunk.total, (unsigned)chunk.index);
	disk_chunk(world, node, &chunk);
	return true;
}

void settle(struct world *world, struct node *node)
{
	bool more = true;

	while (more) {
		more = say_role(world, node);
		while (take_write(world, node))
			more = true;
		while (take_message(world, node))
			more = true;
		while (take_apply(world, node))
			more = true;
		while (take_outcome(world, node))
			more = true;
		while (take_read(world, node))
			more = true;
		while (take_chunk(world, node))
			more = true;
		answer_readers(world, node);
	}
	raft_check(node->raft);
}
