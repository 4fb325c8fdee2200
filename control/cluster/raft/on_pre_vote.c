// A candidate asks whether we would vote for it: nothing changes by the answer.
#include "control/cluster/raft/core.h"

enum raft_result on_pre_vote(struct raft *raft, const struct raft_message *message)
{
	bool grant = message->term > raft->term && !election_is_loyal(raft) && !raft->failed &&
		     election_is_behind(raft, message->index, message->log_term);
	struct raft_message *reply =
		outbox_add(raft, RAFT_MSG_PRE_VOTE_REPLY, message->from, NULL, 0);

	if (!reply)
		return RAFT_OK;
	reply->reject = !grant;
	if (grant)
		reply->term = message->term; // the one that was asked for; ours tells who is behind
	return RAFT_OK;
}
