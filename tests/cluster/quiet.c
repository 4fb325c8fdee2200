// When nothing happens any more nothing is said but probes, and nobody takes itself for slow.
#include "tests/cluster/cluster.h"

#define SETTLE_NS (90 * SECOND) // the last news; and ill-health that goes step by step
#define WATCH_NS  (30 * SECOND)

bool world_hushed(const struct world *w)
{
	struct swim_report report;

	for (uint32_t i = 0; i < w->options.members; i++) {
		if (!node_is_in(&w->nodes[i]))
			continue;
		swim_report(w->nodes[i].swim, &report);
		if (report.updates)
			return false;
	}
	return true;
}

static bool calm(const struct world *w)
{
	struct swim_report report;

	for (uint32_t i = 0; i < w->options.members; i++) {
		if (!node_is_in(&w->nodes[i]))
			continue;
		swim_report(w->nodes[i].swim, &report);
		if (report.health)
			return false;
	}
	return world_hushed(w);
}

static double datagrams(const struct world *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < w->options.members; i++)
		sum += (double)w->nodes[i].sent;
	return sum;
}

static uint32_t running(const struct world *w)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < w->options.members; i++)
		count += node_is_in(&w->nodes[i]);
	return count;
}

// A ping and an ack each round of probes; of the rejoin prober a ping to one of the dead, and one
// to each seed that does not run. One round more or less may be in sight.
void check_quiet(struct world *w)
{
	const struct swim_config *c = &w->config;
	double seconds = (double)WATCH_NS / 1e9, members = running(w), before, each;
	double probes = 2000.0 / c->probe_interval_ms, most, least;

	if (!world_run_to(w, SETTLE_NS, calm)) {
		world_fail(w, "news do not come to an end, or ill-health does not");
		return;
	}
	before = datagrams(w);
	if (members < 2 || !world_run(w, w->now_ns + WATCH_NS))
		return;
	each = (datagrams(w) - before) / members;
	most = probes * (seconds + 1) +
	       (1 + w->seeds) * 1000.0 / c->rejoin_interval_ms * (seconds + 1);
	least = probes * (seconds - 1);
	if (each > most || each < least)
		world_fail(w, "a member sends %.1f datagrams in %.0f s of quiet, not %.1f to %.1f",
			each, seconds, least, most);
}
