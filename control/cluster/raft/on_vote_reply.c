// A voter gave us its vote, or did not.
#include "control/cluster/raft/core.h"

enum raft_result on_vote_reply(struct raft *raft, const struct raft_message *message)
{
	uint32_t position = conf_position(&raft->conf, message->from);

	if (raft->role != RAFT_CANDIDATE || position == raft->conf.members)
		return RAFT_STALE;
	// The first answer counts: nobody takes a vote back.
	if (message->reject)
		raft->no |= 1u << position & ~raft->yes;
	else
		raft->yes |= 1u << position & ~raft->no;
	election_count(raft);
	return RAFT_OK;
}
