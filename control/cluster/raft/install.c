// A snapshot on its way to the disk: the caller takes chunks and says what became of them.
#include "control/cluster/raft/core.h"

bool raft_take_chunk(struct raft *raft, struct raft_chunk *chunk)
{
	struct install *install = &raft->install;

	if (!install->chunk || install->taken)
		return false;
	install->taken = true;
	*chunk = (struct raft_chunk){.index = install->index,
		.term = install->term,
		.offset = install->offset,
		.total = install->total,
		.size = install->size,
		.data = install->bytes,
		.conf = &install->conf};
	return true;
}

// To whoever leads, if it is still the one that sent it.
static void reply(struct raft *raft, bool reject)
{
	struct install *install = &raft->install;
	struct raft_message *message;

	if (raft->role != RAFT_FOLLOWER || raft->leader != install->leader ||
		raft->term != install->leader_term)
		return;
	message = outbox_add(raft, RAFT_MSG_INSTALL_REPLY, raft->leader, NULL, 0);
	if (!message)
		return;
	message->session = raft->session;
	message->index = install->index;
	message->offset = install->offset;
	message->reject = reject;
}

void install_forget(struct raft *raft)
{
	raft->install.leader = RAFT_NOBODY;
	raft->install.offset = 0;
	raft->install.chunk = raft->install.taken = raft->install.ending = false;
}

static void fail(struct raft *raft)
{
	raft->install.offset = 0;
	reply(raft, true);
	install_forget(raft);
}

void raft_on_chunk(struct raft *raft, uint64_t now_ns, bool ok)
{
	struct install *install = &raft->install;

	core_at(raft, now_ns);
	assert(install->chunk && install->taken);
	install->chunk = install->taken = false;
	if (!ok) {
		fail(raft);
		return;
	}
	install->offset += install->size;
	if (!install->ending)
		reply(raft, false);
}

// The log begins anew behind the snapshot. Entries that it had are not committed: they would have
// been in its place, or before it.
static void replace(struct raft *raft)
{
	struct install *install = &raft->install;

	assert(raft->commit < install->index);
	raft_log_reset(&raft->log, install->index, install->term);
	write_reset(raft);
	raft->commit = raft->delivered = raft->applied = install->index;
	raft->conf = raft->base = install->conf;
	raft->before.index = 0;
	raft->snapshot =
		(struct snapshot){install->index, install->term, install->total, install->conf};
}

void raft_on_installed(struct raft *raft, uint64_t now_ns, bool ok)
{
	core_at(raft, now_ns);
	assert(raft->install.ending && !raft->install.chunk);
	if (!ok) {
		fail(raft);
		return;
	}
	replace(raft);
	install_forget(raft);
	raft->matched = raft->commit;
	if (raft->role == RAFT_FOLLOWER && raft->leader != RAFT_NOBODY)
		follower_matches(raft, raft->commit);
	core_settle(raft);
}
