// A candidate asks for our vote. The answer waits until the vote is durable (R14).
#include "control/cluster/raft/core.h"

static enum raft_result reject(struct raft *raft, uint64_t to)
{
	struct raft_message *reply = outbox_add(raft, RAFT_MSG_VOTE_REPLY, to, NULL, 0);

	if (reply)
		reply->reject = true;
	return RAFT_OK;
}

enum raft_result on_vote(struct raft *raft, const struct raft_message *message)
{
	if (message->term < raft->term) {
		reject(raft, message->from);
		return RAFT_STALE;
	}
	// Not even its term is taken: it would end a leader that is well, and break its lease.
	if (!message->force && election_is_loyal(raft))
		return RAFT_OK;
	if (message->term > raft->term)
		election_follow(raft, message->term, RAFT_NOBODY);
	if (raft->failed || (raft->vote != RAFT_NOBODY && raft->vote != message->from) ||
		(raft->vote == RAFT_NOBODY && raft->leader != RAFT_NOBODY) ||
		!election_is_behind(raft, message->index, message->log_term))
		return reject(raft, message->from);
	election_vote(raft, message->from);
	return RAFT_OK;
}
