// Requests of clients of this node, on their way through the replica.
#include <stdio.h>

#include "control/consensus/internal.h"

static const char *absent_why(const struct consensus *consensus)
{
	switch (consensus->state) {
	case CONSENSUS_OFF:
		return "this node takes no part in the consensus: its configuration has no section "
		       "consensus";
	case CONSENSUS_ASKS:
		return "this node is no member of a cluster's consensus yet: sluice raft bootstrap "
		       "begins a new cluster, and the leader of one adds this node when membership "
		       "knows it (sluice join)";
	case CONSENSUS_FAILED:
		return consensus->why;
	case CONSENSUS_MEMBER:
		break;
	}
	return "this node's part in the consensus has stopped";
}

// False: it was answered already.
static bool request_new(
	struct consensus *consensus, consensus_answer_fn on_answer, void *owner, uint64_t *cookie)
{
	const struct replica_answer none = {.outcome = REPLICA_REFUSED, .why = RAFT_NO_LEADER},
				    full = {.outcome = REPLICA_REFUSED, .why = RAFT_FULL};

	if (!consensus->replica) {
		on_answer(owner, &none, absent_why(consensus));
		return false;
	}
	for (uint32_t i = 0; i < REPLICA_REQUESTS_MAX; i++) {
		struct consensus_request *request = &consensus->request[i];

		if (request->used)
			continue;
		*request = (struct consensus_request){.generation = request->generation + 1,
			.on_answer = on_answer,
			.owner = owner,
			.used = true};
		*cookie = (uint64_t)request->generation << 32 | i;
		return true;
	}
	on_answer(owner, &full, raft_result_text(RAFT_FULL));
	return false;
}

static const char *answer_why(const struct replica_answer *answer, char *text, size_t size)
{
	if (answer->outcome == REPLICA_DONE)
		return NULL;
	if (answer->outcome == REPLICA_REFUSED)
		return raft_result_text(answer->why);
	snprintf(text, size, "nobody knows whether it was done, or will be: %s",
		raft_result_text(answer->why));
	return text;
}

void consensus_on_answer(void *owner, uint64_t cookie, const struct replica_answer *answer)
{
	struct consensus *consensus = owner;
	struct consensus_request *request = &consensus->request[cookie & 0xffffffff];
	consensus_answer_fn on_answer = request->on_answer;
	void *whose = request->owner;
	char text[CONSENSUS_WHY_SIZE];

	if (!request->used || request->generation != cookie >> 32)
		return; // nobody waits for it any more
	request->used = false;
	on_answer(whose, answer, answer_why(answer, text, sizeof(text)));
}

void consensus_write(struct consensus *consensus, const struct kv_request *request,
	consensus_answer_fn on_answer, void *owner)
{
	uint64_t cookie;

	if (!request_new(consensus, on_answer, owner, &cookie))
		return;
	replica_write(consensus->replica, loop_now_ns(consensus->loop), cookie, request);
	consensus_settle(consensus);
}

void consensus_read(struct consensus *consensus, const struct kv_request *request,
	consensus_answer_fn on_answer, void *owner)
{
	uint64_t cookie;

	if (!request_new(consensus, on_answer, owner, &cookie))
		return;
	replica_read(consensus->replica, loop_now_ns(consensus->loop), cookie, request);
	consensus_settle(consensus);
}

void consensus_change(struct consensus *consensus, const struct raft_change *change,
	consensus_answer_fn on_answer, void *owner)
{
	uint64_t cookie;

	if (!request_new(consensus, on_answer, owner, &cookie))
		return;
	replica_change(consensus->replica, loop_now_ns(consensus->loop), cookie, change, 1);
	consensus_settle(consensus);
}

void consensus_requests_end(struct consensus *consensus)
{
	const struct replica_answer unknown = {.outcome = REPLICA_UNKNOWN, .why = RAFT_LOST};

	for (uint32_t i = 0; i < REPLICA_REQUESTS_MAX; i++)
		if (consensus->request[i].used)
			consensus_on_answer(consensus,
				(uint64_t)consensus->request[i].generation << 32 | i, &unknown);
}

int consensus_transfer(struct consensus *consensus, const char *node, char *why, size_t why_size)
{
	const struct raft_member *member = consensus_member(consensus, node);
	enum raft_result result;

	if (!consensus->replica || !member) {
		snprintf(why, why_size, "%s",
			consensus->replica ? "no member of the consensus has that name"
					   : absent_why(consensus));
		return -1;
	}
	result = replica_transfer(consensus->replica, loop_now_ns(consensus->loop), member->id);
	consensus_settle(consensus);
	if (result == RAFT_OK)
		return 0;
	snprintf(why, why_size, "%s", raft_result_text(result));
	return -1;
}
