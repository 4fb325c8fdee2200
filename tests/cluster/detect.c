// Detection: a node dies without a word.
#include <math.h>

#include "tests/cluster/scenario.h"

// That nobody of very many picks it in so many rounds has a probability of e^-12.
enum { ROUNDS = 12 };

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

static uint64_t suspicion_ns(const struct world *w)
{
	const struct swim_config *c = &w->config;
	double scale = fmax(1, log10(w->options.members));

	return (uint64_t)(c->suspicion_multiplier * scale * c->probe_interval_ms * (double)MS);
}

static void run(struct world *w, struct outcome *outcome)
{
	const struct swim_config *c = &w->config;
	struct detect detect = {0};
	uint64_t start_ns, least_ns, most_ns;

	if (!world_form_quickly(w) || !world_run(w, w->now_ns + 30 * SECOND))
		return;
	detect.subject = (uint32_t)rng_below(&w->rng, w->options.members);
	w->scenario = &detect;
	w->on_change = on_change;
	start_ns = w->now_ns;
	node_crash(w, &w->nodes[detect.subject]);
	least_ns = suspicion_ns(w);
	most_ns = (ROUNDS + 1) * c->probe_interval_ms * MS +
		  least_ns * (w->config.lifeguard ? c->suspicion_max_factor : 1) + 4 * SECOND;
	if (!world_run_to(w, most_ns, done))
		world_fail(w, "after %.1f s only %u nodes know that node %u is dead",
			(double)most_ns / 1e9, detect.know, detect.subject);
	// The core's logarithm is up to 2 % too small, and its clock may run fast.
	if (detect.first_ns - detect.suspect_ns < least_ns / 100 * 97)
		world_fail(w, "node %u was dead %.3f s after it was suspected", detect.subject,
			(double)(detect.first_ns - detect.suspect_ns) / 1e9);
	if (w->falsely_dead)
		world_fail(w, "%llu times a node that runs was declared dead",
			(unsigned long long)w->falsely_dead);
	outcome_add(outcome, "suspected after", "s", (double)(detect.suspect_ns - start_ns) / 1e9);
	outcome_add(
		outcome, "declared dead after", "s", (double)(detect.first_ns - start_ns) / 1e9);
	outcome_add(outcome, "known to all after", "s", (double)(detect.last_ns - start_ns) / 1e9);
	outcome_add(outcome, "minimum of suspicion", "s", (double)least_ns / 1e9);
}

// Confirmations bring suspicion down to its minimum: then three probe intervals and the news.
static const char *judge(uint32_t members, const double *medians)
{
	return medians[2] <= 1.25 * medians[3] + 5 + 0.5 * log10(members)
		       ? NULL
		       : "the dead are found later than the minimum of suspicion wants it";
}

const struct scenario scenario_detect = {
	.name = "detect",
	.says = "a node crashes: suspicion, verdict, and everybody knows",
	.members = 1000,
	.run = run,
	.judge = judge,
};
