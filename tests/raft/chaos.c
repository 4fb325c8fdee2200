// Whatever the seed wants: everything breaks for a while, in every combination. Then all is mended:
// the cluster must go on, be of one mind, and have lost nothing.
#include <errno.h>
#include <string.h>

#include "tests/raft/raft_sim.h"

#define SETTLE_NS (20 * SECOND)
#define ANSWER_NS (10 * SECOND)

static struct node *any(struct world *w)
{
	return &w->node[rng_below(&w->rng, w->nodes)];
}

static uint32_t up_to(struct world *w, uint32_t most)
{
	return (uint32_t)rng_below(&w->rng, most + 1);
}

// ---- what a seed is --------------------------------------------------------------------------

static void draw_config(struct world *w)
{
	struct replica_config *config = &w->config;

	replica_config_init(config);
	config->raft.election_ms = 100 + up_to(w, 200);
	config->raft.heartbeat_ms = config->raft.election_ms / (3 + up_to(w, 5));
	config->raft.batch_bytes = 256 << up_to(w, 5);
	config->raft.inflight_messages = 1 + up_to(w, 15);
	config->raft.inflight_bytes = 1024 << up_to(w, 5);
	config->raft.log_entries = 256;
	config->raft.log_bytes = 256 * 1024;
	config->raft.uncommitted_bytes = 4096 << up_to(w, 4);
	config->raft.keep_entries = up_to(w, 40);
	config->raft.chunk_bytes = 512 << up_to(w, 4);
	config->raft.promote_lag = up_to(w, 20);
	config->raft.lease = rng_percent(&w->rng, 60);
	config->store.segment_bytes = 64 * 1024;
	config->store.group_bytes = 16 * 1024;
	config->requests = 64;
	config->request_ms = 1500;
	config->snapshot_entries = 20 + up_to(w, 100);
	config->snapshot_bytes = 64 * 1024;
	config->retry_ms = 50;
	config->kv.history_events = 64;
	config->kv.history_bytes = 16 * 1024;
}

static void draw_network(struct world *w)
{
	w->calm = (struct network){.delay_ns = rng_between(&w->rng, 20, 2000) * 1000,
		.jitter_ns = rng_below(&w->rng, 3) * MS,
		.loss_ppm = rng_percent(&w->rng, 50) ? up_to(w, 50000) : 0,
		.duplicate_ppm = rng_percent(&w->rng, 50) ? up_to(w, 50000) : 0,
		.late_ppm = rng_percent(&w->rng, 50) ? up_to(w, 20000) : 0,
		.late_ns = rng_below(&w->rng, 1000) * MS};
	w->network = w->calm;
	w->disk = (struct disk_sim_config){.write_ns = rng_between(&w->rng, 10, 300) * 1000,
		.read_ns = rng_between(&w->rng, 10, 300) * 1000,
		.flush_ns = rng_between(&w->rng, 50, 3000) * 1000,
		.jitter_ns = rng_below(&w->rng, 500) * 1000};
}

static uint32_t weight(struct world *w)
{
	return rng_percent(&w->rng, 55) ? 1 + up_to(w, 9) : 0;
}

static void draw_swarm(struct world *w)
{
	w->swarm = (struct swarm){weight(w), weight(w), weight(w), weight(w), weight(w), weight(w),
		weight(w), weight(w), weight(w), weight(w), weight(w)};
	w->every_ns = rng_between(&w->rng, 60, 600) * MS;
	w->think_ns = rng_between(&w->rng, 5, 60) * MS;
	w->end_ns = rng_between(&w->rng, 2000, 6000) * MS;
	w->clients = 1 + up_to(w, CLIENTS_MAX - 1);
	w->keys = 1 + up_to(w, 3);
}

static void draw_nodes(struct world *w)
{
	uint32_t drift = rng_percent(&w->rng, 30) ? 20000 : 200;

	w->members = rng_percent(&w->rng, 60) ? 3 : 3 + up_to(w, 4);
	w->nodes = w->members + up_to(w, 2);
	for (uint32_t i = 0; i < w->nodes; i++) {
		w->disk.seed = rng_next(&w->rng);
		w->node[i].disk = disk_sim_new(&w->disk);
		w->node[i].clock_ns = SECOND + rng_below(&w->rng, 1000 * SECOND);
		w->node[i].drift_ppm = (int64_t)up_to(w, 2 * drift) - drift;
	}
}

// ---- faults ----------------------------------------------------------------------------------

static void start_again(struct world *w, uint32_t index)
{
	node_start(w, &w->node[index]);
}

static void crash_node(struct world *w, struct node *node, uint64_t away_ns)
{
	node_crash(w, node, rng_percent(&w->rng, 70));
	world_call(w, w->now_ns + 1 + rng_below(&w->rng, away_ns), node->index, start_again);
}

static void crash(struct world *w)
{
	struct node *node = any(w);

	if (rng_percent(&w->rng, 30) && world_leader(w))
		node = world_leader(w);
	if (node->replica)
		crash_node(w, node, rng_percent(&w->rng, 50) ? 50 * MS : SECOND);
}

// Power fails for all.
static void blackout(struct world *w)
{
	for (uint32_t i = 0; i < w->nodes; i++)
		if (w->node[i].replica)
			crash_node(w, &w->node[i], SECOND);
}

static void crash_some(struct world *w)
{
	if (rng_percent(&w->rng, 15))
		blackout(w);
	else
		crash(w);
}

static void resume(struct world *w, uint32_t index)
{
	if (w->node[index].paused)
		world_trace(w, "node %u goes on", index);
	disk_sim_at(w->node[index].disk, w->now_ns);
	node_resume(w, &w->node[index]);
}

static void stop(struct world *w)
{
	struct node *node = any(w);

	if (!node_runs(node))
		return;
	world_fault(w, FAULT_STOPPED);
	world_trace(w, "node %u is stopped", node->index);
	node_pause(node);
	world_call(w, w->now_ns + rng_below(&w->rng, 1500 * MS), node->index, resume);
}

static void mend_cuts(struct world *w, uint32_t unused)
{
	(void)unused;
	world_trace(w, "no partition");
	memset(w->cut, 0, sizeof(w->cut));
}

// One node alone, or groups; half of them in one direction only.
static void cut(struct world *w)
{
	bool one_way = rng_percent(&w->rng, 40), alone = rng_percent(&w->rng, 50);
	uint32_t node = (uint32_t)rng_below(&w->rng, w->nodes);

	for (uint32_t i = 0; i < w->nodes; i++)
		w->node[i].group = alone ? i == node : (uint32_t)rng_below(&w->rng, 3);
	for (uint32_t a = 0; a < 3; a++)
		for (uint32_t b = 0; b < a; b++) {
			w->cut[a][b] = rng_percent(&w->rng, 70);
			w->cut[b][a] = one_way ? rng_percent(&w->rng, 30) : w->cut[a][b];
		}
	world_trace(w, "a partition%s", one_way ? ", parts of it one way" : "");
	world_call(w, w->now_ns + rng_below(&w->rng, 2 * SECOND), 0, mend_cuts);
}

static void mend_network(struct world *w, uint32_t unused)
{
	(void)unused;
	w->network = w->calm;
}

static void burst(struct world *w)
{
	w->network.loss_ppm = up_to(w, 600000);
	w->network.late_ppm = up_to(w, 300000);
	w->network.late_ns = rng_below(&w->rng, SECOND);
	world_call(w, w->now_ns + rng_below(&w->rng, SECOND), 0, mend_network);
}

static void stall(struct world *w)
{
	struct node *node = any(w);

	world_fault(w, FAULT_STALL);
	world_trace(w, "the disk of node %u stalls", node->index);
	disk_sim_stall(node->disk, w->now_ns + rng_below(&w->rng, 1500 * MS));
}

// Somebody starts it again later: the store has stopped.
static void start_failed(struct world *w, uint32_t index)
{
	struct node *node = &w->node[index];

	if (node->replica && node->failed)
		crash_node(w, node, 300 * MS);
}

static void error(struct world *w)
{
	struct node *node = any(w);

	if (!node->replica)
		return;
	world_fault(w, FAULT_EIO);
	node->erred = true;
	world_trace(w, "an error of the disk of node %u", node->index);
	disk_sim_fail(node->disk, (enum disk_op)rng_below(&w->rng, 3), -EIO, 1);
	world_call(w, w->now_ns + rng_between(&w->rng, 200, 1500) * MS, node->index, start_failed);
}

static void more_room(struct world *w, uint32_t index)
{
	disk_sim_room(w->node[index].disk, 0);
}

static void room(struct world *w)
{
	struct node *node = any(w);

	if (!node->replica)
		return;
	world_fault(w, FAULT_NO_ROOM);
	world_trace(w, "the disk of node %u is full", node->index);
	disk_sim_room(node->disk, disk_sim_used(node->disk) + up_to(w, 16384));
	world_call(w, w->now_ns + rng_below(&w->rng, 2 * SECOND), node->index, more_room);
}

// A good copy must remain: one damaged disk at a time.
static bool may_damage(const struct world *w, const struct node *node)
{
	if (!node->replica || node->paused)
		return false;
	for (uint32_t i = 0; i < w->nodes; i++)
		if (w->node[i].damaged || w->node[i].dead || w->node[i].quarantined)
			return false;
	return true;
}

static void crash_damaged(struct world *w, uint32_t index)
{
	if (w->node[index].replica && w->node[index].damaged)
		crash_node(w, &w->node[index], 300 * MS);
}

static void rot(struct world *w)
{
	struct node *node = any(w);
	char where[DISK_NAME_MAX];
	uint64_t bit;

	if (!may_damage(w, node) || !disk_sim_rot_any(node->disk, "", where, &bit))
		return;
	world_fault(w, FAULT_ROT);
	world_trace(w, "node %u: bit %llu of %s rots", node->index, (unsigned long long)bit, where);
	node->damaged = true;
	world_call(w, w->now_ns + rng_below(&w->rng, 300 * MS), node->index, crash_damaged);
}

static void misdirect(struct world *w)
{
	struct node *node = any(w);

	if (!may_damage(w, node))
		return;
	world_fault(w, FAULT_MISDIRECT);
	world_trace(w, "node %u: a write goes elsewhere", node->index);
	disk_sim_misdirect(node->disk, true);
	node->damaged = true;
	world_call(w, w->now_ns + rng_below(&w->rng, 300 * MS), node->index, crash_damaged);
}

static void change(struct world *w)
{
	for (uint32_t i = 0; i < w->nodes; i++)
		if (w->node[i].dead || w->node[i].damaged)
			return;
	change_members(w);
}

static void fault(struct world *w, uint32_t unused)
{
	void (*const faults[])(struct world *) = {crash_some, stop, cut, burst, stall, error, room,
		rot, misdirect, change, change_leader};
	uint32_t weights[sizeof(faults) / sizeof(faults[0])], all = 0, drawn, i = 0;

	(void)unused;
	if (w->now_ns >= w->end_ns)
		return;
	memcpy(weights, &w->swarm, sizeof(weights));
	for (uint32_t f = 0; f < sizeof(faults) / sizeof(faults[0]); f++)
		all += weights[f];
	if (all) {
		for (drawn = (uint32_t)rng_below(&w->rng, all); drawn >= weights[i]; i++)
			drawn -= weights[i];
		faults[i](w);
	}
	world_call(w, w->now_ns + 1 + rng_below(&w->rng, 2 * w->every_ns), 0, fault);
}

// ---- and then --------------------------------------------------------------------------------

static void heal(struct world *w)
{
	world_trace(w, "all is mended");
	w->healing = true;
	mend_cuts(w, 0);
	w->calm.loss_ppm = w->calm.late_ppm = 0;
	mend_network(w, 0);
	for (uint32_t i = 0; i < w->nodes; i++) {
		struct node *node = &w->node[i];

		node_mend_disk(node);
		disk_sim_at(node->disk, w->now_ns);
		node_resume(w, node);
		if (node->replica && (node->failed || node->damaged))
			node_crash(w, node, false);
		node_start(w, node);
	}
}

// Voters of this configuration that can help: not damaged, not gone.
static bool has_quorum(const struct world *w, const struct raft_conf *conf, uint8_t role)
{
	uint32_t voters = 0, whole = 0;

	for (uint32_t i = 0; i < conf->members; i++) {
		const struct node *node = &w->node[conf->member[i].id - ID_FIRST];

		if (!(conf->member[i].roles & role))
			continue;
		voters++;
		whole += node->replica && !node->quarantined;
	}
	return !voters || whole > voters / 2;
}

// Whatever configuration it is that will hold.
static bool can_decide(const struct world *w)
{
	for (uint32_t i = 0; i < w->nodes; i++) {
		const struct raft_conf *conf;

		if (!w->node[i].replica)
			continue;
		conf = raft_conf(replica_raft(w->node[i].replica));
		if (!has_quorum(w, conf, RAFT_VOTER) || !has_quorum(w, conf, RAFT_VOTER_OLD))
			return false;
	}
	return true;
}

static bool is_settled(const struct world *w)
{
	const struct node *leader = world_leader((struct world *)(uintptr_t)w);
	const struct raft_conf *conf;
	struct raft_status status, other;

	if (!leader)
		return false;
	raft_status(replica_raft(leader->replica), &status);
	conf = raft_conf(replica_raft(leader->replica));
	if (status.last != status.now.applied || status.transfer)
		return false;
	for (uint32_t i = 0; i < conf->members; i++) {
		const struct node *node = &w->node[conf->member[i].id - ID_FIRST];

		if (conf->member[i].roles & (RAFT_VOTER_OLD | RAFT_PROMOTE) && !node->dead)
			return false;
		if (!node->replica)
			continue;
		raft_status(replica_raft(node->replica), &other);
		if (other.now.applied != status.now.applied || other.quarantined ||
			other.now.leader != status.now.leader)
			return false;
	}
	return true;
}

static void say_unsettled(struct world *w)
{
	struct node *leader = world_leader(w);
	char text[256] = "nobody leads";
	int size = leader ? snprintf(text, sizeof(text), "node %u leads:", leader->index) : 12;

	for (uint32_t i = 0; i < w->nodes; i++) {
		struct raft_status status;

		if (!w->node[i].replica || size >= (int)sizeof(text))
			continue;
		raft_status(replica_raft(w->node[i].replica), &status);
		size += snprintf(text + size, sizeof(text) - (size_t)size,
			" %u: %llu/%llu/%llu%s%s", i, (unsigned long long)status.now.applied,
			(unsigned long long)status.now.commit, (unsigned long long)status.last,
			status.quarantined ? " quarantined" : "", status.failed ? " failed" : "");
	}
	world_fail(w, "no progress after all was mended: %s", text);
}

// Every member has every key, the same; and it takes another one.
static void ask_all(struct world *w)
{
	const struct raft_conf *conf = raft_conf(replica_raft(world_leader(w)->replica));
	struct node *members[RAFT_MEMBERS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < conf->members; i++) {
		struct node *node = &w->node[conf->member[i].id - ID_FIRST];

		if (node->replica)
			members[count++] = node;
	}
	for (uint32_t i = 0; i < count * (w->keys + 1) && !w->failure[0]; i++) {
		uint32_t at = w->ops, key = i % (w->keys + 1);

		if (!client_call(w, 0, key == w->keys ? OP_PUT : OP_GET, key % w->keys,
			    members[i / (w->keys + 1)]))
			return;
		world_run_to(w, ANSWER_NS, clients_idle);
		if (w->history[at].outcome != OP_DONE)
			world_fail(w, "node %u, a member, does not answer when all is well",
				members[i / (w->keys + 1)]->index);
	}
}

static bool run(struct world *w)
{
	for (uint32_t i = 0; i < w->members && !w->failure[0]; i++)
		node_bootstrap(w, &w->node[i]);
	client_start(w);
	world_call(w, rng_below(&w->rng, SECOND), 0, fault);
	// Whatever was to come back has done so by then.
	if (!world_run(w, w->end_ns + 2500 * MS))
		return false;
	heal(w);
	return !w->failure[0];
}

static void go_on(struct world *w)
{
	if (!world_run_to(w, SETTLE_NS, is_settled)) {
		say_unsettled(w);
		return;
	}
	world_run_to(w, ANSWER_NS, clients_idle);
	ask_all(w);
}

void chaos_run(struct world *w)
{
	draw_config(w);
	draw_network(w);
	draw_swarm(w);
	draw_nodes(w);
	if (run(w) && can_decide(w))
		go_on(w);
	if (w->failure[0])
		return;
	check_end(w);
	linear_judge(w);
}
