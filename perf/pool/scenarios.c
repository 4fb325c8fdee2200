// What the pool does with a spike, and with a load that rises and falls for ten minutes, in virtual
// time: the same every time. Time is that of requests, from asking to their end; the limit is what
// they take when each has a connection at once (or, of the spike, when the warm ones are never
// idle).
#include <jansson.h>
#include <stdlib.h>

#include "perf/pool/clients.h"
#include "perf/pool/rows.h"

#define MS  1000000ull
#define SEC 1000000000ull

enum { SPIKE = 50, WARM = 2 };

void *pool_scenario_open(const struct bench *bench)
{
	(void)bench;
	return malloc(sizeof(struct clients));
}

static struct pool_config config_of(void)
{
	struct pool_config config;

	pool_config_preset(&config, POOL_DEFAULT);
	config.nodes_max = 1;
	config.connections_max = CLIENTS_LINKS;
	config.total_max = CLIENTS_LINKS;
	return config;
}

// 50 clients at once; connecting takes 150 ms, a request 2 ms.
int pool_spike_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct pool_config config = config_of();
	struct clients *c = state;
	uint64_t began_ns;

	(void)duration_ns;
	if (!clients_open(c, &config, 150 * MS, 2 * MS))
		return -1;
	clients_run(c, c->now_ns + SEC);
	began_ns = c->now_ns;
	for (uint32_t i = 0; i < SPIKE; i++)
		clients_ask(c);
	while (c->served < SPIKE)
		clients_run(c, c->now_ns + MS);
	out->units = c->served;
	out->ns = c->now_ns - began_ns;
	clients_run(c, c->now_ns + SEC);
	out->hash = c->served;
	out->extra = json_pack("{s:I,s:I}", "connections_end", (json_int_t)c->open,
		"connections_max", (json_int_t)c->open_max);
	clients_close(c);
	return 0;
}

int pool_spike_limit_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	(void)state, (void)duration_ns;
	out->units = out->hash = SPIKE;
	out->ns = SPIKE / WARM * 2 * MS;
	return 0;
}

// Clients that are busy at the same time, at that second: a morning, a peak, an evening.
static uint32_t wanted_at(uint64_t second)
{
	if (second < 60)
		return 2;
	if (second < 180)
		return 2 + (uint32_t)(second - 60) / 3;
	if (second < 300)
		return 42;
	if (second < 420)
		return 42 - (uint32_t)(second - 300) / 3;
	return second < 480 ? 2 : 0;
}

static void point(struct clients *c, json_t *points, uint64_t second)
{
	struct pool_node_report node;
	uint32_t at = 0;

	pool_report_node(c->pool, &at, &node);
	json_array_append_new(points,
		json_pack("{s:I,s:I,s:I,s:I}", "t_s", (json_int_t)second, "leased",
			(json_int_t)node.slots.leased, "connections", (json_int_t)node.connections,
			"ready_goal", (json_int_t)node.ready_goal));
}

// Ten minutes; each client asks again as soon as it was served. A request takes 100 ms.
int pool_autosize_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	struct pool_config config = config_of();
	struct clients *c = state;
	uint64_t start_ns;
	json_t *points = json_array();

	(void)duration_ns;
	if (!clients_open(c, &config, 150 * MS, 100 * MS)) {
		json_decref(points);
		return -1;
	}
	start_ns = c->now_ns;
	for (uint64_t tick = 0; tick < 6000; tick++) {
		while (c->holding + c->waiting < wanted_at(tick / 10))
			clients_ask(c);
		if (tick % 20 == 19)
			point(c, points, tick / 10);
		clients_run(c, start_ns + (tick + 1) * 100 * MS);
	}
	out->units = out->hash = c->served;
	out->ns = c->took_ns;
	out->extra = json_pack("{s:o,s:I,s:I}", "autosize", points, "connections_end",
		(json_int_t)c->open, "connections_max", (json_int_t)c->open_max);
	clients_close(c);
	return 0;
}

int pool_autosize_limit_sample(void *state, uint64_t duration_ns, struct bench_figures *out)
{
	(void)state, (void)duration_ns;
	out->units = out->hash = 1;
	out->ns = 100 * MS;
	return 0;
}
