// Time passed: what is due by it alone.
#include "control/cluster/raft/core.h"

void raft_on_tick(struct raft *raft, uint64_t now_ns)
{
	core_at(raft, now_ns);
	if (raft->role == RAFT_LEADER) {
		leader_tick(raft);
	} else {
		reads_expire(raft);
		if (raft->now_ns >= raft->election_ns)
			election_timeout(raft);
	}
	core_settle(raft);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t raft_next_ns(const struct raft *raft)
{
	if (raft->role == RAFT_LEADER)
		return earlier(leader_next_ns(raft), write_stall_ns(raft));
	return earlier(raft->election_ns, reads_next_ns(raft));
}
