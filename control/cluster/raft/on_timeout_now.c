// The leader wants us to lead: we stand for election at once, without a pre-vote.
#include "control/cluster/raft/core.h"

enum raft_result on_timeout_now(struct raft *raft, const struct raft_message *message)
{
	(void)message;
	if (!election_may(raft))
		return RAFT_STALLED;
	election_stand(raft, true);
	election_count(raft);
	return RAFT_OK;
}
