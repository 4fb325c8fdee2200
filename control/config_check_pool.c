// What the configuration may say of the pool of control connections: each option, and all of them
// together.
#include "control/config_check.h"
#include "control/net/calls.h"
#include "control/net/calls_options.h"
#include "control/net/listener.h"

// What our pool may open to one node: its listener ends the oldest of LISTENER_PEER_MAX, and some
// are replaced now and then.
#define POOL_CONNECTIONS_MAX (LISTENER_PEER_MAX - 4)

enum option_kind { OPTION_NUMBER, OPTION_TIME, OPTION_SWITCH };

struct option {
	const char *key;
	enum option_kind kind;
	size_t raw, pool; // offsets: char *; uint32_t, uint64_t, bool
	uint32_t min, max;
};

#define NUMBER(key, min, max)                                                                    \
	{#key, OPTION_NUMBER, offsetof(struct raw_pool, key), offsetof(struct pool_config, key), \
		min, max},
#define TIME(key, min, max)                                            \
	{#key "_ms", OPTION_TIME, offsetof(struct raw_pool, key##_ms), \
		offsetof(struct pool_config, key##_ns), min, max},
#define SWITCH(key)                                                                              \
	{#key, OPTION_SWITCH, offsetof(struct raw_pool, key), offsetof(struct pool_config, key), \
		0, 1},

static const struct option options[] = {CALLS_OPTIONS(NUMBER, TIME, SWITCH)};

static bool option_parse(const struct option *option, const char *text, struct pool_config *pool,
	char why[SETUP_WHY_SIZE])
{
	static const char *const switches[] = {"off", "on", NULL};
	char *at = (char *)pool + option->pool;
	uint32_t number = 0;
	int on = 0;

	switch (option->kind) {
	case OPTION_NUMBER:
		return setup_number((uint32_t *)(void *)at, text, option->min, option->max, why);
	case OPTION_TIME:
		if (!setup_number(&number, text, option->min, option->max, why))
			return false;
		*(uint64_t *)(void *)at = number * 1000000ull;
		return true;
	case OPTION_SWITCH:
		if (!setup_choice(&on, text, switches, why))
			return false;
		*(bool *)at = on;
		return true;
	}
	return false;
}

static int check_options(const struct check *check, const struct raw_pool *raw)
{
	char why[SETUP_WHY_SIZE];

	for (size_t i = 0; i < COUNT(options); i++) {
		const char *text = *(char *const *)((const char *)raw + options[i].raw);

		if (text && !option_parse(&options[i], text, &check->config->pool, why))
			return check_fail(check, "pool.%s: %s", options[i].key, why);
	}
	return 0;
}

// Those written and those of the preset.
static int check_together(const struct check *check)
{
	const struct pool_config *pool = &check->config->pool;
	char why[POOL_ERROR_SIZE];

	if (pool_config_check(pool, why) < 0)
		return check_fail(check, "pool: %s", why);
	if (pool->node_max > POOL_CONNECTIONS_MAX * pool->stream_slots)
		return check_fail(check,
			"pool: node_max: at most %u: that is %d connections of stream_slots %u, "
			"and a node takes no more of them",
			POOL_CONNECTIONS_MAX * pool->stream_slots, POOL_CONNECTIONS_MAX,
			pool->stream_slots);
	return 0;
}

int check_pool(const struct check *check)
{
	static const char *const presets[] = {"default", "lan", NULL};
	static const struct raw_pool nothing;
	const struct raw_pool *raw = check->raw->pool ? check->raw->pool : &nothing;
	char why[SETUP_WHY_SIZE];
	int preset = POOL_LAN;

	if (raw->preset && !setup_choice(&preset, raw->preset, presets, why))
		return check_fail(check, "pool.preset: %s", why);
	calls_pool_preset(&check->config->pool, (enum pool_preset)preset);
	return check_options(check, raw) < 0 ? -1 : check_together(check);
}
