// A member that does not lead asks up to where it must have applied for a read.
#include "control/cluster/raft/core.h"

enum raft_result on_read(struct raft *raft, const struct raft_message *message)
{
	enum raft_result result = RAFT_NO_LEADER;
	struct raft_message *reply;

	if (raft->role == RAFT_LEADER)
		result = reads_add(raft, message->from, message->context);
	if (result == RAFT_OK)
		return RAFT_OK;
	reply = outbox_add(raft, RAFT_MSG_READ_REPLY, message->from, NULL, 0);
	if (reply) {
		reply->context = message->context;
		reply->reject = true;
	}
	return RAFT_OK;
}
