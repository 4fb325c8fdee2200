// Two parts of a cluster that only the rejoin prober brings together: they are apart for longer
// than anybody gossips to the dead, nobody starts again, and either no seed runs any more (then one
// of the dead must be asked), or the other part is forgotten (then a seed must).
#include "tests/cluster/scenario.h"

#define APART_NS (300 * SECOND)
#define AGAIN_NS (150 * SECOND)

static void separate(struct world *w)
{
	uint32_t last = w->options.members - 1;

	for (uint32_t i = 0; i <= last; i++)
		w->nodes[i].group = (uint32_t)rng_below(&w->rng, 2);
	// Nobody is alone with nobody: the last two always run.
	w->nodes[last].group = 1 - w->nodes[last - 1].group;
	w->cut[0][1] = w->cut[1][0] = true;
}

// Nobody knows anybody of the other part as alive.
static bool apart(const struct world *w)
{
	for (uint32_t a = 0; a < w->options.members; a++)
		for (uint32_t b = 0; b < w->options.members; b++) {
			enum swim_state state =
				w->nodes[a].swim ? w->nodes[a].seen[b].state : SWIM_ABSENT;

			if (w->nodes[a].group != w->nodes[b].group &&
				(state == SWIM_ALIVE || state == SWIM_SUSPECT))
				return false;
		}
	return true;
}

// ... nor as dead.
static bool forgotten(const struct world *w)
{
	for (uint32_t a = 0; a < w->options.members; a++)
		for (uint32_t b = 0; b < w->options.members; b++)
			if (w->nodes[a].swim && w->nodes[a].group != w->nodes[b].group &&
				w->nodes[a].seen[b].state != SWIM_ABSENT)
				return false;
	return true;
}

static bool begin(struct world *w, bool seeds_end)
{
	if (!world_form(w, 5 * SECOND) || !world_run(w, w->now_ns + 10 * SECOND))
		return false;
	if (!seeds_end)
		return true;
	for (uint32_t i = 0; i < w->seeds; i++)
		node_crash(w, &w->nodes[i]);
	if (world_run_to(w, APART_NS, world_agrees))
		return true;
	world_say_disagreement(w);
	return false;
}

static bool divide(struct world *w, bool forget)
{
	uint64_t gossip_ns = w->config.gossip_to_dead_ms * MS;

	separate(w);
	if (!world_run_to(w, APART_NS, apart))
		world_fail(w, "the parts do not take each other for dead");
	else if (!forget)
		return world_run(w, w->now_ns + gossip_ns + SECOND);
	else if (!world_run_to(w, APART_NS, forgotten))
		world_fail(w, "the parts do not forget each other");
	return !w->failure[0];
}

static void run(struct world *w, struct outcome *outcome)
{
	bool seeds_end = w->options.members >= SEED_NODES + 2 && rng_percent(&w->rng, 50);
	uint64_t start_ns;

	if (!seeds_end)
		w->config.dead_remember_ms = 40000;
	if (!begin(w, seeds_end) || !divide(w, !seeds_end))
		return;
	w->cut[0][1] = w->cut[1][0] = false;
	start_ns = w->now_ns;
	world_trace(w, "nothing is between the parts, %s",
		seeds_end ? "and no seed runs" : "which do not know each other");
	if (!world_run_to(w, AGAIN_NS, world_agrees))
		world_say_disagreement(w);
	outcome_add(outcome, "together after", "s", (double)(w->now_ns - start_ns) / 1e9);
	check_quiet(w);
	check_views(w);
}

const struct scenario scenario_rejoin = {
	.name = "rejoin",
	.says = "parts that only the rejoin prober brings together, then quiet",
	.members = 0, // the seed chooses
	.run = run,
};
