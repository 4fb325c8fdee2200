// Members that come, go and come again, and leaders that change, as an operator would have it.
#include <string.h>

#include "tests/raft/raft_sim.h"

enum { VOTERS_MIN = 2 };

#define COOKIE UINT64_MAX // nobody waits for the answer

static const struct raft_conf *conf_of(struct world *w)
{
	struct node *leader = world_leader(w);

	return leader ? raft_conf(replica_raft(leader->replica)) : NULL;
}

static const struct raft_member *member_of(const struct raft_conf *conf, uint32_t node)
{
	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].id == ID_FIRST + node)
			return &conf->member[i];
	return NULL;
}

static void change_of(struct world *w, struct raft_change *change, uint32_t node, bool member)
{
	memset(change, 0, sizeof(*change));
	change->id = ID_FIRST + node;
	snprintf(change->name, sizeof(change->name), "n%u", node);
	if (!member)
		change->kind = rng_percent(&w->rng, 75) ? RAFT_ADD_VOTER : RAFT_ADD_LEARNER;
	else if (rng_percent(&w->rng, 60))
		change->kind = RAFT_REMOVE;
	else
		change->kind = rng_percent(&w->rng, 50) ? RAFT_MAKE_VOTER : RAFT_MAKE_LEARNER;
}

static void count(struct world *w, const struct raft_change *change)
{
	struct node *node = node_of(w, change->id);

	if (change->kind == RAFT_REMOVE) {
		world_fault(w, FAULT_REMOVE);
		node->removed = true;
	} else if (change->kind == RAFT_ADD_VOTER || change->kind == RAFT_ADD_LEARNER) {
		world_fault(w, node->removed ? FAULT_READD : FAULT_ADD);
		node->removed = false;
	}
}

static bool loses_too_much(
	const struct raft_conf *conf, const struct raft_change *changes, uint32_t number)
{
	uint32_t voters = 0;

	for (uint32_t i = 0; i < conf->members; i++) {
		bool goes = false;

		for (uint32_t c = 0; c < number; c++)
			goes |= changes[c].id == conf->member[i].id &&
				(changes[c].kind == RAFT_REMOVE ||
					changes[c].kind == RAFT_MAKE_LEARNER);
		voters += (conf->member[i].roles & RAFT_VOTER) && !goes;
	}
	return voters < VOTERS_MIN;
}

void change_members(struct world *w)
{
	struct raft_change changes[2];
	const struct raft_conf *conf = conf_of(w);
	uint32_t number = 1 + rng_percent(&w->rng, 30), first, at = 0;
	struct node *node = &w->node[rng_below(&w->rng, w->nodes)];

	if (!conf || !node_runs(node) || number >= w->nodes)
		return;
	first = (uint32_t)rng_below(&w->rng, w->nodes);
	for (uint32_t i = 0; i < number; i++)
		change_of(w, &changes[at++], (first + i) % w->nodes,
			member_of(conf, (first + i) % w->nodes) != NULL);
	if (loses_too_much(conf, changes, number))
		return;
	for (uint32_t i = 0; i < number; i++) {
		struct node *of = node_of(w, changes[i].id);

		world_trace(w, "node %u is asked for change %u of node %u", node->index,
			changes[i].kind, of->index);
		count(w, &changes[i]);
		if (!of->replica && !of->dead)
			node_start(w, of);
	}
	if (number > 1)
		world_fault(w, FAULT_JOINT);
	if (!node_runs(node))
		return;
	replica_change(node->replica, node_now(w, node), COOKIE, changes, number);
	node_after(w, node);
}

void change_leader(struct world *w)
{
	struct node *leader = world_leader(w);
	uint64_t to = ID_FIRST + rng_below(&w->rng, w->nodes);

	if (!leader)
		return;
	if (replica_transfer(leader->replica, node_now(w, leader), to) == RAFT_OK) {
		world_fault(w, FAULT_TRANSFER);
		world_trace(w, "node %u hands over to node %u", leader->index,
			(uint32_t)(to - ID_FIRST));
	}
	node_after(w, leader);
}
