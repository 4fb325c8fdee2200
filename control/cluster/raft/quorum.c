// What a majority says.
#include "control/cluster/raft/quorum.h"

#include <stddef.h>

static uint32_t members_of(const struct raft_conf *conf, enum raft_member_role role)
{
	uint32_t members = 0;

	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].roles & role)
			members |= 1u << i;
	return members;
}

static uint32_t count(uint32_t members)
{
	uint32_t n = 0;

	for (; members; members &= members - 1)
		n++;
	return n;
}

static uint32_t majority(uint32_t voters)
{
	return count(voters) / 2 + 1;
}

// Sorted, largest first: who stands at the end of the majority has what all of it has.
static uint64_t reached(const struct raft_conf *conf, uint32_t voters, const uint64_t value[])
{
	uint64_t sorted[RAFT_MEMBERS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->members; i++) {
		uint32_t at = n;

		if (!(voters & 1u << i))
			continue;
		for (; at > 0 && sorted[at - 1] < value[i]; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = value[i];
		n++;
	}
	return n ? sorted[n / 2] : 0;
}

uint64_t quorum_value(const struct raft_conf *conf, const uint64_t value[RAFT_MEMBERS_MAX])
{
	uint32_t old = members_of(conf, RAFT_VOTER_OLD);
	uint64_t now = reached(conf, members_of(conf, RAFT_VOTER), value);
	uint64_t before = old ? reached(conf, old, value) : now;

	return before < now ? before : now;
}

static enum quorum_verdict decide(uint32_t voters, uint32_t yes, uint32_t no)
{
	if (count(voters & yes) >= majority(voters))
		return QUORUM_WON;
	return count(voters & ~no) >= majority(voters) ? QUORUM_PENDING : QUORUM_LOST;
}

enum quorum_verdict quorum_decide(const struct raft_conf *conf, uint32_t yes, uint32_t no)
{
	uint32_t old = members_of(conf, RAFT_VOTER_OLD);
	enum quorum_verdict now = decide(members_of(conf, RAFT_VOTER), yes, no);
	enum quorum_verdict before = old ? decide(old, yes, no) : now;

	if (now == QUORUM_LOST || before == QUORUM_LOST)
		return QUORUM_LOST;
	return now == QUORUM_WON && before == QUORUM_WON ? QUORUM_WON : QUORUM_PENDING;
}

bool quorum_has(const struct raft_conf *conf, uint32_t members)
{
	return quorum_decide(conf, members, 0) == QUORUM_WON;
}
