// The section `pool:` of the configuration: presets, every kind of option, every mistake's
// sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/net/calls.h"
#include "tests/unit/control/config_stage.h"

static const char good[] =
	"node: a\n"
	"run_dir: /run/sluice/a\n"
	"control: { listen: 127.0.0.1:7701 }\n"
	"security: { cipher: \"null\" }\n"
	"links:\n"
	"- { name: wire, driver: af_xdp, interface: veth0, address: 10.77.8.1/24 }\n";

static void load_with(struct config *config, const char *pool)
{
	char error[CONFIG_ERROR_SIZE], text[2048];

	snprintf(text, sizeof(text), "%s%s", good, pool);
	if (config_stage_load(config, text, error) < 0)
		fail_msg("%s", error);
}

static void config_load__pool_presets(void **state)
{
	struct pool_config lan, other;
	struct config config;

	(void)state;
	calls_pool_preset(&lan, POOL_LAN);
	calls_pool_preset(&other, POOL_DEFAULT);
	load_with(&config, "");
	assert_memory_equal(&config.pool, &lan, sizeof(lan));
	load_with(&config, "pool: {preset: lan}\n");
	assert_memory_equal(&config.pool, &lan, sizeof(lan));
	load_with(&config, "pool: {preset: default}\n");
	assert_memory_equal(&config.pool, &other, sizeof(other));
	assert_int_equal(lan.idle_timeout_ns, 60000000000);
	assert_int_equal(other.idle_timeout_ns, 300000000000);
	assert_int_equal(lan.backoff_cap_ns, 400000000);
	assert_int_equal(other.backoff_cap_ns, 30000000000);
	assert_int_equal(lan.node_max, CALLS_NODE_SLOTS);
	assert_int_equal(other.node_max, CALLS_NODE_SLOTS);
}

static void config_load__pool_options(void **state)
{
	struct config config;

	(void)state;
	load_with(&config, "pool:\n  preset: default\n  stream_slots: 4\n  node_max: 40\n"
			   "  min_idle: 1\n  warm_up: 3\n  idle_timeout_ms: 1500\n"
			   "  max_lifetime_ms: 60000\n  validate_on_acquire: off\n"
			   "  autosize: on\n  breaker: off\n  leak_ms: 0\n  lru_entries: 7\n");
	assert_int_equal(config.pool.stream_slots, 4);
	assert_int_equal(config.pool.node_max, 40);
	assert_int_equal(config.pool.min_idle, 1);
	assert_int_equal(config.pool.warm_up, 3);
	assert_int_equal(config.pool.idle_timeout_ns, 1500000000);
	assert_int_equal(config.pool.max_lifetime_ns, 60000000000);
	assert_false(config.pool.validate_on_acquire);
	assert_true(config.pool.autosize);
	assert_false(config.pool.breaker);
	assert_int_equal(config.pool.leak_ns, 0);
	assert_int_equal(config.pool.lru_entries, 7);
	assert_int_equal(config.pool.breaker_cap_ns, 120000000000); // the preset's
	load_with(&config, "pool:\n  preset: default\n" // the example of docs/architecture.md
			   "  node_max: 32             # two connections of 16 requests each\n"
			   "  idle_timeout_ms: 30000\n  validate_on_release: on\n");
	assert_true(config.pool.validate_on_release);
}

// A piece of `pool:` and what is said of it.
static void config_load__pool_mistakes(void **state)
{
	static const struct {
		const char *piece, *sentence;
	} bad[] = {
		{"preset: wan", "pool.preset: 'wan' is not one of: default, lan"},
		{"node_max: 0", "pool.node_max: '0' is not a number from 1 to 65000"},
		{"idle_timeout_ms: 5 min",
			"pool.idle_timeout_ms: '5 min' is not a number from 0 to 86400000"},
		{"max_lifetime_ms: 3600001",
			"pool.max_lifetime_ms: '3600001' is not a number from 1000 to 3600000"},
		{"breaker: yes", "pool.breaker: 'yes' is not one of: off, on"},
		{"node_max: 200",
			"pool: node_max: at most 192: that is 12 connections of stream_slots 16, "
			"and a node takes no more of them"},
		{"total_max: 63", "pool: node_max: 1 to total_max stream slots"},
		{"stream_slots: 64, node_max: 63",
			"pool: stream_slots: 1 to node_max, or no connection has room"},
		{"min_idle: 5", "pool: min_idle: at most node_max (in stream slots)"},
		{"node_reserved: 65", "pool: node_reserved: at most node_max"},
		{"degraded_ms: 300", "pool: unhealthy: not below degraded"},
		{"backoff_base_ms: 401",
			"pool: backoff_base: at least 1 ms; backoff_cap: not below it"},
		{"breaker_cap_ms: 100",
			"pool: breaker_base: at least 1 ms; breaker_cap: not below it"},
		{"shrink_percent: 80", "pool: grow_percent: above shrink_percent, at most 100"},
		{"min_idle: [2]",
			"pool.min_idle: one value is allowed here, not a list or a mapping"},
	};
	char instead[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(instead, sizeof(instead), "pool: {%s}\nlinks:\n", bad[i].piece);
		config_stage_expect(good, "links:\n", instead, bad[i].sentence);
	}
}

// The sentence lists every key, and is whole.
static void config_load__pool_unknown_key(void **state)
{
	char error[CONFIG_ERROR_SIZE], text[2048];
	struct config config;

	(void)state;
	snprintf(text, sizeof(text), "%spool: {max_idle: 3}\n", good);
	assert_int_equal(config_stage_load(&config, text, error), -1);
	assert_non_null(strstr(error, "pool.max_idle: there is no such key; allowed here: preset, "
				      "stream_slots, node_max, "));
	assert_string_equal(error + strlen(error) - strlen(", leak_ms"), ", leak_ms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_load__pool_presets),
		cmocka_unit_test(config_load__pool_options),
		cmocka_unit_test(config_load__pool_mistakes),
		cmocka_unit_test(config_load__pool_unknown_key),
	};

	return cmocka_run_group_tests(tests, config_stage_begin, config_stage_end);
}
