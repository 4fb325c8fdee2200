// The leader lives, and what we have of its log may be committed.
#include "control/cluster/raft/core.h"

// After rot the leader thinks that we have more than there is.
static void tell_of_rot(struct raft *raft, const struct raft_message *message)
{
	struct raft_message *reply;

	if (message->commit <= raft->matched)
		return;
	reply = outbox_add(raft, RAFT_MSG_APPEND_REPLY, message->from, NULL, 0);
	if (!reply)
		return;
	reply->session = message->session;
	reply->reject = reply->quarantined = true;
	reply->index = raft->log.last + 1;
	reply->hint = raft->log.last;
	reply->hint_term = raft_log_last_term(&raft->log);
}

enum raft_result on_heartbeat(struct raft *raft, const struct raft_message *message)
{
	// Not while a snapshot takes the place of the log: what is in it is not of this leader.
	uint64_t commit = raft->install.ending ? 0 : message->commit;
	struct raft_message *reply;

	raft->session = message->session;
	if (raft->quarantined)
		tell_of_rot(raft, message);
	// The leader names no more than we said was durable: it is in our log, unless by rot. What
	// is left after that may be what was cut off before.
	if (raft->quarantined && commit > raft->matched)
		commit = raft->matched;
	if (commit > raft->log.last)
		commit = raft->log.last;
	if (commit > raft->matched)
		raft->matched = commit;
	commit_to(raft, commit);
	if (message->context == 0)
		return RAFT_OK; // told, not asked
	reply = outbox_add(raft, RAFT_MSG_HEARTBEAT_REPLY, message->from, NULL, 0);
	if (reply) {
		reply->session = message->session;
		reply->context = message->context;
	}
	return RAFT_OK;
}
