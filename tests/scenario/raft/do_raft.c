// Commands: what a caller asks of a core, and what its disk does.
#include <stdio.h>
#include <string.h>

#include "tests/scenario/raft/command.h"

// Its own clock is the only one that is looked at.
static void campaign(struct world *world, struct node *node)
{
	for (uint32_t tries = 0; tries < 8; tries++) {
		world->now_ns = time_of(world, node, raft_next_ns(node->raft));
		node_tick(world, node);
		if (node->role != RAFT_FOLLOWER)
			return;
	}
	say(world, "%u does not stand for election", (unsigned)node->id);
}

void do_campaign(struct world *world, const struct command *command)
{
	campaign(world, node_up(world, command));
}

static bool votes_turn(struct world *world)
{
	static const enum raft_message_type TYPES[] = {
		RAFT_MSG_PRE_VOTE, RAFT_MSG_PRE_VOTE_REPLY, RAFT_MSG_VOTE, RAFT_MSG_VOTE_REPLY};
	bool moved = false;

	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		struct filter filter = {.type = TYPES[i], .count = PACKETS_MAX};

		moved |= net_deliver(world, filter) > 0;
		moved |= disks_turn(world, UINT32_MAX);
	}
	return moved;
}

// What it says as a leader has not arrived yet.
void do_elect(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);

	world->quiet = !has(command, "loud") && !has(command, "brief");
	campaign(world, node);
	while (node->role != RAFT_LEADER && votes_turn(world))
		;
	if (!world->quiet)
		return;
	world->quiet = has(command, "quiet");
	say(world, "%u is %s in term %u", (unsigned)node->id, raft_role_name(node->role),
		(unsigned)node->term);
}

void do_propose(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);
	uint64_t size = number_of(command, "size", 0);
	uint8_t bytes[RAFT_CONF_MAX];
	const char *text = size ? "" : word_at(command, 1);

	if (size > sizeof(bytes))
		wrong(command, "at most %d bytes", RAFT_CONF_MAX);
	memset(bytes, 'x', sizeof(bytes));
	if (!size) {
		size = strlen(text);
		memcpy(bytes, text, size);
	}
	for (uint64_t times = number_of(command, "times", 1); times > 0; times--) {
		raft_propose(
			node->raft, clock_of(world, node), ++world->cookie, bytes, (uint32_t)size);
		settle(world, node);
	}
}

void do_change(struct world *world, const struct command *command)
{
	static const char *const KINDS[] = {[RAFT_ADD_VOTER] = "voter",
		[RAFT_ADD_LEARNER] = "learner",
		[RAFT_MAKE_VOTER] = "make-voter",
		[RAFT_MAKE_LEARNER] = "make-learner",
		[RAFT_REMOVE] = "remove"};
	struct node *node = node_up(world, command);
	struct raft_change change[RAFT_CHANGES_MAX + 1];
	uint32_t changes = 0;

	for (uint32_t i = 0; i < command->args; i++) {
		const struct arg *arg = &command->arg[i];
		uint32_t kind = 0;

		if (!arg->key[0])
			continue;
		while (kind <= RAFT_REMOVE && strcmp(KINDS[kind], arg->key) != 0)
			kind++;
		if (kind > RAFT_REMOVE || changes > RAFT_CHANGES_MAX)
			wrong(command, "%s is no change, or too many", arg->key);
		change[changes] = (struct raft_change){.kind = (enum raft_change_kind)kind};
		if (sscanf(arg->value, "%lu", &change[changes].id) != 1)
			wrong(command, "%s is no id", arg->value);
		snprintf(change[changes].name, NAME_SIZE, "n%u", (unsigned)change[changes].id);
		changes++;
	}
	raft_change(node->raft, clock_of(world, node), ++world->cookie, change, changes);
	settle(world, node);
}

void do_read(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);

	raft_read(node->raft, clock_of(world, node), ++world->cookie);
	settle(world, node);
}

void do_transfer(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);
	enum raft_result result = raft_transfer(
		node->raft, clock_of(world, node), number_of(command, "to", RAFT_NOBODY));

	if (result != RAFT_OK)
		say(world, "refused: %s", raft_result_text(result));
	settle(world, node);
}

void do_compact(struct world *world, const struct command *command)
{
	node_compact(world, node_up(world, command));
}

void do_disk(struct world *world, const struct command *command)
{
	static const char *const HEALTH[] = {
		[DISK_WORKS] = "works", [DISK_STALLED] = "stalls", [DISK_FAILED] = "fails"};
	struct node *node = node_up(world, command);
	uint32_t health = 0;

	while (health <= DISK_FAILED && strcmp(HEALTH[health], word_at(command, 1)) != 0)
		health++;
	if (health > DISK_FAILED)
		wrong(command, "a disk works, stalls or fails");
	node->disk->health = (enum disk_health)health;
	if (health != DISK_FAILED)
		return;
	disk_forget(node);
	raft_on_failed(node->raft, clock_of(world, node));
	settle(world, node);
}

void do_write_done(struct world *world, const struct command *command)
{
	struct node *node = node_up(world, command);
	uint64_t count = number_of(command, "count", node->requests);

	if (count > node->requests || count == 0)
		wrong(command, "its disk has %u things to do", node->requests);
	while (count-- > 0)
		disk_end(world, node);
}
