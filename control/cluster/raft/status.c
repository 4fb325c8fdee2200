// What others may see of a node.
#include "control/cluster/raft/core.h"

bool raft_entry(const struct raft *raft, uint64_t index, struct raft_entry *entry)
{
	return raft_log_entry(&raft->log, index, entry);
}

const struct raft_conf *raft_conf(const struct raft *raft)
{
	return &raft->conf;
}

bool raft_conf_at(const struct raft *raft, uint64_t index, struct raft_conf *conf)
{
	if (index < raft->log.base_index || index > raft->log.last)
		return false;
	change_conf_at(raft, index, conf);
	return true;
}

static uint64_t lease(const struct raft *raft)
{
	return reads_lease(raft) ? reads_lease_ns(raft) : 0;
}

void raft_status(const struct raft *raft, struct raft_status *status)
{
	*status = (struct raft_status){
		.now = {raft->term, raft->leader, raft->commit, raft->applied,
			(uint32_t)raft->role},
		.first = raft_log_first(&raft->log),
		.last = raft->log.last,
		.durable = raft->durable,
		.snapshot_index = raft->snapshot.index,
		.lease_until_ns = lease(raft),
		.stalled_ns = write_age_ns(raft),
		.transfer = raft->transfer,
		.log_bytes = (uint32_t)raft_log_used(&raft->log),
		.quarantined = raft->quarantined,
		.failed = raft->failed,
		.elections = raft->elections,
		.heartbeats = raft->heartbeats,
		.messages_in = raft->messages_in,
		.messages_out = raft->messages_out,
		.entries_appended = raft->entries_appended,
		.proposals_refused = raft->proposals_refused,
		.stale_messages = raft->stale_messages,
	};
}

static void peer_self(const struct raft *raft, struct raft_peer *row)
{
	row->match = raft->durable;
	row->next = raft->log.last + 1;
	row->state = RAFT_REPLICATE;
	row->active = true;
}

bool raft_peer(const struct raft *raft, uint32_t member, struct raft_peer *row)
{
	const struct progress *progress;

	if (raft->role != RAFT_LEADER || member >= raft->conf.members)
		return false;
	progress = &raft->peer[member].progress;
	*row = (struct raft_peer){.id = raft->conf.member[member].id,
		.session = raft->conf.member[member].session,
		.match = progress->match,
		.next = progress->next,
		.offset = progress->offset,
		.total = progress->total,
		.state = progress->state,
		.inflight_messages = progress->messages,
		.inflight_bytes = progress->bytes,
		.active = progress->active,
		.quarantined = progress->quarantined};
	if (row->id == raft->config.id)
		peer_self(raft, row);
	return true;
}
