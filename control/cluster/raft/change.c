// Who is a member: a configuration holds from the moment it is in the log (R6), and the one before
// it again when it is cut off (R9). One change at a time, none before an entry of the leader's own
// term is committed (R2).
#include "control/cluster/raft/core.h"

// Looks through the log.
static void find(const struct raft *raft, uint64_t index, struct raft_conf *conf)
{
	uint64_t newest = raft_log_newest(&raft->log, RAFT_CONF, index);
	struct raft_entry entry;

	if (newest == 0) {
		*conf = raft->base;
		return;
	}
	if (!raft_log_entry(&raft->log, newest, &entry) || !conf_read(conf, entry.data, entry.size))
		assert(!"every configuration was read before it came into the log");
}

void change_conf_at(const struct raft *raft, uint64_t index, struct raft_conf *conf)
{
	if (raft->conf.index <= index)
		*conf = raft->conf;
	else
		find(raft, index, conf);
}

void change_refresh(struct raft *raft)
{
	find(raft, raft->log.last, &raft->conf);
}

// The next one, of raft->scratch.
static void append(struct raft *raft)
{
	uint8_t bytes[RAFT_CONF_MAX];

	raft->conf = raft->scratch;
	leader_append(raft, RAFT_CONF, bytes, conf_write(&raft->conf, bytes));
	leader_adopt(raft);
}

static bool is_settled(const struct raft *raft)
{
	return raft->commit >= raft->term_start && raft->conf.index <= raft->commit &&
	       !conf_is_joint(&raft->conf);
}

enum raft_result change_propose(
	struct raft *raft, const struct raft_change *changes, uint32_t count, uint64_t *index)
{
	enum raft_result result;

	if (raft->transfer != RAFT_NOBODY)
		return RAFT_TRANSFERRING;
	if (raft->failed || write_is_stalled(raft))
		return RAFT_STALLED;
	if (!is_settled(raft))
		return RAFT_CHANGING;
	if (!raft_log_has_room(&raft->log, RAFT_CONF_MAX))
		return RAFT_FULL;
	*index = raft->log.last + 1;
	result = conf_change(&raft->scratch, &raft->conf, *index, changes, count);
	if (result == RAFT_OK)
		append(raft);
	return result;
}

// A learner that shall be a voter, is there, and lacks little: it would not hold up commits (R15).
static const struct raft_member *ready(const struct raft *raft)
{
	for (uint32_t i = 0; i < raft->conf.members; i++) {
		const struct progress *progress = &raft->peer[i].progress;

		if (raft->conf.member[i].roles & RAFT_PROMOTE && progress->active &&
			!progress->quarantined &&
			progress->match + raft->config.promote_lag >= raft->log.last)
			return &raft->conf.member[i];
	}
	return NULL;
}

static void promote(struct raft *raft)
{
	const struct raft_member *member = ready(raft);
	struct raft_change change = {.kind = RAFT_MAKE_VOTER};

	if (!member)
		return;
	change.id = member->id;
	if (conf_change(&raft->scratch, &raft->conf, raft->log.last + 1, &change, 1) == RAFT_OK)
		append(raft);
}

void change_follow_up(struct raft *raft)
{
	if (raft->commit < raft->term_start || raft->conf.index > raft->commit)
		return;
	if (!conf_is_joint(&raft->conf) && !conf_is_voter(&raft->conf, raft->config.id)) {
		leader_hand_over(raft); // removed, and that is committed
		return;
	}
	if (!raft_log_has_room(&raft->log, RAFT_CONF_MAX))
		return;
	if (conf_is_joint(&raft->conf)) {
		conf_leave(&raft->scratch, &raft->conf, raft->log.last + 1);
		append(raft);
	} else if (raft->transfer == RAFT_NOBODY) {
		promote(raft);
	}
}

void raft_change(struct raft *raft, uint64_t now_ns, uint64_t cookie,
	const struct raft_change *changes, uint32_t count)
{
	uint8_t bytes[CONF_CHANGES_MAX];
	enum raft_result result = RAFT_OK;
	uint64_t index = 0;

	core_at(raft, now_ns);
	if (count == 0 || count > RAFT_CHANGES_MAX)
		result = RAFT_TOO_MANY;
	else if (raft->role == RAFT_LEADER)
		result = change_propose(raft, changes, count, &index);
	else
		result = propose_forward(
			raft, RAFT_CONF, cookie, bytes, changes_write(changes, count, bytes));
	if (result != RAFT_OK || index != 0)
		propose_outcome(raft, cookie, result, index);
	core_settle(raft);
}
