// False positives: one node in twenty is slow, and answers too late. The others must not suffer:
// neither from its accusations nor from its silence. The same seed with Lifeguard and without it.
#include "tests/cluster/scenario.h"

#define RUN_NS (300 * SECOND)
// As in the experiments of the Lifeguard paper (section V): a slow node runs for about a
// millisecond, too short for most answers, and then for about four seconds not at all.
#define BUSY_NS  (1 * MS)
#define STALL_NS (4 * SECOND)

enum { ONE_OF = 20, GAIN = 20 };

static bool measure(struct world *w, double *positives)
{
	uint32_t slow = w->options.members / ONE_OF;

	if (!world_form(w, 5 * SECOND) || !world_run(w, w->now_ns + 10 * SECOND))
		return false;
	for (uint32_t i = 0; i < slow; i++)
		node_slow(w, &w->nodes[SEED_NODES + i], BUSY_NS, STALL_NS);
	w->falsely_dead = 0;
	if (!world_run(w, w->now_ns + RUN_NS))
		return false;
	*positives = (double)w->falsely_dead;
	return true;
}

static void run(struct world *w, struct outcome *outcome)
{
	struct options options = w->options;
	struct world plain;
	double with = 0, without = 0;

	options.plain = true;
	world_init(&plain, &options);
	if (measure(w, &with) && !measure(&plain, &without))
		world_fail(w, "without Lifeguard: %.200s", plain.failure);
	world_hash(w, plain.hash);
	w->events += plain.events;
	world_fini(&plain);
	outcome_add(outcome, "falsely dead, Lifeguard", "verdicts", with);
	outcome_add(outcome, "falsely dead, plain SWIM", "verdicts", without);
}

static const char *judge(uint32_t members, const double *medians)
{
	(void)members;
	if (medians[1] < GAIN)
		return "plain SWIM errs too rarely here to compare anything with it";
	return medians[1] >= GAIN * medians[0]
		       ? NULL
		       : "Lifeguard spares less than 19 of 20 false positives";
}

const struct scenario scenario_slow = {
	.name = "slow",
	.says = "5 % slow nodes: false positives with Lifeguard and without",
	.members = 200,
	.run = run,
	.judge = judge,
};
