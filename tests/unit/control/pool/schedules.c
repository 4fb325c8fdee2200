// Random schedules: whatever nodes, links, clients and operators do, limits hold, nobody is
// overtaken or forgotten, and in the end everything is back at zero. A seed that fails prints the
// command that replays it.
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/crash.h"
#include "tests/unit/control/pool/world.h"

static struct {
	const char *program;
	uint64_t seed; // running now
	bool trace;
	uint64_t granted, failed, dials, opened, rooms, flushes, leaves; // seeds that show nothing
	struct world world;
} run;

static void print_replay(void)
{
	char line[512];
	int size = snprintf(line, sizeof(line), "replay: %s --seed %llu --trace\n", run.program,
		(unsigned long long)run.seed);

	if (write(STDERR_FILENO, line, (size_t)size) < 0)
		_exit(3);
}

static uint32_t draw(struct world *w, uint32_t limit)
{
	return world_random(w, limit);
}

static bool chance(struct world *w, uint32_t percent)
{
	return world_random(w, 100) < percent;
}

// Small limits, so that they are reached. Times of seconds, so that they come.
static struct pool_config config_of(struct world *w)
{
	struct pool_config c;

	pool_config_preset(&c, chance(w, 50) ? POOL_DEFAULT : POOL_LAN);
	c.nodes_max = 4;
	c.stream_slots = chance(w, 70) ? 1 : 1 + draw(w, 4);
	c.total_max = 4 + draw(w, 20);
	c.node_max = c.stream_slots + draw(w, c.total_max - c.stream_slots + 1);
	c.connections_max = chance(w, 80) ? c.total_max : 1 + draw(w, c.total_max);
	c.node_reserved = draw(w, 3) < c.node_max ? draw(w, 2) : 0;
	c.waiters_max = 8 + draw(w, 24);
	c.min_idle = draw(w, c.node_max / c.stream_slots + 1) % 3;
	c.warm_up = c.min_idle;
	c.dials_max = 1 + draw(w, 4);
	c.idle_timeout_ns = draw(w, 3) * SEC;
	c.max_lifetime_ns = draw(w, 3) * 5 * SEC;
	c.dial_timeout_ns = c.ping_timeout_ns = SEC;
	c.health_interval_ns = draw(w, 2) * 2 * SEC;
	c.validate_on_acquire = chance(w, 50);
	c.validate_on_release = chance(w, 20);
	c.validate_bypass_ns = 100 * MS;
	c.autosize = chance(w, 70);
	c.autosize_interval_ns = SEC;
	c.breaker = chance(w, 80);
	c.breaker_cap_ns = 2 * SEC;
	c.backoff_cap_ns = SEC;
	c.lru_entries = draw(w, 5);
	return c;
}

static void node_changes(struct world *w, struct world_node *node, uint32_t at)
{
	switch (draw(w, 6)) {
	case 0:
		node->down = !node->down;
		break;
	case 1:
		node->silent = !node->silent;
		break;
	case 2:
		node->dial_ns = 1 + draw(w, 200) * MS;
		break;
	case 3:
		node->slots = 1 + draw(w, 2 * w->config.stream_slots);
		break;
	default:
		world_restart(w, at, chance(w, 50));
	}
}

static void operate(struct world *w, uint32_t node)
{
	switch (draw(w, 8)) {
	case 0:
		pool_drain(w->pool, w->now_ns, node, chance(w, 50) ? 0 : w->now_ns + SEC);
		break;
	case 1:
		pool_pause(w->pool, w->now_ns, node);
		break;
	case 2:
		pool_warm(w->pool, w->now_ns, node, draw(w, 5));
		break;
	default:
		pool_resume(w->pool, w->now_ns, node);
	}
}

static void link_changes(struct world *w)
{
	struct link *link = &w->links[draw(w, w->config.connections_max)];

	if (link->state != LINK_OPEN)
		return;
	if (chance(w, 50)) {
		run.leaves += pool_on_goaway(w->pool, w->now_ns, link->connection);
		return;
	}
	link->state = LINK_NONE;
	if (!pool_on_closed(w->pool, w->now_ns, link->connection))
		world_fail(w, "the pool does not know a link that is open");
}

static void cancel_one(struct world *w)
{
	uint32_t first = draw(w, WORLD_CLIENTS);

	for (uint32_t i = 0; i < WORLD_CLIENTS; i++) {
		uint32_t at = (first + i) % WORLD_CLIENTS;

		if (w->clients[at].state != CLIENT_WAITING)
			continue;
		world_cancel(w, at);
		return;
	}
}

static void step(struct world *w)
{
	uint32_t node = draw(w, w->nodes_count), what = draw(w, 100);

	if (what < 70)
		world_ask(w, node, draw(w, 300) * MS,
			chance(w, 70) ? 0 : w->now_ns + draw(w, 500) * MS);
	else if (what < 76)
		cancel_one(w);
	else if (what < 82)
		link_changes(w);
	else if (what < 90)
		node_changes(w, &w->nodes[node], node);
	else if (what < 94)
		operate(w, chance(w, 30) ? POOL_ALL : w->nodes[node].name);
	else
		pool_node_liveness(w->pool, w->now_ns, w->nodes[node].name, draw(w, 3));
	world_take(w);
}

static void heal(struct world *w)
{
	for (uint32_t i = 0; i < w->nodes_count; i++) {
		struct world_node *node = &w->nodes[i];

		node->down = node->silent = false;
		node->dial_ns = 5 * MS;
		pool_node_liveness(w->pool, w->now_ns, node->name, POOL_ALIVE);
		world_take(w);
	}
	w->retryable = 0;
	pool_resume(w->pool, w->now_ns, POOL_ALL);
	world_take(w);
	world_run(w, w->now_ns + 10 * SEC); // breakers and timeouts of what was lost
}

// Nobody starves: while node 0 is asked without end, a request to each other node is served.
static void starve_nobody(struct world *w)
{
	uint64_t asked_ns = w->now_ns;
	uint32_t rare = 1 + draw(w, w->nodes_count - 1), at = WORLD_CLIENTS, before;

	for (uint32_t i = 0; i < w->config.node_max && i < w->config.waiters_max / 2; i++)
		world_ask(w, 0, 20 * MS, 0);
	at = world_ask(w, rare, MS, 0);
	before = w->clients[at].state;
	while (before == CLIENT_WAITING && w->clients[at].state == CLIENT_WAITING) {
		if (w->now_ns - asked_ns > 5 * SEC)
			world_fail(w, "n%u: a request waits for %llu ms while others are served",
				rare, (unsigned long long)((w->now_ns - asked_ns) / MS));
		world_ask(w, 0, 20 * MS, 0);
		if (!world_run(w, w->now_ns + 7 * MS))
			return;
	}
	if (before == CLIENT_IDLE && w->last_why != POOL_WAITERS_FULL)
		world_fail(
			w, "n%u: refused (why %u) after everything was healed", rare, w->last_why);
}

static uint32_t leases_out(const struct pool *pool)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->config.total_max; i++)
		count += pool->leases[i].connection != LIST_NONE;
	return count;
}

static void end(struct world *w)
{
	struct pool_report report;

	world_run(w, w->now_ns + 40 * SEC);
	if (world_waiting(w) > 0)
		world_fail(w, "%u wait still, after everything was healed", world_waiting(w));
	pool_drain(w->pool, w->now_ns, POOL_ALL, 0);
	world_take(w);
	world_run(w, w->now_ns + 2 * SEC);
	pool_report(w->pool, w->now_ns, &report);
	if (report.connections || report.waiters || report.leaked)
		world_fail(w, "%u connections, %u waiters, %u leaks are reported",
			report.connections, report.waiters, report.leaked);
	if (w->pool->slots || w->pool->leased || leases_out(w->pool))
		world_fail(w, "%u slots and %u leases are left", w->pool->slots, w->pool->leased);
	for (uint32_t i = 0; i < w->nodes_count; i++) {
		const struct node *node = &w->pool->nodes[i];

		run.dials += node->counts.dials;
		run.opened += node->counts.opened;
		run.flushes += node->counts.flushes;
		if (node->counts.created != node->counts.destroyed)
			world_fail(w, "n%u: %llu created, %llu destroyed", i,
				(unsigned long long)node->counts.created,
				(unsigned long long)node->counts.destroyed);
		if (!pool_node_remove(w->pool, w->nodes[i].name))
			world_fail(w, "n%u cannot be removed", i);
	}
	if (w->pool->unreserved)
		world_fail(w, "%u wait for a reservation, and no node", w->pool->unreserved);
	if (w->pool->reserve_open || w->pool->usable)
		world_fail(w, "%u reserved, %u usable, and no node", w->pool->reserve_open,
			w->pool->usable);
	run.granted += w->granted;
	run.failed += w->failed;
	run.rooms += w->closed[POOL_ROOM];
}

static bool run_seed(uint64_t seed)
{
	struct world *w = &run.world;
	struct pool_config config;
	char error[POOL_ERROR_SIZE];

	run.seed = seed;
	w->random = seed * 2 + 1;
	config = config_of(w);
	memset(w->failure, 0, sizeof(w->failure));
	if (pool_config_check(&config, error) < 0) {
		printf("seed %llu: %s\n", (unsigned long long)seed, error);
		return false;
	}
	world_init(w, &config, 2 + (uint32_t)(seed % 3), seed, run.trace ? stdout : NULL);
	w->retryable = draw(w, 10);
	w->slow = draw(w, 10);
	for (uint32_t i = 0; i < 60 && !w->failure[0]; i++) {
		step(w);
		world_run(w, w->now_ns + (chance(w, 5) ? draw(w, 3000) : draw(w, 30)) * MS);
	}
	heal(w);
	if (!w->failure[0])
		starve_nobody(w);
	end(w);
	world_fini(w);
	if (w->failure[0]) {
		printf("seed %llu at %.6f ms: %s\n", (unsigned long long)seed,
			(double)w->now_ns / 1e6, w->failure);
		fflush(stdout);
		print_replay();
	}
	return w->failure[0] == 0;
}

// Seeds that never come to what is to be tested prove nothing about it.
static bool seeds_tell(void)
{
	printf("%llu granted, %llu failed, %llu dials, %llu breakers opened, %llu made room, %llu "
	       "flushes, %llu goaways\n",
		(unsigned long long)run.granted, (unsigned long long)run.failed,
		(unsigned long long)run.dials, (unsigned long long)run.opened,
		(unsigned long long)run.rooms, (unsigned long long)run.flushes,
		(unsigned long long)run.leaves);
	return run.granted && run.failed && run.dials && run.opened && run.rooms && run.flushes &&
	       run.leaves;
}

static int usage(void)
{
	fprintf(stderr, "usage: %s [--seed N] [--first N] [--seeds COUNT] [--trace]\n",
		run.program);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"first", required_argument, NULL, 'f'},
		{"seeds", required_argument, NULL, 'n'},
		{"trace", no_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	uint64_t first = 1, count = 1000, failed = 0;

	run.program = argv[0];
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;

		if (c == 's')
			first = value, count = 1;
		else if (c == 'f')
			first = value;
		else if (c == 'n')
			count = value;
		else if (c == 't')
			run.trace = true;
		else
			return usage();
	}
	if (optind != argc || count == 0)
		return usage();
	crash_catch(print_replay);
	for (uint64_t i = 0; i < count && failed < 10; i++)
		failed += !run_seed(first + i);
	if (failed == 0 && count >= 1000 && !seeds_tell())
		failed = 1;
	printf("%s: seeds %llu to %llu\n", failed ? "FAILED" : "all passed",
		(unsigned long long)first, (unsigned long long)(first + count - 1));
	return failed > 0;
}
