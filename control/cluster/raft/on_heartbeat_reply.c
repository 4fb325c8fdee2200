// A member still follows us: so it did when the round began.
#include "control/cluster/raft/core.h"

// What was not answered since the last look may be lost. Rounds for reads are no measure of time.
static void look(struct raft *raft, struct peer *peer)
{
	if (raft->now_ns - peer->looked_ns < ms(raft->config.heartbeat_ms))
		return;
	peer->looked_ns = raft->now_ns;
	if (progress_on_heartbeat(&peer->progress))
		peer->ask = true;
}

enum raft_result on_heartbeat_reply(struct raft *raft, const struct raft_message *message)
{
	struct peer *peer = leader_heard(raft, message);

	if (!peer)
		return RAFT_STALE;
	if (message->context > raft->round)
		return RAFT_MALFORMED;
	if (message->context > peer->round)
		peer->round = message->context;
	look(raft, peer);
	return RAFT_OK;
}
