// Two members that do not reach each other, neither by datagrams nor by connections, while all
// others reach both: others are asked to probe them, and nobody suspects anybody.
#include "tests/cluster/scenario.h"

#define CUT_NS (60 * SECOND)

static void on_change(
	struct world *w, struct node *node, uint32_t subject, const struct swim_change *change)
{
	if (change->to != SWIM_ALIVE)
		world_fail(w, "for node %u, node %u is %s, and others reach it", node->index,
			subject, swim_state_name((enum swim_state)change->to));
}

static void run(struct world *w, struct outcome *outcome)
{
	uint32_t a = (uint32_t)rng_below(&w->rng, w->options.members);
	uint32_t b = (a + 1) % w->options.members;
	struct swim_report report;
	uint64_t probes = 0;

	if (!world_form(w, 5 * SECOND) || !world_run(w, w->now_ns + 10 * SECOND))
		return;
	w->nodes[a].group = 1;
	w->nodes[b].group = 2;
	w->cut[1][2] = w->cut[2][1] = true;
	w->on_change = on_change;
	if (!world_run(w, w->now_ns + CUT_NS))
		return;
	for (uint32_t i = 0; i < w->options.members; i++) {
		swim_report(w->nodes[i].swim, &report);
		probes += report.probes_indirect;
	}
	if (probes == 0)
		world_fail(w, "nobody was asked to probe another, so nothing is proven");
	outcome_add(outcome, "probes through others", "", (double)probes);
	check_views(w);
}

const struct scenario scenario_detour = {
	.name = "detour",
	.says = "two members do not reach each other, all others do: nobody suspects them",
	.members = 12,
	.run = run,
};
