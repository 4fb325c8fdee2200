// What a follower says of its log. Answers are gathered: one that says more stands for those
// before it. None says what is not durable, term included.
#include "control/cluster/raft/core.h"

void follower_matches(struct raft *raft, uint64_t index)
{
	if (index > raft->matched)
		raft->matched = index;
	if (!raft->reply_due || index > raft->reply_at)
		raft->reply_at = index;
	raft->reply_due = true;
}

bool follower_reply(struct raft *raft, struct raft_message *message)
{
	uint64_t index = raft->matched < raft->durable ? raft->matched : raft->durable;

	if (!raft->reply_due || raft->state_durable != raft->state)
		return false;
	if (index < raft->reply_at && index <= raft->replied)
		return false;
	outbox_head(raft, message, RAFT_MSG_APPEND_REPLY, raft->leader);
	message->session = raft->session;
	message->quarantined = raft->quarantined;
	message->index = index;
	raft->replied = index;
	raft->reply_due = index < raft->reply_at;
	return true;
}

void follower_reject(struct raft *raft, const struct raft_message *append)
{
	struct raft_message *reply = outbox_add(raft, RAFT_MSG_APPEND_REPLY, append->from, NULL, 0);
	uint64_t last = raft->log.last;

	if (!reply)
		return;
	reply->session = append->session;
	reply->reject = true;
	reply->quarantined = raft->quarantined;
	reply->index = append->index;
	reply->hint = raft_log_hint(&raft->log, append->index < last ? append->index : last,
		append->log_term, &reply->hint_term);
}
