// What membership costs when nothing happens, against a cluster of a tenth of the size.
#include "tests/cluster/scenario.h"

#define RUN_NS (60 * SECOND)

enum { SMALLER = 10 };

struct load {
	double messages, bytes; // of a member in a second
};

static void count(const struct world *w, struct load *load)
{
	*load = (struct load){0};
	for (uint32_t i = 0; i < w->options.members; i++) {
		const struct node *node = &w->nodes[i];

		load->messages += (double)(node->sent + node->frames);
		load->bytes += (double)(node->sent_bytes + node->frame_bytes);
	}
	load->messages /= w->options.members;
	load->bytes /= w->options.members;
}

// Nobody is slow here, and nobody takes itself for slow.
static bool well(struct world *w)
{
	struct swim_report report;

	for (uint32_t i = 0; i < w->options.members; i++) {
		swim_report(w->nodes[i].swim, &report);
		if (report.health)
			world_fail(w, "node %u takes itself for slow, and nothing is wrong", i);
	}
	return !w->failure[0];
}

static bool measure(struct world *w, struct load *load)
{
	double seconds = (double)RUN_NS / 1e9;
	struct load before;

	if (!world_form_quickly(w) || !world_run(w, w->now_ns + 60 * SECOND))
		return false;
	count(w, &before);
	if (!world_run(w, w->now_ns + RUN_NS))
		return false;
	count(w, load);
	load->messages = (load->messages - before.messages) / seconds;
	load->bytes = (load->bytes - before.bytes) / seconds;
	return well(w);
}

static void run(struct world *w, struct outcome *outcome)
{
	struct options options = w->options;
	struct load large = {0}, small = {0};
	struct world other;

	options.members /= SMALLER;
	world_init(&other, &options);
	if (measure(w, &large) && !measure(&other, &small))
		world_fail(w, "with %u members: %.200s", options.members, other.failure);
	world_hash(w, other.hash);
	w->events += other.events;
	world_fini(&other);
	outcome_add(outcome, "messages of a member", "1/s", large.messages);
	outcome_add(outcome, "the same, a tenth of them", "1/s", small.messages);
	outcome_add(outcome, "bytes of a member", "B/s", large.bytes);
}

static const char *judge(uint32_t members, const double *medians)
{
	(void)members;
	return medians[0] <= 1.1 * medians[1]
		       ? NULL
		       : "the messages of a member grow with the size of the cluster";
}

const struct scenario scenario_load = {
	.name = "load",
	.says = "messages of a member in a second, and in a cluster of a tenth of the size",
	.members = 1000,
	.run = run,
	.judge = judge,
};
