// What a pool may be told: presets, and whether a configuration can be.
#include "control/pool/pool.h"

#define MS(n)  ((uint64_t)(n)*1000000u)
#define SEC(n) ((uint64_t)(n)*1000000000u)

#define TIME_MAX_NS SEC(366 * 86400)

static const struct pool_config preset_default = {
	.nodes_max = 1024,
	.connections_max = 1024,
	.waiters_max = 4096,
	.stream_slots = 1,
	.node_max = 100,
	.total_max = 1000,
	.node_reserved = 2,
	.min_idle = 2,
	.warm_up = 2,
	.dials_max = 4,
	.acquire_timeout_ns = SEC(30),
	.idle_timeout_ns = SEC(300),
	.max_lifetime_ns = SEC(3600),
	.lifetime_jitter = 10,
	.dial_timeout_ns = SEC(10),
	.health_interval_ns = SEC(30),
	.ping_timeout_ns = SEC(5),
	.validate_on_acquire = true,
	.validate_bypass_ns = MS(500),
	.degraded_ns = MS(50),
	.unhealthy_ns = MS(200),
	.degraded_times = 4,
	.unhealthy_times = 16,
	.relative_floor_ns = MS(1),
	.unhealthy_failures = 3,
	.dead_failures = 5,
	.backoff_base_ns = MS(100),
	.backoff_cap_ns = SEC(30),
	.backoff_jitter = 20,
	.breaker = true,
	.breaker_failures = 5,
	.breaker_percent = 50,
	.breaker_volume = 20,
	.breaker_window_ns = SEC(10),
	.breaker_successes = 2,
	.breaker_base_ns = SEC(1),
	.breaker_cap_ns = SEC(120),
	.autosize = true,
	.autosize_interval_ns = SEC(5),
	.grow_percent = 80,
	.shrink_percent = 30,
	.grow_ticks = 2,
	.shrink_ticks = 10,
	.step_percent = 20,
	.lru_entries = 1000,
	.leak_ns = SEC(60),
};

void pool_config_preset(struct pool_config *config, enum pool_preset preset)
{
	*config = preset_default;
	if (preset != POOL_LAN)
		return;
	config->node_max = 10;
	config->idle_timeout_ns = SEC(60);
	config->dial_timeout_ns = SEC(3);
	config->ping_timeout_ns = SEC(1);
	config->backoff_base_ns = MS(50);
	config->backoff_cap_ns = SEC(5);
	config->breaker_cap_ns = SEC(30);
}

static int refuse(char error[POOL_ERROR_SIZE], const char *sentence)
{
	size_t size = 0;

	for (; sentence[size] && size < POOL_ERROR_SIZE - 1; size++)
		error[size] = sentence[size];
	error[size] = 0;
	return -1;
}

// Of 0 nothing is ever done: each of these must be something.
static const char *check_present(const struct pool_config *c)
{
	if (c->nodes_max < 1 || c->nodes_max > POOL_NODES_MAX)
		return "nodes_max: 1 to 16384";
	if (c->connections_max < 1 || c->connections_max > POOL_SLOTS_MAX)
		return "connections_max: 1 to 65000";
	if (c->waiters_max < 1 || c->waiters_max > POOL_SLOTS_MAX)
		return "waiters_max: 1 to 65000";
	if (c->total_max < 1 || c->total_max > POOL_SLOTS_MAX)
		return "total_max: 1 to 65000 stream slots";
	if (c->node_max < 1 || c->node_max > c->total_max)
		return "node_max: 1 to total_max stream slots";
	if (c->stream_slots < 1 || c->stream_slots > c->node_max)
		return "stream_slots: 1 to node_max, or no connection has room";
	if (c->dials_max < 1)
		return "dials_max: at least 1";
	if (c->lru_entries > POOL_LRU_MAX)
		return "lru_entries: at most 8192";
	if (!c->acquire_timeout_ns || !c->dial_timeout_ns || !c->ping_timeout_ns)
		return "acquire_timeout, dial_timeout and ping_timeout: more than 0";
	return NULL;
}

// Sums and products of times stay far from what 64 bits hold.
static const char *check_times(const struct pool_config *c)
{
	const uint64_t times[] = {c->acquire_timeout_ns, c->idle_timeout_ns, c->max_lifetime_ns,
		c->dial_timeout_ns, c->health_interval_ns, c->ping_timeout_ns,
		c->validate_bypass_ns, c->degraded_ns, c->unhealthy_ns, c->relative_floor_ns,
		c->backoff_cap_ns, c->breaker_window_ns, c->breaker_cap_ns, c->leak_ns};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i] > TIME_MAX_NS)
			return "times: at most 366 days (0 is none, where none is possible)";
	if (c->autosize_interval_ns > SEC(86400))
		return "autosize_interval: at most a day";
	if (c->degraded_times > 1000 || c->unhealthy_times > 1000)
		return "degraded_times and unhealthy_times: at most 1000";
	return NULL;
}

static const char *check_limits(const struct pool_config *c)
{
	if (c->node_reserved > c->node_max)
		return "node_reserved: at most node_max";
	if (c->min_idle * (uint64_t)c->stream_slots > c->node_max)
		return "min_idle: at most node_max (in stream slots)";
	if (c->warm_up * (uint64_t)c->stream_slots > c->node_max)
		return "warm_up: at most node_max (in stream slots)";
	if (c->lifetime_jitter > 90 || c->backoff_jitter > 90)
		return "lifetime_jitter and backoff_jitter: 0 to 90 percent";
	if (c->unhealthy_ns < c->degraded_ns || c->unhealthy_times < c->degraded_times)
		return "unhealthy: not below degraded";
	if (c->dead_failures < c->unhealthy_failures || c->unhealthy_failures < 1)
		return "unhealthy_failures: at least 1; dead_failures: not below it";
	if (c->backoff_base_ns < 1000000 || c->backoff_cap_ns < c->backoff_base_ns)
		return "backoff_base: at least 1 ms; backoff_cap: not below it";
	if (c->grow_percent <= c->shrink_percent || c->grow_percent > 100)
		return "grow_percent: above shrink_percent, at most 100";
	if (!c->autosize_interval_ns || !c->grow_ticks || !c->shrink_ticks || !c->step_percent ||
		c->step_percent > 100)
		return "autosize: interval and ticks of at least 1, step_percent of 1 to 100";
	return NULL;
}

static const char *check_breaker(const struct pool_config *c)
{
	if (!c->breaker)
		return NULL;
	if (!c->breaker_failures || !c->breaker_volume || !c->breaker_successes)
		return "breaker_failures, breaker_volume, breaker_successes: at least 1";
	if (!c->breaker_percent || c->breaker_percent > 100 || !c->breaker_window_ns)
		return "breaker_percent: 1 to 100; breaker_window: more than 0";
	if (c->breaker_base_ns < 1000000 || c->breaker_cap_ns < c->breaker_base_ns)
		return "breaker_base: at least 1 ms; breaker_cap: not below it";
	return NULL;
}

int pool_config_check(const struct pool_config *config, char error[POOL_ERROR_SIZE])
{
	const char *sentence = check_present(config);

	if (!sentence)
		sentence = check_times(config);
	if (!sentence)
		sentence = check_limits(config);
	if (!sentence)
		sentence = check_breaker(config);
	return sentence ? refuse(error, sentence) : 0;
}
