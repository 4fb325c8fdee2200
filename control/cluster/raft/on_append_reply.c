// A member says how far its log is durable, or that it does not follow ours.
#include "control/cluster/raft/core.h"

static void rejected(
	struct raft *raft, struct progress *progress, const struct raft_message *message)
{
	uint64_t hint = message->hint, term;

	// The only case where what was durable is no more: rot. What is left need not be ours: it
	// may be what was cut off before.
	if (message->quarantined && hint < progress->match) {
		progress_set_back(progress, 0);
		progress->next = hint + 1;
		return;
	}
	if (hint >= message->index && raft_log_matches(&raft->log, hint, message->hint_term)) {
		progress_refuse(progress, message->index); // it has what precedes, but no room
		return;
	}
	// Behind it nothing of ours can be the same as there: terms only grow.
	if (hint > raft->log.base_index && hint <= raft->log.last)
		hint = raft_log_hint(&raft->log, hint, message->hint_term, &term);
	progress_reject(progress, message->index, hint);
}

enum raft_result on_append_reply(struct raft *raft, const struct raft_message *message)
{
	struct peer *peer = leader_heard(raft, message);
	struct progress *progress;

	if (!peer)
		return RAFT_STALE;
	progress = &peer->progress;
	progress->quarantined = message->quarantined;
	if (message->reject)
		rejected(raft, progress, message);
	else if (message->index > raft->log.last)
		return RAFT_MALFORMED;
	else
		progress_accept(progress, message->index);
	return RAFT_OK;
}
