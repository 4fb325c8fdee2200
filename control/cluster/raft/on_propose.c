// A member that does not lead passes a proposal on.
#include "control/cluster/raft/core.h"

static enum raft_result take(struct raft *raft, const struct raft_message *message, uint64_t *index)
{
	struct raft_change changes[RAFT_CHANGES_MAX];
	uint32_t count;

	if (raft->role != RAFT_LEADER)
		return RAFT_NO_LEADER;
	if (message->kind == RAFT_DATA)
		return propose_append(raft, message->data, message->size, index);
	count = changes_read(changes, message->data, message->size);
	return count == 0 ? RAFT_MALFORMED : change_propose(raft, changes, count, index);
}

enum raft_result on_propose(struct raft *raft, const struct raft_message *message)
{
	struct raft_message *reply;
	enum raft_result result;
	uint64_t index = 0;

	if (message->kind != RAFT_DATA && message->kind != RAFT_CONF)
		return RAFT_MALFORMED;
	result = take(raft, message, &index);
	raft->proposals_refused += result != RAFT_OK;
	reply = outbox_add(raft, RAFT_MSG_PROPOSE_REPLY, message->from, NULL, 0);
	if (!reply)
		return RAFT_OK;
	reply->context = message->context;
	reply->reject = result != RAFT_OK;
	reply->result = (uint8_t)result;
	if (result == RAFT_OK) {
		reply->index = index;
		reply->log_term = raft->term;
	}
	return RAFT_OK;
}
