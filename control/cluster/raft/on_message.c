// Every message passes here: is it one, of which term, and who takes it.
#include "control/cluster/raft/core.h"

enum message_sort { SORT_LEADER, SORT_ANSWER, SORT_FREE };

struct rule {
	enum message_sort sort;
	enum raft_message_type answer; // tells a leader of the past that it is one; 0: nothing
	enum raft_result (*take)(struct raft *raft, const struct raft_message *message);
};

// LEADER: of who leads that term. ANSWER: means nothing in another term than ours (R17). FREE: the
// file itself looks at the term.
static const struct rule rules[RAFT_MSG_COUNT] = {
	[RAFT_MSG_PRE_VOTE] = {SORT_FREE, 0, on_pre_vote},
	[RAFT_MSG_PRE_VOTE_REPLY] = {SORT_FREE, 0, on_pre_vote_reply},
	[RAFT_MSG_VOTE] = {SORT_FREE, 0, on_vote},
	[RAFT_MSG_VOTE_REPLY] = {SORT_ANSWER, 0, on_vote_reply},
	[RAFT_MSG_APPEND] = {SORT_LEADER, RAFT_MSG_APPEND_REPLY, on_append},
	[RAFT_MSG_APPEND_REPLY] = {SORT_ANSWER, 0, on_append_reply},
	[RAFT_MSG_HEARTBEAT] = {SORT_LEADER, RAFT_MSG_HEARTBEAT_REPLY, on_heartbeat},
	[RAFT_MSG_HEARTBEAT_REPLY] = {SORT_ANSWER, 0, on_heartbeat_reply},
	[RAFT_MSG_INSTALL] = {SORT_LEADER, RAFT_MSG_INSTALL_REPLY, on_install},
	[RAFT_MSG_INSTALL_REPLY] = {SORT_ANSWER, 0, on_install_reply},
	[RAFT_MSG_TIMEOUT_NOW] = {SORT_LEADER, 0, on_timeout_now},
	[RAFT_MSG_READ] = {SORT_FREE, 0, on_read},
	[RAFT_MSG_READ_REPLY] = {SORT_FREE, 0, on_read_reply},
	[RAFT_MSG_PROPOSE] = {SORT_FREE, 0, on_propose},
	[RAFT_MSG_PROPOSE_REPLY] = {SORT_FREE, 0, on_propose_reply},
};

// Who has an empty log refuses what it is asked in no term.
static bool has_term(const struct raft_message *message)
{
	return message->term > 0 || message->type == RAFT_MSG_READ_REPLY ||
	       message->type == RAFT_MSG_PROPOSE_REPLY;
}

static bool is_a_message(const struct raft *raft, const struct raft_message *message)
{
	return message->type > 0 && message->type < RAFT_MSG_COUNT &&
	       message->from != RAFT_NOBODY && message->from != raft->config.id &&
	       message->to == raft->config.id && has_term(message) && message->term < NEVER &&
	       message->entries <= RAFT_ENTRIES_MAX && (message->entries == 0 || message->entry) &&
	       message->index <= UINT64_MAX - RAFT_ENTRIES_MAX &&
	       (message->size == 0 || message->data);
}

static enum raft_result of_the_past(
	struct raft *raft, const struct raft_message *message, enum raft_message_type answer)
{
	struct raft_message *reply;

	if (answer == 0)
		return RAFT_STALE;
	reply = outbox_add(raft, answer, message->from, NULL, 0);
	if (reply) {
		reply->reject = true;
		reply->session = message->session;
	}
	return RAFT_STALE;
}

static enum raft_result from_leader(
	struct raft *raft, const struct raft_message *message, const struct rule *rule)
{
	if (message->term < raft->term)
		return of_the_past(raft, message, rule->answer);
	if (message->term == raft->term &&
		(raft->role == RAFT_LEADER ||
			(raft->leader != RAFT_NOBODY && raft->leader != message->from)))
		return RAFT_MALFORMED; // two leaders of one term
	if (message->term > raft->term || raft->role != RAFT_FOLLOWER ||
		raft->leader != message->from)
		election_follow(raft, message->term, message->from);
	raft->loyal_ns = raft->now_ns + ms(raft->config.election_ms);
	election_arm(raft);
	return rule->take(raft, message);
}

static enum raft_result pass(struct raft *raft, const struct raft_message *message)
{
	const struct rule *rule = &rules[message->type];

	if (rule->sort == SORT_LEADER)
		return from_leader(raft, message, rule);
	if (rule->sort == SORT_FREE)
		return rule->take(raft, message);
	if (message->term > raft->term) {
		election_follow(raft, message->term, RAFT_NOBODY);
		return RAFT_OK;
	}
	return message->term < raft->term ? RAFT_STALE : rule->take(raft, message);
}

enum raft_result raft_on_message(
	struct raft *raft, uint64_t now_ns, const struct raft_message *message)
{
	enum raft_result result;

	core_at(raft, now_ns);
	raft->messages_in++;
	if (!is_a_message(raft, message))
		return RAFT_MALFORMED;
	result = pass(raft, message);
	raft->stale_messages += result == RAFT_STALE;
	core_settle(raft);
	return result;
}
