// A member says which chunk of the snapshot it wants next, or that it failed.
#include "control/cluster/raft/core.h"

enum raft_result on_install_reply(struct raft *raft, const struct raft_message *message)
{
	struct peer *peer = leader_heard(raft, message);

	if (!peer || peer->progress.state != RAFT_SNAPSHOT ||
		peer->progress.snapshot != message->index)
		return RAFT_STALE;
	if (message->reject) {
		progress_end_snapshot(&peer->progress, false);
		peer->progress.waits = true; // for a heartbeat: it may fail again at once
		return RAFT_OK;
	}
	return progress_wants_chunk(&peer->progress, message->index, message->offset)
		       ? RAFT_OK
		       : RAFT_MALFORMED;
}
