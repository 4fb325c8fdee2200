// Messages between replicas: the cluster's identity, then what the replica says, over a lane. Who
// sent them is the name that the connection has shown.
#include <string.h>

#include "control/consensus/internal.h"
#include "control/log.h"

enum { WARN_MS = 10000 };

void consensus_on_send(void *owner, uint64_t to, const uint8_t *bytes, size_t size)
{
	struct consensus *consensus = owner;
	const char *name = consensus_name(consensus, to);

	if (!name || CONSENSUS_CLUSTER_SIZE + size > MESSAGE_RAFT_MAX)
		return; // nobody knows yet who that is: it is said again
	memcpy(consensus->frame, consensus->cluster, CONSENSUS_CLUSTER_SIZE);
	memcpy(consensus->frame + CONSENSUS_CLUSTER_SIZE, bytes, size);
	lanes_send(consensus->calls, name, consensus->frame,
		(uint32_t)(CONSENSUS_CLUSTER_SIZE + size));
}

static void drop(struct consensus *consensus, const char *node, const char *why)
{
	uint64_t now_ns = loop_now_ns(consensus->loop);

	if (consensus->warned_ns && now_ns - consensus->warned_ns < CONSENSUS_MS(WARN_MS))
		return;
	consensus->warned_ns = now_ns;
	log_warning("What node %s says to the consensus is not taken: %s.", node, why);
}

static bool is_member(const struct consensus *consensus, const char *node)
{
	struct members_view view;

	if (!consensus->gossip->members.own)
		return false;
	members_get(consensus->gossip->members.own, &view);
	return members_find(&view, node) != NULL;
}

// A node without a log belongs to the cluster whose leader speaks to it first: it asked, or was
// added by name. A certificate alone is not enough, the cluster's key must be the same, too.
static bool adopt(struct consensus *consensus, const char *node, const uint8_t *cluster)
{
	if (consensus->state != CONSENSUS_ASKS || !is_member(consensus, node))
		return false;
	if (consensus_open(consensus, cluster) < 0)
		return false;
	log_info("Node %s has taken this node into the cluster's consensus.", node);
	return true;
}

void consensus_on_message(
	struct consensus *consensus, const char *node, const uint8_t *bytes, uint32_t size)
{
	uint64_t from = consensus_id(node);

	if (consensus->state == CONSENSUS_OFF || consensus->state == CONSENSUS_FAILED)
		return;
	if (size <= CONSENSUS_CLUSTER_SIZE) {
		drop(consensus, node, "it is too short");
		return;
	}
	if (!consensus->replica && !adopt(consensus, node, bytes))
		return;
	if (memcmp(bytes, consensus->cluster, CONSENSUS_CLUSTER_SIZE) != 0) {
		drop(consensus, node,
			"it is of another cluster; one that began anew? Then stop one of the two, "
			"and start its nodes with empty folders (consensus.folder)");
		return;
	}
	consensus_peer_note(consensus, from, node);
	if (replica_on_message(consensus->replica, loop_now_ns(consensus->loop), from,
		    bytes + CONSENSUS_CLUSTER_SIZE,
		    size - CONSENSUS_CLUSTER_SIZE) == RAFT_MALFORMED)
		drop(consensus, node, "it is malformed");
	consensus_settle(consensus);
}
