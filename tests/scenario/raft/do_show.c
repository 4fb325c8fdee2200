// Commands: how it stands.
#include <stdio.h>

#include "tests/scenario/raft/command.h"

static void status(struct world *world, const struct node *node)
{
	struct raft_status s;
	char more[160];

	if (!node->up) {
		say(world, "%u is down", (unsigned)node->id);
		return;
	}
	raft_status(node->raft, &s);
	snprintf(more, sizeof(more), "%s%s%s%s%s%s", node->paused ? " paused" : "",
		s.quarantined ? " quarantined" : "", s.failed ? " failed" : "",
		s.lease_until_ns ? " lease" : "", s.transfer ? " transferring" : "",
		node->requests ? " writing" : "");
	say(world, "%u %s term %u leader %u log %u to %u durable %u commit %u applied %u%s",
		(unsigned)node->id, raft_role_name((enum raft_role)s.now.role),
		(unsigned)s.now.term, (unsigned)s.now.leader, (unsigned)s.first, (unsigned)s.last,
		(unsigned)s.durable, (unsigned)s.now.commit, (unsigned)s.now.applied, more);
}

void do_status(struct world *world, const struct command *command)
{
	if (command->args > 0) {
		status(world, node_of(world, command));
		return;
	}
	for (uint32_t id = 1; id <= NODES_MAX; id++)
		if (world->node[id].exists)
			status(world, &world->node[id]);
}

void do_log(struct world *world, const struct command *command)
{
	const struct node *node = node_up(world, command);
	struct raft_status s;
	struct raft_entry entry;

	raft_status(node->raft, &s);
	if (s.first > s.last)
		say(world, "empty behind %u", (unsigned)(s.first - 1));
	for (uint64_t i = s.first; i <= s.last; i++)
		if (raft_entry(node->raft, i, &entry))
			say(world, "%s", entry_text(&entry));
}

void do_peers(struct world *world, const struct command *command)
{
	static const char *const STATES[] = {[RAFT_PROBE] = "probe",
		[RAFT_REPLICATE] = "replicate",
		[RAFT_SNAPSHOT] = "snapshot"};
	const struct node *node = node_up(world, command);
	struct raft_peer peer;

	for (uint32_t i = 0; raft_peer(node->raft, i, &peer); i++)
		say(world, "%u session %u %s match %u next %u inflight %u%s%s", (unsigned)peer.id,
			(unsigned)peer.session, STATES[peer.state], (unsigned)peer.match,
			(unsigned)peer.next, peer.inflight_messages, peer.active ? "" : " silent",
			peer.quarantined ? " quarantined" : "");
	if (!raft_peer(node->raft, 0, &peer))
		say(world, "%u leads nobody", (unsigned)node->id);
}

void do_members(struct world *world, const struct command *command)
{
	say(world, "%s", conf_text(raft_conf(node_up(world, command)->raft)));
}

void do_state(struct world *world, const struct command *command)
{
	(void)command;
	for (uint32_t id = 1; id <= NODES_MAX; id++) {
		const struct node *node = &world->node[id];

		if (node->exists && node->up)
			say(world, "%u: %s", id, node->state[0] ? node->state : "-");
	}
}
