// Who leads: when we try, what a candidate counts, and to whom a follower is loyal. Always a
// pre-vote first (9.6), unless a leader asked us to stand.
#include "control/cluster/raft/core.h"

void election_arm(struct raft *raft)
{
	uint64_t base = ms(raft->config.election_ms);

	raft->election_ns = raft->now_ns + base + core_random(raft) % base;
}

// Who is removed by an entry that is not known to be committed may still be needed to commit it
// (4.2.2): the others may lack it.
static bool is_voter(const struct raft *raft)
{
	struct raft_conf before;

	if (conf_is_voter(&raft->conf, raft->config.id))
		return true;
	if (raft->conf.index <= raft->commit || raft->conf.index <= raft->log.base_index)
		return false;
	change_conf_at(raft, raft->conf.index - 1, &before);
	return conf_is_voter(&before, raft->config.id);
}

static bool is_alone(const struct raft_conf *conf, uint64_t id)
{
	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].id != id &&
			conf->member[i].roles & (RAFT_VOTER | RAFT_VOTER_OLD))
			return false;
	return true;
}

// Nor was there another one before the last change: it could lead with a lease, not knowing yet
// that it is removed.
static bool was_alone(const struct raft *raft)
{
	struct raft_conf before;

	if (raft->conf.index <= raft->log.base_index)
		return true; // committed, and whoever led has heard of it first
	change_conf_at(raft, raft->conf.index - 1, &before);
	return is_alone(&before, raft->config.id);
}

// Not with a disk that may be unable to keep what we would be elected for (R7, R8), nor without
// room for the entry that a term begins with.
bool election_may(const struct raft *raft)
{
	return is_voter(raft) && !raft->failed && !raft->quarantined && !raft->install.ending &&
	       !write_is_stalled(raft) && raft_log_has_room(&raft->log, 0);
}

void election_begin(struct raft *raft)
{
	election_arm(raft);
	if (election_may(raft) && is_alone(&raft->conf, raft->config.id) && was_alone(raft))
		raft->election_ns = raft->now_ns;
}

bool election_is_loyal(const struct raft *raft)
{
	return raft->role == RAFT_LEADER || raft->now_ns < raft->loyal_ns;
}

void election_follow(struct raft *raft, uint64_t term, uint64_t leader)
{
	assert(term >= raft->term);
	if (raft->role == RAFT_LEADER)
		leader_stop(raft);
	else if (raft->leader != leader || term > raft->term)
		reads_fail(raft, RAFT_LOST);
	if (term > raft->term) {
		raft->term = term;
		raft->vote = RAFT_NOBODY;
		raft->vote_due = false;
		raft->state++;
	}
	raft->role = RAFT_FOLLOWER;
	raft->leader = leader;
	raft->yes = raft->no = raft->ask = 0;
	raft->matched = raft->commit;
	raft->reply_due = false;
	raft->reply_at = raft->replied = 0;
	election_arm(raft);
}

// All other voters are asked.
static uint32_t everybody(const struct raft *raft)
{
	uint32_t ask = 0;

	for (uint32_t i = 0; i < raft->conf.members; i++)
		if (raft->conf.member[i].id != raft->config.id &&
			raft->conf.member[i].roles & (RAFT_VOTER | RAFT_VOTER_OLD))
			ask |= 1u << i;
	return ask;
}

void election_timeout(struct raft *raft)
{
	if (!election_may(raft)) {
		// Whoever leads has not been heard of all the same.
		if (raft->leader != RAFT_NOBODY || raft->role != RAFT_FOLLOWER)
			election_follow(raft, raft->term, RAFT_NOBODY);
		election_arm(raft);
		return;
	}
	election_follow(raft, raft->term, RAFT_NOBODY);
	raft->role = RAFT_PRE_CANDIDATE;
	raft->yes = core_self(raft);
	raft->ask = everybody(raft);
	election_count(raft);
}

void election_stand(struct raft *raft, bool forced)
{
	election_follow(raft, raft->term + 1, RAFT_NOBODY);
	raft->role = RAFT_CANDIDATE;
	raft->vote = raft->config.id;
	raft->asked = false;
	raft->forced = forced;
	raft->elections++;
}

// Requests go out with our own vote and log durable: a candidate that forgot them in a crash could
// be elected twice in one term, with another log (R8, R14).
static void ask_when_durable(struct raft *raft)
{
	if (raft->asked || !write_is_durable(raft))
		return;
	raft->asked = true;
	raft->yes = core_self(raft);
	raft->ask = everybody(raft);
}

void election_count(struct raft *raft)
{
	enum quorum_verdict verdict;

	if (raft->role == RAFT_CANDIDATE)
		ask_when_durable(raft);
	else if (raft->role != RAFT_PRE_CANDIDATE)
		return;
	verdict = quorum_decide(&raft->conf, raft->yes, raft->no);
	if (verdict == QUORUM_LOST) {
		election_follow(raft, raft->term, RAFT_NOBODY);
	} else if (verdict == QUORUM_WON && raft->role == RAFT_CANDIDATE) {
		leader_start(raft);
	} else if (verdict == QUORUM_WON) {
		election_stand(raft, false);
		election_count(raft);
	}
}

void election_vote(struct raft *raft, uint64_t candidate)
{
	if (raft->vote != candidate) {
		raft->vote = candidate;
		raft->state++;
	}
	raft->vote_due = true;
	election_arm(raft);
}

bool election_is_behind(const struct raft *raft, uint64_t index, uint64_t term)
{
	if (raft->quarantined &&
		(term < raft->quarantine_term ||
			(term == raft->quarantine_term && index < raft->quarantine_index)))
		return false;
	return raft_log_is_behind(&raft->log, index, term);
}

// What was lost by rot is here again, or the log of a later leader, which has all of it that was
// committed.
void quarantine_leave(struct raft *raft)
{
	uint64_t term;

	if (!raft->quarantined || !raft_log_term(&raft->log, raft->durable, &term))
		return;
	if (term > raft->quarantine_term ||
		(term == raft->quarantine_term && raft->durable >= raft->quarantine_index))
		raft->quarantined = false;
}
