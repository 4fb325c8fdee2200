// The next message, of all that there is to say.
#include "control/cluster/raft/core.h"

static bool send_vote(struct raft *raft, struct raft_message *message)
{
	if (!raft->vote_due || raft->state_durable != raft->state)
		return false;
	raft->vote_due = false;
	outbox_head(raft, message, RAFT_MSG_VOTE_REPLY, raft->vote);
	return true;
}

static bool send_role(struct raft *raft, struct raft_message *message)
{
	switch (raft->role) {
	case RAFT_LEADER:
		return send_leader(raft, message);
	case RAFT_PRE_CANDIDATE:
	case RAFT_CANDIDATE:
		return send_candidate(raft, message);
	case RAFT_FOLLOWER:
	case RAFT_ROLE_COUNT:
	default:
		return follower_reply(raft, message);
	}
}

bool raft_take_message(struct raft *raft, struct raft_message *message)
{
	if (!outbox_take(raft, message) && !send_vote(raft, message) && !send_role(raft, message))
		return false;
	raft->messages_out++;
	return true;
}
