// This node's part in the consensus: one replica in the control process, with its folder, its
// messages over lanes and its time from the loop. Without a section `consensus:` there is none.
//
// A cluster begins with consensus_bootstrap on one node. A node without a log asks, by membership's
// metadata, to be a member; the leader adds whoever asks and is alive. Membership suggests, the
// consensus decides: nobody is removed but by an operator.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/cluster/replica/replica.h"
#include "control/config.h"
#include "control/loop.h"
#include "control/net/calls.h"
#include "control/net/gossip.h"

enum consensus_limits {
	CONSENSUS_CLUSTER_SIZE = STORE_IDENTITY_SIZE,
	CONSENSUS_PEERS_MAX = 2 * RAFT_MEMBERS_MAX, // whose names are known beside those of members
	CONSENSUS_WHY_SIZE = 320,
	CONSENSUS_VOTERS = 9,     // who asks becomes a voter up to so many, then a learner
	CONSENSUS_STOP_MS = 1000, // for what the disk has to end
	CONSENSUS_STOP_LOOK_MS = 10,
	CONSENSUS_LOOK_MS = 100, // how often the leader looks for who asks
};

enum consensus_state {
	CONSENSUS_OFF,    // not configured
	CONSENSUS_ASKS,   // without a log: waits to be added, or for a bootstrap
	CONSENSUS_MEMBER, // it has a log. Whether the others count it: its configuration
	CONSENSUS_FAILED, // `why`; it takes no part until control starts anew
};

// `why`: a sentence unless the outcome is REPLICA_DONE. Until the callback ends.
typedef void (*consensus_answer_fn)(
	void *owner, const struct replica_answer *answer, const char *why);

struct consensus_request {
	uint32_t generation;
	consensus_answer_fn on_answer;
	void *owner;
	bool used;
};

struct consensus_peer {
	uint64_t id; // 0: free
	char name[NAME_SIZE];
};

struct consensus {
	const struct config *config;
	struct loop *loop;
	struct calls *calls;
	struct gossip *gossip;
	enum consensus_state state;
	char why[CONSENSUS_WHY_SIZE]; // FAILED; or what recovery found
	uint64_t id;                  // ours
	uint8_t cluster[CONSENSUS_CLUSTER_SIZE];
	struct disk *disk;
	struct replica *replica; // MEMBER
	struct loop_timer timer, look;
	struct loop_watch disk_watch;
	uint8_t *frame; // of one message on its way: MESSAGE_RAFT_MAX
	uint32_t next_peer;
	struct consensus_peer peers[CONSENSUS_PEERS_MAX];
	struct consensus_request request[REPLICA_REQUESTS_MAX];
	uint64_t warned_ns; // when a message of another cluster was last logged
	uint64_t leader;    // as last logged
	bool changing;      // a member that asked is being added
};

// Borrows all.
void consensus_init(struct consensus *consensus, const struct config *config, struct loop *loop,
	struct calls *calls, struct gossip *gossip);
// Opens the folder and recovers, which may take a second. What is wrong with it does not keep the
// node from running: state and why say so.
void consensus_start(struct consensus *consensus);
// This node stops soon: hands leadership over.
void consensus_leave(struct consensus *consensus);
void consensus_stop(struct consensus *consensus);

// A new cluster with this node as its only member. 0, or -1 with a sentence. `force`: although
// membership knows nodes that have one already.
int consensus_bootstrap(struct consensus *consensus, bool force, char *why, size_t why_size);
// A RAFT of `node`, hostile all the same.
void consensus_on_message(
	struct consensus *consensus, const char *node, const uint8_t *bytes, uint32_t size);

// ---- requests: on_answer is called once, perhaps before these return

void consensus_write(struct consensus *consensus, const struct kv_request *request,
	consensus_answer_fn on_answer, void *owner);
void consensus_read(struct consensus *consensus, const struct kv_request *request,
	consensus_answer_fn on_answer, void *owner);
void consensus_change(struct consensus *consensus, const struct raft_change *change,
	consensus_answer_fn on_answer, void *owner);
// 0, or -1 with a sentence: leadership is on its way to that member.
int consensus_transfer(struct consensus *consensus, const char *node, char *why, size_t why_size);

// ---- names

uint64_t consensus_id(const char *node);
// Of a member, or of who spoke to us lately; NULL: nobody knows.
const char *consensus_name(const struct consensus *consensus, uint64_t id);
// The member of that name; NULL: none.
const struct raft_member *consensus_member(const struct consensus *consensus, const char *node);
const char *consensus_state_name(enum consensus_state state);
