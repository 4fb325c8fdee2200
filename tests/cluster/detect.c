// Detection: a node dies without a word.
#include <math.h>

#include "tests/cluster/scenario.h"

// Of n nodes each probes one a round, so 1 on average probes the dead one, and of very many nobody
// does in so many rounds with a probability of e^-12.
enum { ROUNDS = 12 };
// In these rounds it is probed so seldom (not once; not by three more) in 5 runs of 100.
enum { FIRST_ROUNDS = 3, CONFIRM_ROUNDS = 7 };
// The core's logarithm of 2 is a straight line between powers of two, and cut to thousandths.
#define LOG10_ERROR (0.0861 * 0.30103 + 0.001)

struct detect {
	uint32_t subject;
	uint32_t know;
	uint64_t suspect_ns, first_ns, last_ns;
};

static void on_change(
	struct world *w, struct node *node, uint32_t subject, const struct swim_change *change)
{
	struct detect *detect = w->scenario;

	(void)node;
	if (subject != detect->subject)
		return;
	if (change->to == SWIM_SUSPECT && !detect->suspect_ns)
		detect->suspect_ns = w->now_ns;
	if (change->to != SWIM_DEAD)
		return;
	if (!detect->know++)
		detect->first_ns = w->now_ns;
	detect->last_ns = w->now_ns;
}

static bool done(const struct world *w)
{
	const struct detect *detect = w->scenario;

	return detect->know == w->options.members - 1;
}

// The minimum of suspicion, if the logarithm is so much too small.
static double suspicion(const struct world *w, double error)
{
	const struct swim_config *c = &w->config;
	double scale = fmax(1, log10(w->options.members + 1) - error);

	return c->suspicion_multiplier * scale * c->probe_interval_ms / 1000;
}

// A verdict sooner than that breaks the protocol, on the fastest clock.
static double soonest(const struct world *w)
{
	return suspicion(w, LOG10_ERROR) / (1 + w->options.drift_ppm / 1e6);
}

// Later than that neither: nobody confirms, and the news of it take their time.
static double latest(const struct world *w)
{
	double factor = w->config.lifeguard ? w->config.suspicion_max_factor : 1;

	return (ROUNDS + 1) * w->config.probe_interval_ms / 1000.0 + factor * suspicion(w, 0) +
	       spread_latest(w->options.members);
}

// Somebody probes it and waits for the end of the round; three more do, and all hear of them, while
// suspicion runs down to its minimum; all hear the verdict.
static double goal(const struct world *w)
{
	double round = w->config.probe_interval_ms / 1000.0;
	double news = spread_latest(w->options.members);
	double confirmed = w->config.lifeguard ? CONFIRM_ROUNDS * round + news : 0;

	return (FIRST_ROUNDS + 1) * round + fmax(suspicion(w, 0), confirmed) + news;
}

static void run(struct world *w, struct outcome *outcome)
{
	struct detect detect = {0};
	uint64_t start_ns;
	double doubt;

	if (!world_form_quickly(w) || !world_run(w, w->now_ns + 30 * SECOND))
		return;
	detect.subject = (uint32_t)rng_below(&w->rng, w->options.members);
	w->scenario = &detect;
	w->on_change = on_change;
	start_ns = w->now_ns;
	node_crash(w, &w->nodes[detect.subject]);
	if (!world_run_to(w, (uint64_t)(latest(w) * 1e9), done))
		world_fail(w, "after %.1f s only %u nodes know that node %u is dead", latest(w),
			detect.know, detect.subject);
	doubt = (double)(detect.first_ns - detect.suspect_ns) / 1e9;
	if (doubt < soonest(w))
		world_fail(w, "node %u was dead %.3f s after it was suspected, %.3f s is the least",
			detect.subject, doubt, soonest(w));
	if (w->falsely_dead)
		world_fail(w, "%llu times a node that runs was declared dead",
			(unsigned long long)w->falsely_dead);
	outcome_add(outcome, "suspected after", "s", (double)(detect.suspect_ns - start_ns) / 1e9);
	outcome_add(
		outcome, "declared dead after", "s", (double)(detect.first_ns - start_ns) / 1e9);
	outcome_add(outcome, "known to all after", "s", (double)(detect.last_ns - start_ns) / 1e9);
	outcome_add(outcome, "goal", "s", goal(w));
}

static const char *judge(uint32_t members, const double *medians)
{
	(void)members;
	return medians[2] <= medians[3]
		       ? NULL
		       : "the dead are found later than probes, confirmations and news take";
}

const struct scenario scenario_detect = {
	.name = "detect",
	.says = "a node crashes: suspicion, verdict, and everybody knows",
	.members = 1000,
	.run = run,
	.judge = judge,
};
