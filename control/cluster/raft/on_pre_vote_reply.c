// A voter says whether it would vote for us.
#include "control/cluster/raft/core.h"

enum raft_result on_pre_vote_reply(struct raft *raft, const struct raft_message *message)
{
	uint32_t position = conf_position(&raft->conf, message->from);

	if (message->reject && message->term > raft->term) {
		election_follow(raft, message->term, RAFT_NOBODY);
		return RAFT_OK;
	}
	if (raft->role != RAFT_PRE_CANDIDATE || position == raft->conf.members ||
		message->term != raft->term + !message->reject)
		return RAFT_STALE;
	if (message->reject)
		raft->no |= 1u << position & ~raft->yes;
	else
		raft->yes |= 1u << position & ~raft->no;
	election_count(raft);
	return RAFT_OK;
}
