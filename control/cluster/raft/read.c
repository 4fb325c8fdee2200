// Reads without an entry in the log (6.4): a read waits until a majority confirms, with a round of
// heartbeats that began after it, that we still lead; while a lease holds it is answered at once.
// A follower asks the leader.
#include "control/cluster/raft/core.h"

static struct waiting *waiting_at(struct raft *raft, uint64_t number)
{
	return &raft->waiting[number % RAFT_READS_MAX];
}

void reads_answer(struct raft *raft, uint64_t cookie, enum raft_result result, uint64_t index)
{
	assert(raft->answers < ANSWERS);
	raft->answer[(raft->answer_oldest + raft->answers++) % ANSWERS] =
		(struct raft_read){cookie, result == RAFT_OK ? index : 0, (uint8_t)result};
}

bool raft_take_read(struct raft *raft, struct raft_read *read)
{
	if (raft->answers == 0)
		return false;
	*read = raft->answer[raft->answer_oldest];
	raft->answer_oldest = (raft->answer_oldest + 1) % ANSWERS;
	raft->answers--;
	return true;
}

// To whoever asked. Without room for a message it is lost, and the asker gives up in time.
static void answer(struct raft *raft, const struct waiting *read, enum raft_result result)
{
	struct raft_message *reply;

	if (read->from == RAFT_NOBODY) {
		reads_answer(raft, read->cookie, result, read->index);
		return;
	}
	reply = outbox_add(raft, RAFT_MSG_READ_REPLY, read->from, NULL, 0);
	if (!reply)
		return;
	reply->context = read->cookie;
	reply->reject = result != RAFT_OK;
	reply->index = result == RAFT_OK ? read->index : 0;
}

void reads_fail(struct raft *raft, enum raft_result result)
{
	for (; raft->read_first != raft->read_next; raft->read_first++)
		if (!waiting_at(raft, raft->read_first)->done)
			answer(raft, waiting_at(raft, raft->read_first), result);
}

void reads_round(struct raft *raft)
{
	raft->round++;
	raft->round_ns[raft->round % ROUNDS] = raft->now_ns;
	raft->round_open = true;
	for (uint32_t i = 0; i < raft->conf.members; i++)
		raft->peer[i].heartbeat = true;
}

static void confirm(struct raft *raft)
{
	uint64_t round[RAFT_MEMBERS_MAX], confirmed;

	for (uint32_t i = 0; i < raft->conf.members; i++)
		round[i] = raft->conf.member[i].id == raft->config.id ? raft->round
								      : raft->peer[i].round;
	confirmed = quorum_value(&raft->conf, round);
	if (confirmed <= raft->confirmed)
		return;
	raft->confirmed = confirmed;
	if (raft->round - confirmed < ROUNDS)
		raft->confirmed_ns = raft->round_ns[confirmed % ROUNDS];
}

void reads_confirm(struct raft *raft)
{
	confirm(raft);
	// What is committed is not known before an entry of our own term is (R3).
	if (raft->commit < raft->term_start)
		return;
	for (; raft->read_first != raft->read_next; raft->read_first++) {
		struct waiting *read = waiting_at(raft, raft->read_first);

		if (read->round > raft->confirmed)
			break;
		answer(raft, read, RAFT_OK);
	}
	if (raft->read_first != raft->read_next && raft->confirmed == raft->round) {
		reads_round(raft); // for those that came during the last one
		confirm(raft);
	}
}

uint64_t reads_lease_ns(const struct raft *raft)
{
	uint64_t span = ms(raft->config.election_ms) / 1000 * (1000 - raft->config.drift_permille);

	if (raft->role != RAFT_LEADER || !raft->config.lease || raft->confirmed == 0 ||
		raft->lease_lost || raft->transfer != RAFT_NOBODY)
		return 0;
	return raft->confirmed_ns + span;
}

bool reads_lease(const struct raft *raft)
{
	return raft->commit >= raft->term_start && raft->now_ns < reads_lease_ns(raft);
}

enum raft_result reads_add(struct raft *raft, uint64_t from, uint64_t cookie)
{
	struct waiting read = {.cookie = cookie, .from = from, .end_ns = NEVER};

	if (raft->read_next - raft->read_first == RAFT_READS_MAX)
		return RAFT_FULL;
	read.index = raft->commit > raft->term_start ? raft->commit : raft->term_start;
	if (reads_lease(raft)) {
		answer(raft, &read, RAFT_OK);
		return RAFT_OK;
	}
	if (raft->confirmed == raft->round)
		reads_round(raft);
	// One whose heartbeats are out may have been confirmed before this read.
	read.round = raft->round + !raft->round_open;
	*waiting_at(raft, raft->read_next++) = read;
	return RAFT_OK;
}

// The context of a question is the number of what waits, so that an answer of before finds nobody.
static enum raft_result ask(struct raft *raft, uint64_t cookie)
{
	struct raft_message *message;

	if (raft->leader == RAFT_NOBODY)
		return RAFT_NO_LEADER;
	if (raft->read_next - raft->read_first == RAFT_READS_MAX)
		return RAFT_FULL;
	message = outbox_add(raft, RAFT_MSG_READ, raft->leader, NULL, 0);
	if (!message)
		return RAFT_FULL;
	message->context = raft->read_next + raft->nonce;
	*waiting_at(raft, raft->read_next++) = (struct waiting){.cookie = cookie,
		.from = RAFT_NOBODY,
		.end_ns = raft->now_ns + ms(raft->config.election_ms)};
	return RAFT_OK;
}

void raft_read(struct raft *raft, uint64_t now_ns, uint64_t cookie)
{
	enum raft_result result;

	core_at(raft, now_ns);
	if (raft->role == RAFT_LEADER)
		result = reads_add(raft, RAFT_NOBODY, cookie);
	else
		result = ask(raft, cookie);
	if (result != RAFT_OK)
		reads_answer(raft, cookie, result, 0);
	core_settle(raft);
}

void reads_expire(struct raft *raft)
{
	for (; raft->read_first != raft->read_next; raft->read_first++) {
		const struct waiting *read = waiting_at(raft, raft->read_first);

		if (!read->done && read->end_ns > raft->now_ns)
			return;
		if (!read->done)
			answer(raft, read, RAFT_LOST);
	}
}

uint64_t reads_next_ns(const struct raft *raft)
{
	if (raft->role == RAFT_LEADER || raft->read_first == raft->read_next)
		return NEVER;
	return raft->waiting[raft->read_first % RAFT_READS_MAX].end_ns;
}
