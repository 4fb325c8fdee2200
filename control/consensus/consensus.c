// The life of this node's replica: its folder, its disk, its time.
#include "control/consensus/consensus.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "control/consensus/internal.h"
#include "control/log.h"

static void consensus_on_time(void *owner);

void consensus_fail(struct consensus *consensus, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(consensus->why, sizeof(consensus->why), format, args);
	va_end(args);
	consensus->state = CONSENSUS_FAILED;
	log_warning("This node takes no part in the consensus: %s.", consensus->why);
}

// ---- time and disk ----

static void log_leader(struct consensus *consensus)
{
	struct raft_status status;
	const char *name;

	raft_status(replica_raft(consensus->replica), &status);
	if (status.now.leader == consensus->leader)
		return;
	consensus->leader = status.now.leader;
	name = consensus_name(consensus, status.now.leader);
	if (name)
		log_info("Node %s leads the consensus in term %llu.", name,
			(unsigned long long)status.now.term);
	else
		log_info("The consensus has no leader in term %llu.",
			(unsigned long long)status.now.term);
}

void consensus_settle(struct consensus *consensus)
{
	uint64_t now_ns = loop_now_ns(consensus->loop);
	uint64_t next_ns = replica_next_ns(consensus->replica);

	log_leader(consensus);
	if (next_ns == UINT64_MAX)
		loop_timer_stop(consensus->loop, &consensus->timer);
	else
		loop_timer_start(consensus->loop, &consensus->timer,
			next_ns > now_ns ? next_ns - now_ns : 0, consensus_on_time, consensus);
}

static void consensus_on_time(void *owner)
{
	struct consensus *consensus = owner;

	replica_on_tick(consensus->replica, loop_now_ns(consensus->loop));
	consensus_settle(consensus);
}

static void consensus_on_disk(void *owner, short events)
{
	struct consensus *consensus = owner;

	(void)events;
	replica_disk_turn(consensus->replica, loop_now_ns(consensus->loop));
	consensus_settle(consensus);
}

// ---- the replica ----

static void configure(const struct consensus *consensus, struct replica_config *config)
{
	const struct config_consensus *wanted = &consensus->config->consensus;

	replica_config_init(config);
	config->raft.id = config->store.node = consensus->id;
	config->raft.election_ms = wanted->election_ms;
	config->raft.heartbeat_ms = wanted->heartbeat_ms;
	config->raft.lease = wanted->lease;
	config->store.segment_bytes = wanted->segment_mb * 1024 * 1024;
	if (getrandom(&config->raft.seed, sizeof(config->raft.seed), 0) < 0 ||
		getrandom(&config->boot, sizeof(config->boot), 0) < 0)
		abort(); // two starts would look like one
	config->boot |= 1;
	memcpy(config->store.cluster, consensus->cluster, sizeof(config->store.cluster));
}

static void tell_recovered(struct consensus *consensus, const struct store_recovered *recovered)
{
	if (recovered->verdict == STORE_TORN)
		log_info("The consensus' log had a torn tail, which nobody was promised: %s.",
			recovered->why);
	if (recovered->verdict == STORE_ROTTEN)
		log_warning("The consensus' log is damaged, and is fetched again from the other "
			    "members: %s.",
			recovered->why);
	snprintf(consensus->why, sizeof(consensus->why), "%s", recovered->why);
}

int consensus_open(struct consensus *consensus, const uint8_t cluster[CONSENSUS_CLUSTER_SIZE])
{
	const struct replica_callbacks callbacks = {
		.send = consensus_on_send, .answer = consensus_on_answer, .owner = consensus};
	struct store_recovered recovered;
	struct replica_config config;
	int wake;

	memcpy(consensus->cluster, cluster, CONSENSUS_CLUSTER_SIZE);
	configure(consensus, &config);
	consensus->replica = replica_new(
		&config, &callbacks, consensus->disk, loop_now_ns(consensus->loop), &recovered);
	if (!consensus->replica) {
		consensus_fail(
			consensus, "%s: %s", consensus->config->consensus.folder, recovered.why);
		return -1;
	}
	tell_recovered(consensus, &recovered);
	consensus->state = CONSENSUS_MEMBER;
	wake = consensus->disk->ops->wake_fd(consensus->disk);
	if (loop_watch_start(consensus->loop, &consensus->disk_watch, wake, POLLIN,
		    consensus_on_disk, consensus) < 0)
		abort(); // LOOP_WATCHES_MAX leaves room for it
	gossip_consensus_set(consensus->gossip, META_CONSENSUS_MEMBER);
	consensus_settle(consensus);
	return 0;
}

// ---- begin ----

static bool others_are_members(const struct consensus *consensus, const char **which)
{
	struct members_view view = {0};

	if (consensus->gossip->members.own)
		members_get(consensus->gossip->members.own, &view);
	for (uint32_t i = 0; i < view.count; i++) {
		if (view.member[i].self || view.member[i].meta.consensus != META_CONSENSUS_MEMBER)
			continue;
		*which = view.member[i].name;
		return true;
	}
	return false;
}

// NULL: nothing keeps this node from beginning a cluster.
static const char *bootstrap_why(const struct consensus *consensus)
{
	switch (consensus->state) {
	case CONSENSUS_OFF:
		return "the configuration has no section consensus; write one with a folder, and "
		       "start control anew";
	case CONSENSUS_FAILED:
		return consensus->why;
	case CONSENSUS_MEMBER:
		return "this node is a member of a cluster's consensus already";
	case CONSENSUS_ASKS:
		break;
	}
	return NULL;
}

// A new log, with one member.
static const char *bootstrap(struct consensus *consensus)
{
	uint8_t cluster[CONSENSUS_CLUSTER_SIZE];
	struct raft_conf conf = {.members = 1};

	if (getrandom(cluster, sizeof(cluster), 0) != sizeof(cluster))
		abort(); // two clusters would look like one
	if (consensus_open(consensus, cluster) < 0)
		return consensus->why;
	conf.member[0] = (struct raft_member){.id = consensus->id, .roles = RAFT_VOTER};
	snprintf(conf.member[0].name, NAME_SIZE, "%s", consensus->config->node);
	if (!replica_bootstrap(consensus->replica, loop_now_ns(consensus->loop), &conf))
		return "there is a log already";
	consensus_settle(consensus);
	return NULL;
}

int consensus_bootstrap(struct consensus *consensus, bool force, char *why, size_t why_size)
{
	const char *refusal = bootstrap_why(consensus), *which;

	if (!refusal && !force && others_are_members(consensus, &which)) {
		snprintf(why, why_size,
			"node %.40s is a member of a cluster's consensus already, and adds this "
			"one; --force begins another cluster all the same",
			which);
		return -1;
	}
	refusal = refusal ? refusal : bootstrap(consensus);
	if (!refusal)
		return 0;
	snprintf(why, why_size, "%s", refusal);
	return -1;
}

// ---- start and stop ----

void consensus_init(struct consensus *consensus, const struct config *config, struct loop *loop,
	struct calls *calls, struct gossip *gossip)
{
	*consensus = (struct consensus){
		.config = config, .loop = loop, .calls = calls, .gossip = gossip};
}

// io_uring, or threads where that is refused.
static struct disk *disk_of(const char *folder)
{
	struct disk *disk = disk_uring_new(folder);

	return disk || errno == EWOULDBLOCK ? disk : disk_threads_new(folder);
}

static const char *disk_why(int error)
{
	return error == EWOULDBLOCK ? "another process uses it" : strerror(error);
}

void consensus_start(struct consensus *consensus)
{
	const char *folder = consensus->config->consensus.folder;
	uint8_t cluster[CONSENSUS_CLUSTER_SIZE];

	if (!folder[0])
		return;
	consensus->id = consensus_id(consensus->config->node);
	consensus->frame = malloc(MESSAGE_RAFT_MAX);
	if (!consensus->frame) {
		consensus_fail(consensus, "there is no memory for its messages");
		return;
	}
	if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
		consensus_fail(consensus, "consensus.folder %s cannot be made: %s", folder,
			strerror(errno));
		return;
	}
	consensus->disk = disk_of(folder);
	if (!consensus->disk) {
		consensus_fail(consensus, "consensus.folder %s cannot be used: %s", folder,
			disk_why(errno));
		return;
	}
	consensus->state = CONSENSUS_ASKS;
	if (store_peek(consensus->disk, cluster))
		consensus_open(consensus, cluster);
	else if (consensus->config->consensus.join)
		gossip_consensus_set(consensus->gossip, META_CONSENSUS_ASKS);
	consensus_on_look(consensus);
}

// A leader that goes hands over first, or the others would wait for their election timeout.
static void hand_over(struct consensus *consensus)
{
	const struct raft *raft = replica_raft(consensus->replica);
	const struct raft_conf *conf = raft_conf(raft);
	struct raft_status status;
	struct raft_peer peer, best = {0};

	raft_status(raft, &status);
	if (status.now.role != RAFT_LEADER)
		return;
	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].roles & RAFT_VOTER && raft_peer(raft, i, &peer) &&
			peer.active && peer.id != consensus->id && peer.match >= best.match)
			best = peer;
	if (best.id)
		replica_transfer(consensus->replica, loop_now_ns(consensus->loop), best.id);
}

void consensus_leave(struct consensus *consensus)
{
	if (!consensus->replica)
		return;
	hand_over(consensus);
	consensus_settle(consensus);
}

// The loop has ended, but not what the disk does: a clean stop writes down where the log ends.
static void stop_disk(struct consensus *consensus)
{
	struct disk *disk = consensus->disk;
	struct pollfd wake = {.fd = disk->ops->wake_fd(disk), .events = POLLIN};

	replica_stop(consensus->replica);
	for (int waited = 0; waited < CONSENSUS_STOP_MS; waited += CONSENSUS_STOP_LOOK_MS) {
		if (replica_is_idle(consensus->replica))
			return;
		poll(&wake, 1, CONSENSUS_STOP_LOOK_MS);
		replica_disk_turn(consensus->replica, loop_now_ns(consensus->loop));
	}
}

void consensus_stop(struct consensus *consensus)
{
	loop_timer_stop(consensus->loop, &consensus->look);
	loop_timer_stop(consensus->loop, &consensus->timer);
	loop_watch_stop(consensus->loop, &consensus->disk_watch);
	if (consensus->replica)
		stop_disk(consensus);
	consensus_requests_end(consensus); // the replica answers none of them twice
	if (consensus->disk)
		consensus->disk->ops->free(consensus->disk); // nothing of it is under way then
	replica_free(consensus->replica);
	free(consensus->frame);
	consensus->disk = NULL;
	consensus->replica = NULL;
	consensus->frame = NULL;
}
