// Membership suggests: the leader adds whoever asks to be a member and is alive, one after another.
#include <stdio.h>

#include "control/consensus/internal.h"
#include "control/log.h"

static uint32_t voters(const struct raft_conf *conf)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < conf->members; i++)
		count += (conf->member[i].roles & (RAFT_VOTER | RAFT_PROMOTE)) != 0;
	return count;
}

static void on_added(void *owner, const struct replica_answer *answer, const char *why)
{
	struct consensus *consensus = owner;

	consensus->changing = false;
	if (answer->outcome == REPLICA_DONE)
		log_info("A node that asked is a member of the consensus now.");
	else
		log_debug("A node that asks was not made a member: %s.", why);
}

static void add(struct consensus *consensus, const struct member *member)
{
	const struct raft_conf *conf = raft_conf(replica_raft(consensus->replica));
	struct raft_change change = {.id = consensus_id(member->name),
		.kind = voters(conf) < CONSENSUS_VOTERS ? RAFT_ADD_VOTER : RAFT_ADD_LEARNER};

	if (consensus_member(consensus, member->name) || conf->members == RAFT_MEMBERS_MAX)
		return;
	snprintf(change.name, sizeof(change.name), "%s", member->name);
	log_debug("Node %s asks to be a member of the consensus.", member->name);
	consensus->changing = true;
	consensus_change(consensus, &change, on_added, consensus);
}

void consensus_on_look(void *owner)
{
	struct consensus *consensus = owner;
	struct raft_status status;
	struct members_view view;

	loop_timer_start(consensus->loop, &consensus->look, CONSENSUS_MS(CONSENSUS_LOOK_MS),
		consensus_on_look, consensus);
	if (!consensus->replica || consensus->changing || !consensus->gossip->members.own)
		return;
	raft_status(replica_raft(consensus->replica), &status);
	if (status.now.role != RAFT_LEADER)
		return;
	members_get(consensus->gossip->members.own, &view);
	for (uint32_t i = 0; i < view.count && !consensus->changing; i++)
		if (view.member[i].state == MEMBER_ALIVE && !view.member[i].self &&
			view.member[i].meta.consensus == META_CONSENSUS_ASKS)
			add(consensus, &view.member[i]);
}
