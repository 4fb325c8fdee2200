// One simulated machine: a disk, a clock, and the production replica.
#include <stdlib.h>
#include <string.h>

#include "control/cluster/raft/codec.h"
#include "tests/raft/raft_sim.h"

enum { SPINS_MAX = 10000 };

__extension__ typedef __int128 wide;

uint64_t node_now(const struct world *w, const struct node *node)
{
	return node->clock_ns + w->now_ns + (uint64_t)((wide)w->now_ns * node->drift_ppm / 1000000);
}

// Virtual time at which its clock shows that.
static uint64_t when(const struct node *node, uint64_t local_ns)
{
	if (local_ns <= node->clock_ns)
		return 0;
	if (local_ns == UINT64_MAX)
		return UINT64_MAX;
	return (uint64_t)((wide)(local_ns - node->clock_ns) * 1000000 /
			  (1000000 + node->drift_ppm)) +
	       1;
}

bool node_runs(const struct node *node)
{
	return node->replica && !node->paused;
}

struct node *node_of(struct world *w, uint64_t id)
{
	return id >= ID_FIRST && id < ID_FIRST + w->nodes ? &w->node[id - ID_FIRST] : NULL;
}

struct node *world_leader(struct world *w)
{
	struct node *leader = NULL;

	for (uint32_t i = 0; i < w->nodes; i++)
		if (node_runs(&w->node[i]) && w->node[i].leads &&
			(!leader || w->node[i].term > leader->term))
			leader = &w->node[i];
	return leader;
}

static void arm(struct world *w, struct node *node)
{
	uint64_t disk_ns, at_ns;

	if (!node_runs(node)) {
		node->wake_ns = UINT64_MAX;
		return;
	}
	disk_ns = disk_sim_next_ns(node->disk);
	at_ns = when(node, replica_next_ns(node->replica));
	if (disk_ns < at_ns)
		at_ns = disk_ns;
	if (at_ns < w->now_ns)
		at_ns = w->now_ns;
	if (at_ns == node->wake_ns || at_ns == UINT64_MAX)
		return;
	node->wake_ns = at_ns;
	heap_put(&w->heap, (struct event){.at_ns = at_ns, .type = EVENT_TICK, .node = node->index});
}

void node_after(struct world *w, struct node *node)
{
	if (!node->replica)
		return;
	check_node(w, node);
	arm(w, node);
}

static void on_send(void *owner, uint64_t to, const uint8_t *bytes, size_t size)
{
	struct node *node = owner;
	struct world *w = node->world;
	struct node *receiver = node_of(w, to);
	struct raft_message message;

	if (raft_message_read(&message, w->scratch, bytes, size) != RAFT_OK || !receiver ||
		message.from != ID_FIRST + node->index) {
		world_fail(w, "node %u sends what is no message, or to nobody (%llu)", node->index,
			(unsigned long long)to);
		return;
	}
	check_sent(w, node, &message);
	net_send(w, node->index, receiver->index, bytes, size);
}

// What was ordered and did not happen does not happen any more.
void node_mend_disk(struct node *node)
{
	disk_sim_fail(node->disk, DISK_WRITE, 0, 0);
	disk_sim_fail(node->disk, DISK_READ, 0, 0);
	disk_sim_fail(node->disk, DISK_FLUSH, 0, 0);
	disk_sim_misdirect(node->disk, false);
	disk_sim_stall(node->disk, 0);
	disk_sim_room(node->disk, 0);
}

void node_start(struct world *w, struct node *node)
{
	struct replica_config config = w->config;
	struct store_recovered recovered;
	const struct replica_callbacks own = {on_send, client_on_answer, node};

	if (node->replica || node->dead)
		return;
	node->boots++;
	config.raft.id = config.store.node = ID_FIRST + node->index;
	config.raft.seed = rng_next(&w->rng);
	config.boot = ((uint64_t)node->index + 1) << 32 | node->boots;
	disk_sim_power(node->disk);
	node_mend_disk(node);
	disk_sim_at(node->disk, w->now_ns);
	node->commit = node->applied = node->snapshots = node->installs = 0;
	node->leads = false;
	node->spins = 0;
	node->wake_ns = UINT64_MAX;
	node->replica = replica_new(
		&config, &own, disk_sim_disk(node->disk), node_now(w, node), &recovered);
	check_boot(w, node, &recovered);
	if (node->replica)
		node_after(w, node);
}

void node_bootstrap(struct world *w, struct node *node)
{
	struct raft_conf conf = {.members = w->members};

	for (uint32_t i = 0; i < w->members; i++) {
		conf.member[i] =
			(struct raft_member){.id = ID_FIRST + i, .session = 1, .roles = RAFT_VOTER};
		snprintf(conf.member[i].name, sizeof(conf.member[i].name), "n%u", i);
	}
	node_start(w, node);
	if (!node->replica || !replica_bootstrap(node->replica, node_now(w, node), &conf))
		world_fail(w, "node %u cannot begin a cluster", node->index);
	else
		node_after(w, node);
}

static void forget_inbox(struct node *node)
{
	for (uint32_t i = 0; i < node->inbox_count; i++)
		free(node->inbox[i]);
	node->inbox_count = 0;
}

// After an error of the disk always the machine: a process that starts again would see what a
// failed flush has left in the page cache, and nothing else will ever write.
void node_crash(struct world *w, struct node *node, bool machine)
{
	if (!node->replica)
		return;
	machine |= node->erred;
	node->erred = false;
	world_trace(w, "node %u %s", node->index, machine ? "crashes" : "is killed");
	world_fault(w, machine ? FAULT_CRASH : FAULT_EXIT);
	disk_sim_at(node->disk, w->now_ns);
	if (machine)
		disk_sim_crash(node->disk);
	else
		disk_sim_exit(node->disk);
	replica_free(node->replica);
	node->replica = NULL;
	node->paused = false;
	node->leads = false;
	node->wake_ns = UINT64_MAX;
	forget_inbox(node);
	client_on_crash(w, node);
}

void node_pause(struct node *node)
{
	node->paused = true;
	node->wake_ns = UINT64_MAX;
}

static void handle(struct world *w, struct node *node, const struct packet *packet)
{
	enum raft_result result = replica_on_message(node->replica, node_now(w, node),
		ID_FIRST + packet->from, packet->bytes, packet->size);

	if (result == RAFT_MALFORMED || result == RAFT_VERSION)
		world_fail(
			w, "node %u: a message of node %u is malformed", node->index, packet->from);
	node_after(w, node);
}

void node_resume(struct world *w, struct node *node)
{
	if (!node->paused)
		return;
	node->paused = false;
	for (uint32_t i = 0; i < node->inbox_count && !w->failure[0] && node->replica; i++)
		handle(w, node, node->inbox[i]);
	forget_inbox(node);
	node_after(w, node);
}

void node_receive(struct world *w, struct packet *packet)
{
	struct node *node = &w->node[packet->to];

	if (node_runs(node)) {
		disk_sim_at(node->disk, w->now_ns);
		handle(w, node, packet);
	} else if (node->replica && node->inbox_count < INBOX_MAX) {
		node->inbox[node->inbox_count++] = packet;
		return;
	}
	free(packet);
}

void node_wake(struct world *w, struct node *node)
{
	uint64_t disk_ns;

	if (!node_runs(node) || node->wake_ns != w->now_ns)
		return;
	node->wake_ns = UINT64_MAX;
	node->spins = node->woken_ns == w->now_ns ? node->spins + 1 : 0;
	node->woken_ns = w->now_ns;
	if (node->spins > SPINS_MAX) {
		world_fail(w, "node %u turns without end", node->index);
		return;
	}
	disk_ns = disk_sim_next_ns(node->disk);
	disk_sim_at(node->disk, w->now_ns);
	if (disk_ns <= w->now_ns)
		replica_disk_turn(node->replica, node_now(w, node));
	if (when(node, replica_next_ns(node->replica)) <= w->now_ns)
		replica_on_tick(node->replica, node_now(w, node));
	node_after(w, node);
}
