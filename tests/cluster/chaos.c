// Whatever the seed wants, in a small cluster: everything breaks for a while, in every combination.
// Then all is mended, and the cluster must be of one mind again.
#include "tests/cluster/scenario.h"

#define AGREE_NS (150 * SECOND)

enum { DRIFT_PPM = 20000 }; // of the worst clocks

struct chaos {
	uint64_t end_ns;
	uint64_t every_ns; // a fault, on average
	struct network calm;
};

static struct node *any(struct world *w)
{
	return &w->nodes[rng_below(&w->rng, w->options.members)];
}

static void begin_again(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];

	// Its clock was set back: it begins where it once began, and must learn better.
	if (!node->swim)
		node_start(w, node, rng_percent(&w->rng, 20));
}

static void crash(struct world *w)
{
	struct node *node = any(w);
	uint64_t away_ns = rng_below(&w->rng, rng_percent(&w->rng, 30) ? SECOND : 60 * SECOND);

	if (!node->swim)
		return;
	fault_count(w, FAULT_CRASH);
	node_crash(w, node);
	if (rng_percent(&w->rng, 80))
		world_call(w, w->now_ns + away_ns, node->index, begin_again);
}

static void resume(struct world *w, uint32_t index)
{
	world_trace(w, "node %u goes on", index);
	node_resume(w, &w->nodes[index]);
}

static void pause(struct world *w)
{
	struct node *node = any(w);

	if (!node->swim || node->paused)
		return;
	fault_count(w, FAULT_STOPPED);
	world_trace(w, "node %u is stopped", node->index);
	node_pause(node);
	world_call(w, w->now_ns + rng_below(&w->rng, 20 * SECOND), node->index, resume);
}

static void leave_end(struct world *w, uint32_t index)
{
	struct node *node = &w->nodes[index];

	if (!node->swim || !node->leaves)
		return;
	if (!node->paused && !swim_left(node->swim))
		world_fail(w, "node %u does not come to an end of leaving", index);
	node_crash(w, node);
}

static void leave(struct world *w)
{
	struct node *node = any(w);

	if (!node_is_in(node) || node->paused)
		return;
	fault_count(w, FAULT_LEAVE);
	node_leave(w, node);
	world_call(w, w->now_ns + w->config.leave_ms * MS + 10 * SECOND, node->index, leave_end);
	if (rng_percent(&w->rng, 60))
		world_call(w, w->now_ns + rng_between(&w->rng, 30, 60) * SECOND, node->index,
			begin_again);
}

static void mend_network(struct world *w, uint32_t unused)
{
	const struct chaos *chaos = w->scenario;

	(void)unused;
	w->network = chaos->calm;
}

static void burst(struct world *w)
{
	w->network.loss_ppm = (uint32_t)rng_below(&w->rng, 700000);
	w->network.late_ppm = (uint32_t)rng_below(&w->rng, 500000);
	w->network.late_ns = rng_below(&w->rng, 2 * SECOND);
	world_trace(w, "%u %% of all packets are lost", w->network.loss_ppm / 10000);
	world_call(w, w->now_ns + rng_below(&w->rng, 10 * SECOND), 0, mend_network);
}

static void mend_cuts(struct world *w, uint32_t unused)
{
	(void)unused;
	world_trace(w, "no partition");
	for (uint32_t a = 0; a < GROUPS_MAX; a++)
		for (uint32_t b = 0; b < GROUPS_MAX; b++)
			w->cut[a][b] = false;
}

// Half of them in one direction only.
static void partition(struct world *w)
{
	bool one_way = rng_percent(&w->rng, 50);

	for (uint32_t i = 0; i < w->options.members; i++)
		w->nodes[i].group = (uint32_t)rng_below(&w->rng, GROUPS_MAX);
	for (uint32_t a = 0; a < GROUPS_MAX; a++)
		for (uint32_t b = 0; b < a; b++) {
			w->cut[a][b] = rng_percent(&w->rng, 50);
			w->cut[b][a] = one_way ? rng_percent(&w->rng, 30) : w->cut[a][b];
		}
	world_trace(w, "a partition%s", one_way ? ", parts of it one way" : "");
	world_call(w, w->now_ns + rng_below(&w->rng, 60 * SECOND), 0, mend_cuts);
}

static void tell(struct world *w)
{
	struct node *node = any(w);
	uint64_t value = rng_next(&w->rng);

	if (node_is_in(node) && !node_meta(w, node, value, rng_between(&w->rng, 8, SWIM_META_MAX)))
		world_fail(w, "node %u cannot set its metadata", node->index);
}

static void slow(struct world *w)
{
	struct node *node = any(w);

	node_slow(w, node, rng_below(&w->rng, SECOND) + MS,
		rng_percent(&w->rng, 50) ? rng_below(&w->rng, 3 * SECOND) : 0);
}

static void (*const faults[])(struct world *w) = {
	crash, crash, pause, leave, burst, partition, tell, tell, slow};

static void fault(struct world *w, uint32_t unused)
{
	const struct chaos *chaos = w->scenario;

	(void)unused;
	if (w->now_ns >= chaos->end_ns)
		return;
	faults[rng_below(&w->rng, sizeof(faults) / sizeof(faults[0]))](w);
	world_call(w, w->now_ns + rng_below(&w->rng, 2 * chaos->every_ns), 0, fault);
}

static void mend_node(struct world *w, struct node *node)
{
	node_slow(w, node, 0, 0);
	node_resume(w, node);
	// Of the seeds all, of the others half of those that do not run come back.
	if (!node->swim && (node->index < SEED_NODES || rng_percent(&w->rng, 50)))
		node_start(w, node, false);
}

static bool news_known(const struct world *w)
{
	struct swim_view own, view;

	for (uint32_t a = 0; a < w->options.members; a++) {
		if (!node_is_in(&w->nodes[a]))
			continue;
		for (uint32_t m = 0; m < swim_end(w->nodes[a].swim); m++) {
			const struct node *other;

			if (!swim_member(w->nodes[a].swim, m, &view))
				continue;
			other = &w->nodes[node_of(w, view.address)];
			if (node_is_in(other) && swim_member(other->swim, SWIM_SELF, &own) &&
				(own.meta_version != view.meta_version || own.meta != view.meta))
				return false;
		}
	}
	return true;
}

static bool settled(const struct world *w)
{
	return world_agrees(w) && news_known(w);
}

// How well they remember, and how well their clocks go.
static void draw_nodes(struct world *w)
{
	int64_t drift;

	if (rng_percent(&w->rng, 30))
		w->config.dead_remember_ms = (uint32_t)rng_between(&w->rng, 20000, 60000);
	if (rng_percent(&w->rng, 30))
		w->config.left_remember_ms = (uint32_t)rng_between(&w->rng, 20000, 60000);
	drift = rng_percent(&w->rng, 30) ? DRIFT_PPM : w->options.drift_ppm;
	for (uint32_t i = 0; i < w->options.members; i++)
		w->nodes[i].drift_ppm =
			(int64_t)rng_below(&w->rng, 2 * (uint64_t)drift + 1) - drift;
	w->config.lifeguard = rng_percent(&w->rng, 90);
}

static void draw(struct world *w, struct chaos *chaos)
{
	chaos->every_ns = rng_between(&w->rng, 500, 8000) * MS;
	chaos->calm = (struct network){.delay_ns = rng_between(&w->rng, 20, 20000) * 1000,
		.jitter_ns = rng_below(&w->rng, 20) * MS,
		.loss_ppm = (uint32_t)(rng_percent(&w->rng, 50) ? rng_below(&w->rng, 100000) : 0),
		.duplicate_ppm = (uint32_t)rng_below(&w->rng, 50000),
		.late_ppm = (uint32_t)rng_below(&w->rng, 50000),
		.late_ns = rng_below(&w->rng, 500) * MS};
	w->network = chaos->calm;
}

// Who says good-bye is not taken for dead. Gossip may miss one, seldom, in so small a cluster.
static void say_goodbye(struct world *w)
{
	struct node *node = any(w);
	uint64_t news_ns = (uint64_t)(spread_latest(w->options.members) * 1e9);
	uint32_t missed = 0;

	if (w->failure[0] || !node_is_in(node))
		return;
	node_leave(w, node);
	if (!world_run(w, w->now_ns + w->config.leave_ms * MS + news_ns))
		return;
	for (uint32_t i = 0; i < w->options.members; i++)
		missed += node_is_in(&w->nodes[i]) &&
			  w->nodes[i].seen[node->index].state != SWIM_LEFT;
	if (missed > 1 || !swim_left(node->swim))
		world_fail(w, "%u nodes did not hear that node %u leaves", missed, node->index);
}

static void run(struct world *w, struct outcome *outcome)
{
	struct chaos chaos = {0};
	uint64_t start_ns;

	w->scenario = &chaos;
	draw(w, &chaos);
	draw_nodes(w);
	chaos.end_ns = rng_between(&w->rng, 60, 300) * SECOND;
	for (uint32_t i = 0; i < w->options.members; i++)
		world_call(w, rng_below(&w->rng, 20 * SECOND), i, begin_again);
	world_call(w, 0, 0, fault);
	// Whatever was to come back has done so a minute later.
	if (!world_run(w, chaos.end_ns + 75 * SECOND))
		return;
	world_trace(w, "all is mended");
	mend_network(w, 0);
	mend_cuts(w, 0);
	w->network.loss_ppm = w->network.late_ppm = 0;
	for (uint32_t i = 0; i < w->options.members; i++)
		mend_node(w, &w->nodes[i]);
	start_ns = w->now_ns;
	if (!world_run_to(w, AGREE_NS, settled)) {
		world_say_disagreement(w);
		world_fail(w, "some do not have the others' metadata");
	}
	outcome_add(outcome, "of one mind after", "s", (double)(w->now_ns - start_ns) / 1e9);
	check_quiet(w);
	say_goodbye(w);
	check_views(w);
}

const struct scenario scenario_chaos = {
	.name = "chaos",
	.says = "every fault in every combination; then all is mended, and must agree",
	.members = 0, // the seed chooses
	.run = run,
	.every_fault = true,
};
