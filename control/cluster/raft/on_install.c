// A chunk of the leader's snapshot, for a log that has not what precedes. Chunks come in order; one
// at a time is with the caller. What was lost is asked for again by its offset.
#include "control/cluster/raft/core.h"

static void want(struct raft *raft, const struct raft_message *message, uint64_t offset)
{
	struct raft_message *reply =
		outbox_add(raft, RAFT_MSG_INSTALL_REPLY, message->from, NULL, 0);

	if (!reply)
		return;
	reply->session = message->session;
	reply->index = message->index;
	reply->offset = offset;
}

static bool is_valid(const struct raft *raft, const struct raft_message *message)
{
	return message->index > 0 && message->log_term > 0 && message->log_term <= message->term &&
	       message->conf && !conf_check(message->conf) &&
	       message->conf->index <= message->index && message->offset <= message->total &&
	       message->size <= message->total - message->offset &&
	       message->size <= raft->config.chunk_bytes &&
	       (message->size > 0 || message->offset == message->total);
}

// We have what it is made of.
static bool is_known(struct raft *raft, const struct raft_message *message)
{
	if (message->index <= raft->commit) {
		follower_matches(raft, raft->commit);
		return true;
	}
	if (!raft_log_matches(&raft->log, message->index, message->log_term))
		return false;
	follower_matches(raft, message->index);
	commit_to(raft, message->index);
	return true;
}

static bool is_same(const struct install *install, const struct raft_message *message)
{
	return install->leader == message->from && install->leader_term == message->term &&
	       install->index == message->index && install->term == message->log_term &&
	       install->total == message->total;
}

static void begin(struct install *install, const struct raft_message *message)
{
	install->leader = message->from;
	install->leader_term = message->term;
	install->index = message->index;
	install->term = message->log_term;
	install->total = message->total;
	install->offset = 0;
}

enum raft_result on_install(struct raft *raft, const struct raft_message *message)
{
	struct install *install = &raft->install;

	raft->session = message->session;
	if (!is_valid(raft, message))
		return RAFT_MALFORMED;
	if (raft->failed || install->chunk || install->ending)
		return RAFT_STALLED; // a heartbeat makes the leader send it again
	if (is_known(raft, message))
		return RAFT_OK;
	if (!is_same(install, message))
		begin(install, message);
	if (message->offset != install->offset) {
		want(raft, message, install->offset);
		return RAFT_OK;
	}
	if (message->size > 0)
		memcpy(install->bytes, message->data, message->size);
	install->size = message->size;
	install->conf = *message->conf;
	install->chunk = true;
	install->taken = false;
	install->ending = install->offset + install->size == install->total;
	return RAFT_OK;
}
