// A partition that lasts ten minutes, and what comes after it.
#include <math.h>

#include "tests/cluster/scenario.h"

#define PARTITION_NS (600 * SECOND)

enum { CRASHES = 5 }; // meanwhile

// Anti-entropy's own interval grows with the cluster.
static uint64_t sync_ns(const struct world *w)
{
	double scale = w->options.members > 32 ? 1 + ceil(log2(w->options.members / 32.0)) : 1;

	return (uint64_t)(w->config.sync_interval_ms * scale * (double)MS);
}

static void separate(struct world *w)
{
	for (uint32_t i = 0; i < w->options.members; i++)
		w->nodes[i].group = (uint32_t)rng_below(&w->rng, 2);
	w->cut[0][1] = w->cut[1][0] = true;
}

// Nobody knows anybody of the other part as alive.
static bool apart(const struct world *w)
{
	uint32_t in[2] = {0};

	for (uint32_t i = 0; i < w->options.members; i++)
		in[w->nodes[i].group] += node_is_in(&w->nodes[i]);
	for (uint32_t i = 0; i < w->options.members; i++)
		if (node_is_in(&w->nodes[i]) &&
			swim_count(w->nodes[i].swim) != in[w->nodes[i].group])
			return false;
	return true;
}

static void run(struct world *w, struct outcome *outcome)
{
	uint64_t start_ns, apart_ns;

	if (!world_form(w, 5 * SECOND) || !world_run(w, w->now_ns + 10 * SECOND))
		return;
	start_ns = w->now_ns;
	separate(w);
	if (!world_run_to(w, PARTITION_NS / 2, apart)) {
		world_fail(w, "the parts do not take each other for dead");
		return;
	}
	apart_ns = w->now_ns - start_ns;
	for (uint32_t i = 0; i < CRASHES; i++) {
		struct node *node =
			&w->nodes[rng_between(&w->rng, SEED_NODES, w->options.members - 1)];

		if (node->swim)
			node_crash(w, node);
	}
	if (!world_run(w, start_ns + PARTITION_NS))
		return;
	w->cut[0][1] = w->cut[1][0] = false;
	start_ns = w->now_ns;
	world_trace(w, "the partition heals");
	if (!world_run_to(w, 2 * sync_ns(w), world_agrees))
		world_say_disagreement(w);
	outcome_add(outcome, "healed after", "s", (double)(w->now_ns - start_ns) / 1e9);
	outcome_add(outcome, "each part alone after", "s", (double)apart_ns / 1e9);
	check_views(w);
}

const struct scenario scenario_heal = {
	.name = "heal",
	.says = "after a partition of 10 minutes everybody sees every survivor",
	.members = 1000,
	.run = run,
};
