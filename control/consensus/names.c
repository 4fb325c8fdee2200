// Nodes have names, Raft has numbers: a number is a hash of the name, so that nobody has to hand
// them out, and a node that comes back has the same.
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "control/consensus/internal.h"
#include "lib/base/bytes.h"

uint64_t consensus_id(const char *node)
{
	static const char label[] = "sluice raft id";
	uint8_t text[sizeof(label) + NAME_SIZE], hash[SHA256_DIGEST_LENGTH];
	size_t size = strnlen(node, NAME_SIZE - 1);
	uint64_t id;

	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), node, size);
	SHA256(text, sizeof(label) + size, hash);
	id = be64_get(hash);
	return id ? id : 1;
}

void consensus_peer_note(struct consensus *consensus, uint64_t id, const char *node)
{
	struct consensus_peer *peer;

	for (uint32_t i = 0; i < CONSENSUS_PEERS_MAX; i++)
		if (consensus->peers[i].id == id)
			return;
	peer = &consensus->peers[consensus->next_peer++ % CONSENSUS_PEERS_MAX];
	peer->id = id;
	snprintf(peer->name, sizeof(peer->name), "%s", node);
}

const char *consensus_name(const struct consensus *consensus, uint64_t id)
{
	const struct raft_conf *conf =
		consensus->replica ? raft_conf(replica_raft(consensus->replica)) : NULL;

	if (id == RAFT_NOBODY)
		return NULL;
	if (id == consensus->id)
		return consensus->config->node;
	for (uint32_t i = 0; conf && i < conf->members; i++)
		if (conf->member[i].id == id)
			return conf->member[i].name;
	for (uint32_t i = 0; i < CONSENSUS_PEERS_MAX; i++)
		if (consensus->peers[i].id == id)
			return consensus->peers[i].name;
	return NULL;
}

const struct raft_member *consensus_member(const struct consensus *consensus, const char *node)
{
	const struct raft_conf *conf =
		consensus->replica ? raft_conf(replica_raft(consensus->replica)) : NULL;

	for (uint32_t i = 0; conf && i < conf->members; i++)
		if (strcmp(conf->member[i].name, node) == 0)
			return &conf->member[i];
	return NULL;
}

const char *consensus_state_name(enum consensus_state state)
{
	static const char *const names[] = {[CONSENSUS_OFF] = "off",
		[CONSENSUS_ASKS] = "asks",
		[CONSENSUS_MEMBER] = "member",
		[CONSENSUS_FAILED] = "failed"};

	return names[state];
}
