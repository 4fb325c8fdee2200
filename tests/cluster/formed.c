// How a cluster comes to be, and whether all of it is of one mind.
#include "tests/cluster/cluster.h"

#define FORM_NS (120 * SECOND)
#define JOIN_NS (200 * MS)

enum { QUEUE = 64 };

static void start(struct world *w, uint32_t index)
{
	node_start(w, &w->nodes[index], false);
}

bool world_form(struct world *w, uint64_t over_ns)
{
	for (uint32_t i = 0; i < w->options.members; i++)
		world_call(w, w->now_ns + rng_below(&w->rng, over_ns + 1), i, start);
	if (!world_run(w, w->now_ns + over_ns))
		return false;
	if (world_run_to(w, FORM_NS, world_agrees))
		return true;
	world_say_disagreement(w);
	return false;
}

static void connect_node_0(struct world *w, uint32_t unused)
{
	(void)unused;
	w->cut[1][0] = false;
	w->nodes[0].group = 0;
}

bool world_form_quickly(struct world *w)
{
	if (w->config.updates_max > QUEUE)
		w->config.updates_max = QUEUE;
	w->seeds = 1;
	w->nodes[0].group = 1;
	w->cut[1][0] = true;
	for (uint32_t i = 0; i < w->options.members; i++)
		world_call(w, w->now_ns + rng_below(&w->rng, i ? JOIN_NS : 1), i, start);
	world_call(w, w->now_ns + 2 * JOIN_NS, 0, connect_node_0);
	if (world_run(w, w->now_ns + 2 * JOIN_NS) && world_run_to(w, FORM_NS, world_agrees))
		return true;
	world_say_disagreement(w);
	return false;
}

bool node_is_in(const struct node *node)
{
	return node->swim && !node->leaves;
}

static bool right(const struct node *subject, struct seen seen)
{
	return node_is_in(subject) ? seen.state == SWIM_ALIVE
				   : seen.state != SWIM_ALIVE && seen.state != SWIM_SUSPECT;
}

// The number of the first node that it has wrong; the number of nodes: none.
static uint32_t wrong(const struct world *w, const struct node *node)
{
	for (uint32_t i = 0; i < w->options.members; i++)
		if (!right(&w->nodes[i], node->seen[i]))
			return i;
	return w->options.members;
}

bool world_agrees(const struct world *w)
{
	uint32_t in = 0;

	for (uint32_t i = 0; i < w->options.members; i++)
		in += node_is_in(&w->nodes[i]);
	// The many that can be told by their number first.
	for (uint32_t i = 0; i < w->options.members; i++)
		if (node_is_in(&w->nodes[i]) && swim_count(w->nodes[i].swim) != in)
			return false;
	for (uint32_t i = 0; i < w->options.members; i++)
		if (node_is_in(&w->nodes[i]) && wrong(w, &w->nodes[i]) != w->options.members)
			return false;
	return true;
}

void world_say_disagreement(struct world *w)
{
	uint32_t nodes = 0, first = UINT32_MAX, subject;

	for (uint32_t i = 0; i < w->options.members; i++) {
		if (!node_is_in(&w->nodes[i]) || wrong(w, &w->nodes[i]) == w->options.members)
			continue;
		first = first == UINT32_MAX ? i : first;
		nodes++;
	}
	if (first == UINT32_MAX)
		return;
	subject = wrong(w, &w->nodes[first]);
	world_fail(w, "%u nodes are not up to date: for node %u, node %u is %s, and that %s", nodes,
		first, subject, swim_state_name(w->nodes[first].seen[subject].state),
		node_is_in(&w->nodes[subject]) ? "runs" : "does not run");
}
