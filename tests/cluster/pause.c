// Nodes that do not look: a stopped process, a slow one, and what waits for them meanwhile.
#include <stdlib.h>

#include "tests/cluster/cluster.h"

void node_forget(struct node *node)
{
	for (uint32_t i = 0; i < node->waiting; i++)
		free(node->inbox[i]);
	node->waiting = node->datagrams = 0;
}

void node_keep(struct world *w, struct node *node, struct packet *packet)
{
	if (packet->type == PACKET_DATAGRAM && node->datagrams++ >= INBOX_MAX) {
		fault_count(w, FAULT_OVERFLOW);
		node->datagrams--;
		free(packet);
		return;
	}
	if (node->waiting == node->inbox_size) {
		node->inbox_size = node->inbox_size ? 2 * node->inbox_size : 16;
		node->inbox = realloc(node->inbox, node->inbox_size * sizeof(struct packet *));
		if (!node->inbox)
			abort();
	}
	node->inbox[node->waiting++] = packet;
}

void node_pause(struct node *node)
{
	node->paused = true;
}

static void read_inbox(struct world *w, struct node *node)
{
	for (uint32_t i = 0; i < node->waiting && !w->failure[0]; i++)
		node_handle(w, node, node->inbox[i]);
	node_forget(node);
}

// What is looked at first, socket or timer, is a matter of luck.
void node_resume(struct world *w, struct node *node)
{
	bool timer_first = rng_percent(&w->rng, 50);

	if (!node->swim || !node->paused)
		return;
	node->paused = false;
	if (!timer_first)
		read_inbox(w, node);
	node_arm(w, node);
	if (timer_first && node->tick_ns <= w->now_ns)
		node_tick(w, node, node->tick_ns);
	read_inbox(w, node);
}

// Half to one and a half times the average.
static uint64_t around(struct world *w, uint64_t ns)
{
	return ns / 2 + rng_below(&w->rng, ns + 1);
}

static void stall(struct world *w, uint32_t index);

static void run(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];

	node_resume(w, node);
	if (node->stall_ns)
		world_call(w, w->now_ns + around(w, node->run_ns), index, stall);
}

static void stall(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];

	if (!node->stall_ns)
		return;
	if (node->swim)
		fault_count(w, FAULT_STALLED);
	node_pause(node);
	world_call(w, w->now_ns + around(w, node->stall_ns), index, run);
}

void node_slow(struct world *w, struct node *node, uint64_t run_ns, uint64_t stall_ns)
{
	bool was_slow = node->stall_ns;

	world_trace(w, "node %u runs %.3f s and stalls %.3f s in turn", node->index,
		(double)run_ns / 1e9, (double)stall_ns / 1e9);
	node->run_ns = run_ns;
	node->stall_ns = stall_ns;
	if (!was_slow && stall_ns)
		world_call(w, w->now_ns + rng_below(&w->rng, run_ns + 1), node->index, stall);
}
