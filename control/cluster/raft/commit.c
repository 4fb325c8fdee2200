// What is committed, and what of it may be applied here.
#include "control/cluster/raft/core.h"

void commit_to(struct raft *raft, uint64_t commit)
{
	if (commit > raft->commit)
		raft->commit = commit;
	assert(raft->commit <= raft->log.last);
}

void commit_advance(struct raft *raft)
{
	uint64_t match[RAFT_MEMBERS_MAX];
	uint64_t commit, term;

	for (uint32_t i = 0; i < raft->conf.members; i++)
		match[i] = raft->conf.member[i].id == raft->config.id
				   ? raft->durable
				   : raft->peer[i].progress.match;
	commit = quorum_value(&raft->conf, match);
	// Entries of earlier terms are never committed by counting (5.4.2, R1).
	if (commit <= raft->commit || !raft_log_term(&raft->log, commit, &term) ||
		term != raft->term)
		return;
	commit_to(raft, commit);
}

bool raft_take_apply(struct raft *raft, struct raft_entry *entry)
{
	uint64_t index = raft->delivered + 1;

	if (index > raft->commit || index > raft->durable ||
		!raft_log_entry(&raft->log, index, entry))
		return false;
	raft->delivered = index;
	return true;
}

void raft_applied(struct raft *raft, uint64_t index)
{
	assert(index <= raft->delivered);
	if (index > raft->applied)
		raft->applied = index;
}
