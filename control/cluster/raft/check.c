// What must hold always, whatever came from outside. Each is a sentence of the dissertation or of
// raft.h.
#include "control/cluster/raft/core.h"

static void check_log(const struct raft *raft)
{
	assert(raft->log.base_index <= raft->applied);
	assert(raft->applied <= raft->delivered);
	assert(raft->delivered <= raft->commit && raft->delivered <= raft->durable);
	assert(raft->commit <= raft->log.last);
	assert(raft->durable <= raft->handed && raft->handed <= raft->log.last);
	assert(raft_log_last_term(&raft->log) <= raft->term);
	assert(raft->truncate == 0 || raft->truncate == raft->handed + 1);
}

static void check_writes(const struct raft *raft)
{
	uint64_t last = 0, id = 0;

	assert(raft->writes <= RAFT_WRITES_MAX);
	for (uint32_t i = 0; i < raft->writes; i++) {
		const struct write *write =
			&raft->write[(raft->write_oldest + i) % RAFT_WRITES_MAX];

		assert(write->id > id && write->last >= last && write->last <= raft->handed);
		assert(write->state <= raft->state_handed);
		id = write->id;
		last = write->last;
	}
	assert(raft->state_durable <= raft->state_handed && raft->state_handed <= raft->state);
}

static void check_conf(const struct raft *raft)
{
	assert(raft->conf.index <= raft->log.last);
	assert(raft->conf.index == 0 || !conf_check(&raft->conf));
	assert(raft->base.index <= raft->log.base_index);
}

static void check_leader(const struct raft *raft)
{
	assert(raft->leader == raft->config.id);
	assert(raft->vote == raft->config.id);
	assert(raft->state_durable == raft->state);
	assert(!raft->quarantined && !raft->install.ending);
	assert(raft->term_start <= raft->log.last && raft->confirmed <= raft->round);
	for (uint32_t i = 0; i < raft->conf.members; i++) {
		const struct progress *progress = &raft->peer[i].progress;

		assert(progress->id == raft->conf.member[i].id);
		assert(progress->session == raft->conf.member[i].session);
		assert(progress->match < progress->next || progress->state == RAFT_SNAPSHOT);
		assert(progress->next <= raft->log.last + 1);
		assert(raft->peer[i].round <= raft->round);
	}
}

void raft_check(const struct raft *raft)
{
	check_log(raft);
	check_writes(raft);
	check_conf(raft);
	assert(raft->matched <= raft->log.last);
	assert(raft->read_next - raft->read_first <= RAFT_READS_MAX);
	if (raft->role == RAFT_LEADER)
		check_leader(raft);
	else
		assert(raft->transfer == RAFT_NOBODY && raft->leader != raft->config.id);
	if (raft->role == RAFT_CANDIDATE)
		assert(raft->vote == raft->config.id && raft->leader == RAFT_NOBODY);
}
