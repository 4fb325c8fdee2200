// Snapshots that are there to be sent, and the log before them that goes.
#include "control/cluster/raft/core.h"

// Of a member that is being sent one, what follows it must stay, or it would need the next one when
// it has this one (R10). Only while there is room: memory is bounded.
static uint64_t held(const struct raft *raft, uint64_t index)
{
	const struct raft_log *log = &raft->log;

	if (raft->role != RAFT_LEADER ||
		log->last - log->base_index > raft->config.log_entries / 4 * 3 ||
		raft_log_used(log) > raft->config.log_bytes / 4 * 3)
		return index;
	for (uint32_t i = 0; i < raft->conf.members; i++) {
		const struct progress *progress = &raft->peer[i].progress;

		if (progress->state == RAFT_SNAPSHOT && progress->active &&
			progress->snapshot > 0 && progress->snapshot < index)
			index = progress->snapshot;
	}
	return index;
}

static void compact(struct raft *raft, uint64_t index)
{
	uint64_t keep = raft->config.keep_entries;
	uint64_t base = index > keep ? index - keep : 0;

	if (base <= raft->log.base_index)
		return;
	change_conf_at(raft, base, &raft->base);
	raft_log_compact(&raft->log, base, 0);
}

void raft_compacted(struct raft *raft, uint64_t index, uint64_t size)
{
	uint64_t term;

	assert(index <= raft->applied);
	if (index <= raft->snapshot.index || !raft_log_term(&raft->log, index, &term))
		return;
	raft->before = raft->snapshot;
	raft->snapshot.index = index;
	raft->snapshot.term = term;
	raft->snapshot.size = size;
	change_conf_at(raft, index, &raft->snapshot.conf);
	compact(raft, held(raft, index));
}
