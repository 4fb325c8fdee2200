// What a leader and a candidate say to the others: made when it is taken, so that it is never old
// and takes no memory.
#include "control/cluster/raft/core.h"

bool send_candidate(struct raft *raft, struct raft_message *message)
{
	uint32_t position;

	if (raft->ask == 0)
		return false;
	position = (uint32_t)__builtin_ctz(raft->ask);
	raft->ask &= raft->ask - 1;
	outbox_head(raft, message, raft->role == RAFT_CANDIDATE ? RAFT_MSG_VOTE : RAFT_MSG_PRE_VOTE,
		raft->conf.member[position].id);
	message->term += raft->role == RAFT_PRE_CANDIDATE;
	message->force = raft->role == RAFT_CANDIDATE && raft->forced;
	message->index = raft->log.last;
	message->log_term = raft_log_last_term(&raft->log);
	return true;
}

static void head(const struct raft *raft, struct raft_message *message, struct peer *peer,
	enum raft_message_type type)
{
	outbox_head(raft, message, type, peer->progress.id);
	message->session = peer->progress.session;
}

static uint64_t commit_of(const struct raft *raft, const struct peer *peer)
{
	return peer->progress.match < raft->commit ? peer->progress.match : raft->commit;
}

// context 0: only tells what is committed.
static bool heartbeat(
	struct raft *raft, struct peer *peer, uint64_t context, struct raft_message *message)
{
	head(raft, message, peer, RAFT_MSG_HEARTBEAT);
	message->commit = peer->told = commit_of(raft, peer);
	message->context = context;
	if (context != 0) {
		raft->round_open = false;
		raft->heartbeats++;
	}
	return true;
}

// Entries from next on; without any it is a question.
static bool append(struct raft *raft, struct peer *peer, bool entries, struct raft_message *message)
{
	struct progress *progress = &peer->progress;
	uint64_t last = progress->next - 1;

	head(raft, message, peer, RAFT_MSG_APPEND);
	message->index = last;
	if (!raft_log_term(&raft->log, last, &message->log_term))
		return false;
	message->commit = raft->commit;
	if (entries && last < raft->log.last) {
		message->entry = raft->entry;
		message->entries = raft_log_batch(&raft->log, progress->next,
			raft->config.batch_bytes, RAFT_ENTRIES_MAX, raft->entry);
	}
	last += message->entries;
	if (entries || progress->state == RAFT_PROBE)
		progress_sent(
			progress, last, (uint32_t)raft_log_bytes(&raft->log, progress->next, last));
	peer->told = raft->commit < last ? raft->commit : last;
	return true;
}

static const struct snapshot *snapshot_of(const struct raft *raft, uint64_t index)
{
	if (index == 0)
		return NULL;
	if (raft->snapshot.index == index)
		return &raft->snapshot;
	return raft->before.index == index ? &raft->before : NULL;
}

// A chunk, of the snapshot that is under way or a new one.
static bool install(struct raft *raft, struct peer *peer, struct raft_message *message)
{
	struct progress *progress = &peer->progress;
	const struct snapshot *snapshot = snapshot_of(raft, progress->snapshot);
	uint64_t rest;

	if (progress->state != RAFT_SNAPSHOT || !snapshot) {
		snapshot = &raft->snapshot;
		if (snapshot->index == 0 || !progress->active)
			return false;
		progress_start_snapshot(progress, snapshot->index, snapshot->size);
	}
	head(raft, message, peer, RAFT_MSG_INSTALL);
	message->index = snapshot->index;
	message->log_term = snapshot->term;
	message->conf = &snapshot->conf;
	message->offset = progress->offset;
	message->total = progress->total;
	rest = progress->total - progress->offset;
	message->size = rest < raft->config.chunk_bytes ? (uint32_t)rest : raft->config.chunk_bytes;
	progress_sent_chunk(progress);
	return true;
}

// What it needs next is not in the log any more.
static bool is_gone(const struct raft *raft, const struct progress *progress)
{
	return progress->state == RAFT_SNAPSHOT || progress->next <= raft->log.base_index;
}

static bool send_entries(struct raft *raft, struct peer *peer, struct raft_message *message)
{
	struct progress *progress = &peer->progress;

	if (progress_is_paused(progress))
		return false;
	if (is_gone(raft, progress))
		return install(raft, peer, message);
	if (progress->next <= raft->log.last || progress->state == RAFT_PROBE)
		return append(raft, peer, true, message);
	return false;
}

// What is in flight may be lost. A question that follows it, or what replaces it if the log has
// gone on since: the member would wait for ever (R13).
static bool ask(struct raft *raft, struct peer *peer, struct raft_message *message)
{
	if (is_gone(raft, &peer->progress))
		return peer->progress.state != RAFT_SNAPSHOT && install(raft, peer, message);
	return append(raft, peer, false, message);
}

static bool send_to(struct raft *raft, struct peer *peer, struct raft_message *message)
{
	bool asked = peer->ask;

	if (peer->timeout_now) {
		peer->timeout_now = false;
		head(raft, message, peer, RAFT_MSG_TIMEOUT_NOW);
		return true;
	}
	if (peer->heartbeat) {
		peer->heartbeat = false;
		return heartbeat(raft, peer, raft->round, message);
	}
	peer->ask = false;
	return send_entries(raft, peer, message) || (asked && ask(raft, peer, message)) ||
	       (peer->told < commit_of(raft, peer) && heartbeat(raft, peer, 0, message));
}

// Members in turn.
bool send_leader(struct raft *raft, struct raft_message *message)
{
	for (uint32_t i = 0; i < raft->conf.members; i++) {
		uint32_t position = raft->turn++ % raft->conf.members;

		if (raft->conf.member[position].id != raft->config.id &&
			send_to(raft, &raft->peer[position], message))
			return true;
	}
	return false;
}
