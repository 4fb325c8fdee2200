// The leader says up to where we must have applied for a read that waits here.
#include "control/cluster/raft/core.h"

enum raft_result on_read_reply(struct raft *raft, const struct raft_message *message)
{
	uint64_t number = message->context - raft->nonce;
	struct waiting *read = &raft->waiting[number % RAFT_READS_MAX];

	if (raft->role == RAFT_LEADER || message->from != raft->leader ||
		message->term != raft->term ||
		number - raft->read_first >= raft->read_next - raft->read_first || read->done)
		return RAFT_STALE;
	read->done = true;
	reads_answer(raft, read->cookie, message->reject ? RAFT_LOST : RAFT_OK, message->index);
	reads_expire(raft); // what is done makes room
	return RAFT_OK;
}
