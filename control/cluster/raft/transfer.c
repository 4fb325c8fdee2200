// Leadership goes to another voter: it gets all of the log, nothing is added meanwhile, then it
// stands for election at once (3.10). From then on our lease is worth nothing (R4).
#include "control/cluster/raft/core.h"

static bool may_lead(const struct raft *raft, uint64_t id)
{
	const struct raft_member *member = conf_find(&raft->conf, id);

	return member && member->roles & RAFT_VOTER;
}

enum raft_result raft_transfer(struct raft *raft, uint64_t now_ns, uint64_t to)
{
	core_at(raft, now_ns);
	if (raft->role != RAFT_LEADER)
		return RAFT_NO_LEADER;
	if (!may_lead(raft, to))
		return RAFT_NO_MEMBER;
	if (to == raft->config.id || to == raft->transfer)
		return RAFT_OK;
	if (raft->transfer != RAFT_NOBODY)
		return RAFT_TRANSFERRING;
	raft->transfer = to;
	raft->transfer_ns = raft->now_ns + ms(raft->config.election_ms);
	raft->transfer_sent = false;
	core_settle(raft);
	return RAFT_OK;
}

void transfer_check(struct raft *raft)
{
	struct peer *peer;

	if (raft->transfer == RAFT_NOBODY)
		return;
	if (!may_lead(raft, raft->transfer)) {
		raft->transfer = RAFT_NOBODY;
		return;
	}
	peer = leader_peer(raft, raft->transfer);
	if (raft->transfer_sent || peer->progress.match != raft->log.last)
		return;
	raft->transfer_sent = true;
	raft->lease_lost = true;
	peer->timeout_now = true;
}

void transfer_tick(struct raft *raft)
{
	if (raft->transfer != RAFT_NOBODY && raft->now_ns >= raft->transfer_ns)
		raft->transfer = RAFT_NOBODY;
}
