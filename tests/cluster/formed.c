// How a cluster comes to be, and whether all of it is of one mind.
#include "tests/cluster/cluster.h"

#define FORM_NS (120 * SECOND)

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

static void ask_again(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];

	if (index)
		swim_join(node->swim, node_now(w, node), node_address(0), NODE_PORT);
	node_arm(w, node);
}

bool world_form_quickly(struct world *w)
{
	uint64_t over_ns = 2 * SECOND + w->options.members * MS;

	if (w->config.updates_max > QUEUE)
		w->config.updates_max = QUEUE;
	for (uint32_t i = 0; i < w->options.members; i++)
		world_call(w, rng_below(&w->rng, over_ns + 1), i, start);
	if (!world_run(w, 2 * over_ns))
		return false;
	for (uint32_t i = 0; i < w->options.members; i++)
		world_call(w, w->now_ns + rng_below(&w->rng, over_ns + 1), i, ask_again);
	if (world_run(w, w->now_ns + over_ns) && world_run_to(w, FORM_NS, world_agrees))
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
