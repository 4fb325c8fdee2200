// Roles, results and messages in words.
#include "control/cluster/raft/codec.h"

static const char *const ROLES[RAFT_ROLE_COUNT] = {
	[RAFT_FOLLOWER] = "follower",
	[RAFT_PRE_CANDIDATE] = "pre-candidate",
	[RAFT_CANDIDATE] = "candidate",
	[RAFT_LEADER] = "leader",
};

static const char *const RESULTS[RAFT_RESULT_COUNT] = {
	[RAFT_OK] = "done",
	[RAFT_NO_LEADER] = "no leader is known: a majority of the voters must be up and connected",
	[RAFT_FULL] = "too much is under way: try again later",
	[RAFT_TOO_LARGE] = "it is larger than an entry of the log may be",
	[RAFT_TRANSFERRING] = "leadership is being handed over: try again soon",
	[RAFT_STALLED] = "the leader's disk does not answer or failed: see its log and its disk",
	[RAFT_CHANGING] = "another change of members is under way, or the leader is too new: try "
			  "again soon",
	[RAFT_NO_MEMBER] = "there is no such member, or not with the role that this needs: see "
			   "the list of members",
	[RAFT_LAST_VOTER] = "no voter would be left: add another one first",
	[RAFT_TOO_MANY] = "too many members, voters, or changes in one step",
	[RAFT_LOST] = "leadership was lost before the answer: it may have been done or not",
	[RAFT_STALE] = "it belongs to what is over",
	[RAFT_MALFORMED] = "it is malformed",
	[RAFT_VERSION] = "it is of a newer version: upgrade this node",
};

static const char *const MESSAGES[RAFT_MSG_COUNT] = {
	[RAFT_MSG_PRE_VOTE] = "pre-vote",
	[RAFT_MSG_PRE_VOTE_REPLY] = "pre-vote-reply",
	[RAFT_MSG_VOTE] = "vote",
	[RAFT_MSG_VOTE_REPLY] = "vote-reply",
	[RAFT_MSG_APPEND] = "append",
	[RAFT_MSG_APPEND_REPLY] = "append-reply",
	[RAFT_MSG_HEARTBEAT] = "heartbeat",
	[RAFT_MSG_HEARTBEAT_REPLY] = "heartbeat-reply",
	[RAFT_MSG_INSTALL] = "install",
	[RAFT_MSG_INSTALL_REPLY] = "install-reply",
	[RAFT_MSG_TIMEOUT_NOW] = "timeout-now",
	[RAFT_MSG_READ] = "read",
	[RAFT_MSG_READ_REPLY] = "read-reply",
	[RAFT_MSG_PROPOSE] = "propose",
	[RAFT_MSG_PROPOSE_REPLY] = "propose-reply",
};

const char *raft_role_name(enum raft_role role)
{
	return (uint32_t)role < RAFT_ROLE_COUNT ? ROLES[role] : "?";
}

const char *raft_result_text(enum raft_result result)
{
	return (uint32_t)result < RAFT_RESULT_COUNT ? RESULTS[result] : "?";
}

const char *raft_message_name(enum raft_message_type type)
{
	return (uint32_t)type < RAFT_MSG_COUNT && MESSAGES[type] ? MESSAGES[type] : "?";
}
