// Dissemination: how long it takes until everybody has a node's new metadata, and that it is said
// no more then.
#include <math.h>

#include "tests/cluster/scenario.h"

#define GIVE_UP_NS (60 * SECOND)

enum { NEWS = 5 }; // of a seed: forming a cluster takes longer than they do

struct spread {
	uint32_t subject;
	uint32_t have; // nodes that heard of it
	uint64_t last_ns;
};

static void on_change(
	struct world *w, struct node *node, uint32_t subject, const struct swim_change *change)
{
	struct spread *spread = w->scenario;

	(void)node;
	if (subject != spread->subject || !change->meta)
		return;
	spread->have++;
	spread->last_ns = w->now_ns;
}

static bool done(const struct world *w)
{
	const struct spread *spread = w->scenario;

	return spread->have == w->options.members - 1;
}

// Who hears it last says it for so many rounds of gossip at most, and may wait for the first.
static uint64_t rest_ns(const struct world *w)
{
	const struct swim_config *c = &w->config;
	double times = c->retransmit * ceil(log10(w->options.members + 1));

	return (uint64_t)(ceil(times / c->gossip_fanout) + 1) * c->gossip_interval_ms * MS +
	       10 * MS;
}

// Returns how long it took.
static uint64_t tell(struct world *w, struct spread *spread, uint64_t value)
{
	uint64_t start_ns;

	world_run(w, w->now_ns + rng_below(&w->rng, SECOND));
	*spread = (struct spread){.subject = (uint32_t)rng_below(&w->rng, w->options.members)};
	start_ns = w->now_ns;
	node_meta(w, &w->nodes[spread->subject], value, 64);
	if (!world_run_to(w, GIVE_UP_NS, done))
		world_fail(w, "only %u nodes heard of it", spread->have);
	if (!world_run_to(w, rest_ns(w), world_hushed))
		world_fail(w, "who has said it often enough says it again");
	return spread->last_ns - start_ns;
}

// A node that knows sends so many datagrams a second: rounds of gossip, and a ping and an ack each
// round of probes. If each of them found somebody who does not know yet, those who know would
// multiply by e in the time between two; nothing can be faster than that.
static double soonest(const struct world *w)
{
	const struct swim_config *c = &w->config;
	double each_ms = 1 / (c->gossip_fanout / (double)c->gossip_interval_ms +
				     2 / (double)c->probe_interval_ms);

	return log(w->options.members) * each_ms / 1000;
}

static void measure(struct world *w, struct outcome *outcome)
{
	struct spread spread = {.subject = UINT32_MAX};
	uint64_t sum_ns = 0, one_ns, most_ns = 0;

	w->scenario = &spread;
	w->on_change = on_change;
	if (!world_run_to(w, GIVE_UP_NS, world_hushed))
		world_fail(w, "the news of those who joined do not come to rest");
	for (uint64_t i = 0; i < NEWS && !w->failure[0]; i++) {
		one_ns = tell(w, &spread, i);
		sum_ns += one_ns;
		most_ns = one_ns > most_ns ? one_ns : most_ns;
	}
	outcome_add(outcome, "known to all after", "s", (double)sum_ns / 1e9 / NEWS);
	outcome_add(outcome, "... at most", "s", (double)most_ns / 1e9);
	outcome_add(outcome, "no sooner than", "s", soonest(w));
}

static void run(struct world *w, struct outcome *outcome)
{
	if (world_form_quickly(w))
		measure(w, outcome);
}

// The model that the figures are from: rounds of gossip and nothing else. All
// nodes speak at once, then wait for the next round; no probe carries any news.
// Lifeguard would take a timer that waits for the others for a slow node.
static void run_lockstep(struct world *w, struct outcome *outcome)
{
	w->config.lifeguard = false;
	w->config.probe_interval_ms = 3600 * 1000;
	if (!world_form_quickly(w))
		return;
	w->lockstep_ns = w->config.gossip_interval_ms * MS;
	measure(w, outcome);
}

// 1.6 s at 1,000 and 2.1 s at 10,000 members, and on that line elsewhere.
static double expected(uint32_t members)
{
	return 1.6 + 0.5 * log10(members / 1000.0);
}

double spread_latest(uint32_t members)
{
	return 1.2 * expected(members);
}

static const char *judge_lockstep(uint32_t members, const double *medians)
{
	return fabs(medians[0] - expected(members)) <= 0.2 * expected(members)
		       ? NULL
		       : "news do not spread as they do by theory (1.6 s at 1,000 members, 2.1 s "
			 "at "
			 "10,000, within a fifth)";
}

static const char *judge(uint32_t members, const double *medians)
{
	if (medians[0] > spread_latest(members))
		return "news spread too slowly (1.6 s at 1,000 members, 2.1 s at 10,000, and a "
		       "fifth more at most)";
	return medians[0] > medians[2] ? NULL
				       : "news spread faster than so few datagrams can carry them";
}

const struct scenario scenario_spread = {
	.name = "spread",
	.says = "one node's news: how long until everybody has them",
	.members = 1000,
	.run = run,
	.judge = judge,
};

const struct scenario scenario_lockstep = {
	.name = "lockstep",
	.says = "the same, but all nodes speak at the same times, as in the usual model",
	.members = 1000,
	.run = run_lockstep,
	.judge = judge_lockstep,
};
