// What a leader keeps of its members, and what ends it.
#include "control/cluster/raft/core.h"

void leader_append(struct raft *raft, enum raft_entry_kind kind, const uint8_t *data, uint32_t size)
{
	struct raft_entry entry = {.index = raft->log.last + 1,
		.term = raft->term,
		.kind = kind,
		.size = size,
		.data = data};
	bool added = raft_log_append(&raft->log, &entry);

	assert(added);
	raft->entries_appended++;
}

static void peer_forget(struct raft *raft, struct peer *peer, const struct raft_member *member)
{
	progress_reset(&peer->progress, member->id, member->session, raft->log.last + 1);
	peer->heard_ns = peer->looked_ns = raft->now_ns;
	peer->round = 0;
	peer->told = 0;
	peer->heartbeat = true;
	peer->ask = peer->timeout_now = false;
}

void leader_stop(struct raft *raft)
{
	reads_fail(raft, RAFT_LOST);
	raft->transfer = RAFT_NOBODY;
}

struct peer *leader_peer(struct raft *raft, uint64_t id)
{
	uint32_t position = conf_position(&raft->conf, id);

	return position < raft->conf.members ? &raft->peer[position] : NULL;
}

struct peer *leader_heard(struct raft *raft, const struct raft_message *message)
{
	struct peer *peer = raft->role == RAFT_LEADER ? leader_peer(raft, message->from) : NULL;

	// Another session: of before it was removed and added again (R5).
	if (!peer || peer->progress.session != message->session)
		return NULL;
	peer->heard_ns = raft->now_ns;
	peer->progress.active = true;
	return peer;
}

// Old: those of the conf before, in any order.
static struct peer *peer_of(struct peer *old, const struct raft_member *member)
{
	for (uint32_t i = 0; i < RAFT_MEMBERS_MAX; i++)
		if (old[i].progress.id == member->id && old[i].progress.session == member->session)
			return &old[i];
	return NULL;
}

static void peer_swap(struct peer *a, struct peer *b)
{
	struct peer c = *a;

	*a = *b;
	*b = c;
}

void leader_adopt(struct raft *raft)
{
	for (uint32_t i = 0; i < raft->conf.members; i++) {
		const struct raft_member *member = &raft->conf.member[i];
		struct peer *old = peer_of(raft->peer, member);

		if (old && old != &raft->peer[i])
			peer_swap(old, &raft->peer[i]);
	}
	for (uint32_t i = 0; i < RAFT_MEMBERS_MAX; i++) {
		const struct raft_member *member = &raft->conf.member[i];
		struct peer *peer = &raft->peer[i];

		if (i >= raft->conf.members)
			peer->progress.id = RAFT_NOBODY;
		else if (peer->progress.id != member->id ||
			 peer->progress.session != member->session)
			peer_forget(raft, peer, member);
	}
}

void leader_start(struct raft *raft)
{
	raft->role = RAFT_LEADER;
	raft->leader = raft->config.id;
	raft->ask = 0;
	raft->transfer = RAFT_NOBODY;
	raft->lease_lost = false;
	raft->round = raft->confirmed = raft->confirmed_ns = 0;
	raft->turn = 0;
	for (uint32_t i = 0; i < RAFT_MEMBERS_MAX; i++)
		raft->peer[i].progress.id = RAFT_NOBODY; // of an earlier term
	leader_adopt(raft);
	// Until it is committed, nobody knows what else is (R1 to R3).
	leader_append(raft, RAFT_NOOP, NULL, 0);
	raft->term_start = raft->log.last;
	reads_round(raft);
	raft->heartbeat_ns = raft->now_ns + ms(raft->config.heartbeat_ms);
}

// Who has been heard of within an election timeout. By position in conf.
static uint32_t look_who_is_active(struct raft *raft)
{
	uint32_t active = 0;

	for (uint32_t i = 0; i < raft->conf.members; i++) {
		struct peer *peer = &raft->peer[i];
		bool self = raft->conf.member[i].id == raft->config.id;

		if (!self && raft->now_ns - peer->heard_ns > ms(raft->config.election_ms))
			peer->progress.active = false;
		else
			active |= 1u << i;
	}
	return active;
}

void leader_tick(struct raft *raft)
{
	if (raft->failed || write_is_stalled(raft)) {
		leader_hand_over(raft); // R7
		return;
	}
	if (!quorum_has(&raft->conf, look_who_is_active(raft))) {
		election_follow(raft, raft->term, RAFT_NOBODY);
		return;
	}
	transfer_tick(raft);
	if (raft->now_ns >= raft->heartbeat_ns) {
		raft->transfer_sent = false; // again: it may be lost
		reads_round(raft);
		raft->heartbeat_ns = raft->now_ns + ms(raft->config.heartbeat_ms);
	}
}

uint64_t leader_next_ns(const struct raft *raft)
{
	uint64_t next = raft->heartbeat_ns;

	if (raft->transfer != RAFT_NOBODY && raft->transfer_ns < next)
		next = raft->transfer_ns;
	return next;
}

static uint64_t most_advanced(const struct raft *raft)
{
	const struct progress *best = NULL;

	for (uint32_t i = 0; i < raft->conf.members; i++) {
		const struct progress *progress = &raft->peer[i].progress;

		if (raft->conf.member[i].roles & RAFT_VOTER && progress->id != raft->config.id &&
			progress->active && !progress->quarantined &&
			(!best || progress->match > best->match))
			best = progress;
	}
	return best ? best->id : RAFT_NOBODY;
}

void leader_hand_over(struct raft *raft)
{
	uint64_t to = most_advanced(raft);
	struct raft_message *message =
		to == RAFT_NOBODY ? NULL : outbox_add(raft, RAFT_MSG_TIMEOUT_NOW, to, NULL, 0);

	if (message)
		message->session = leader_peer(raft, to)->progress.session;
	election_follow(raft, raft->term, RAFT_NOBODY);
}
