// Proposals: taken by the leader while there is room, sent to it by others. What became of them
// waits in a queue.
#include "control/cluster/raft/core.h"

void propose_outcome(struct raft *raft, uint64_t cookie, enum raft_result result, uint64_t index)
{
	assert(raft->outcomes < RAFT_OUTCOMES_MAX);
	raft->outcome[(raft->outcome_oldest + raft->outcomes++) % RAFT_OUTCOMES_MAX] =
		(struct raft_outcome){cookie, result == RAFT_OK ? index : 0,
			result == RAFT_OK ? raft->term : 0, (uint8_t)result};
	raft->proposals_refused += result != RAFT_OK;
}

bool raft_take_outcome(struct raft *raft, struct raft_outcome *outcome)
{
	if (raft->outcomes == 0)
		return false;
	*outcome = raft->outcome[raft->outcome_oldest];
	raft->outcome_oldest = (raft->outcome_oldest + 1) % RAFT_OUTCOMES_MAX;
	raft->outcomes--;
	return true;
}

static bool is_too_large(const struct raft *raft, uint32_t size)
{
	return size > RAFT_ENTRY_MAX || size > raft->config.uncommitted_bytes / 2;
}

// The rest of the log is for what the leader itself has to append.
static bool has_room(const struct raft *raft, uint32_t size)
{
	const struct raft_log *log = &raft->log;

	return raft_log_bytes(log, raft->commit + 1, log->last) + size <=
		       raft->config.uncommitted_bytes &&
	       log->last - log->base_index + RESERVE < raft->config.log_entries &&
	       raft_log_has_room(log, size + 2 * RAFT_CONF_MAX);
}

enum raft_result propose_append(
	struct raft *raft, const uint8_t *data, uint32_t size, uint64_t *index)
{
	if (raft->transfer != RAFT_NOBODY)
		return RAFT_TRANSFERRING;
	if (raft->failed || write_is_stalled(raft))
		return RAFT_STALLED;
	if (is_too_large(raft, size))
		return RAFT_TOO_LARGE;
	if (!has_room(raft, size))
		return RAFT_FULL;
	leader_append(raft, RAFT_DATA, data, size);
	*index = raft->log.last;
	return RAFT_OK;
}

enum raft_result propose_forward(struct raft *raft, enum raft_entry_kind kind, uint64_t cookie,
	const uint8_t *data, uint32_t size)
{
	struct raft_message *message;

	if (is_too_large(raft, size))
		return RAFT_TOO_LARGE;
	if (raft->leader == RAFT_NOBODY)
		return RAFT_NO_LEADER;
	message = outbox_add(raft, RAFT_MSG_PROPOSE, raft->leader, data, size);
	if (!message)
		return RAFT_FULL;
	message->kind = (uint8_t)kind;
	message->context = cookie + raft->nonce;
	return RAFT_OK;
}

void raft_propose(
	struct raft *raft, uint64_t now_ns, uint64_t cookie, const uint8_t *data, uint32_t size)
{
	enum raft_result result;
	uint64_t index = 0;

	core_at(raft, now_ns);
	if (raft->role == RAFT_LEADER)
		result = propose_append(raft, data, size, &index);
	else
		result = propose_forward(raft, RAFT_DATA, cookie, data, size);
	if (result != RAFT_OK || index != 0)
		propose_outcome(raft, cookie, result, index);
}
