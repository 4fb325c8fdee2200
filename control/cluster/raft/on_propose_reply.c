// The leader took what we passed on, or did not.
#include "control/cluster/raft/core.h"

enum raft_result on_propose_reply(struct raft *raft, const struct raft_message *message)
{
	uint64_t cookie = message->context - raft->nonce;

	if (message->result >= RAFT_RESULT_COUNT || message->reject != (message->result != RAFT_OK))
		return RAFT_MALFORMED;
	// Others do not fill the queue: half of it is for what this node says itself.
	if (raft->outcomes >= RAFT_OUTCOMES_MAX / 2)
		return RAFT_FULL;
	propose_outcome(raft, cookie, message->result, message->index);
	raft->outcome[(raft->outcome_oldest + raft->outcomes - 1) % RAFT_OUTCOMES_MAX].term =
		message->log_term;
	return RAFT_OK;
}
