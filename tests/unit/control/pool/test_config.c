// Presets stand, and what cannot be is refused with a sentence that names it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/pool/pool.h"

static void preset__is_what_the_design_says(void **state)
{
	struct pool_config c;
	char error[POOL_ERROR_SIZE];

	(void)state;
	pool_config_preset(&c, POOL_DEFAULT);
	assert_int_equal(pool_config_check(&c, error), 0);
	assert_int_equal(c.min_idle, 2);
	assert_int_equal(c.node_max, 100);
	assert_int_equal(c.total_max, 1000);
	assert_int_equal(c.acquire_timeout_ns, 30000000000u);
	assert_int_equal(c.idle_timeout_ns, 300000000000u);
	assert_int_equal(c.max_lifetime_ns, 3600000000000u);
	assert_int_equal(c.health_interval_ns, 30000000000u);
	pool_config_preset(&c, POOL_LAN);
	assert_int_equal(pool_config_check(&c, error), 0);
	assert_int_equal(c.node_max, 10);
	assert_int_equal(c.idle_timeout_ns, 60000000000u);
}

#define REFUSED(change, word)                                       \
	do {                                                        \
		struct pool_config c;                               \
		char error[POOL_ERROR_SIZE] = "";                   \
		pool_config_preset(&c, POOL_DEFAULT);               \
		change;                                             \
		assert_int_equal(pool_config_check(&c, error), -1); \
		assert_non_null(strstr(error, word));               \
	} while (0)

static void check__names_what_cannot_be(void **state)
{
	(void)state;
	REFUSED(c.nodes_max = 0, "nodes_max");
	REFUSED(c.nodes_max = POOL_NODES_MAX + 1, "nodes_max");
	REFUSED(c.connections_max = 65001, "connections_max");
	REFUSED(c.waiters_max = 0, "waiters_max");
	REFUSED(c.total_max = 0, "total_max");
	REFUSED(c.node_max = 1001, "node_max");
	REFUSED(c.stream_slots = 101, "stream_slots");
	REFUSED(c.dials_max = 0, "dials_max");
	REFUSED(c.lru_entries = 8193, "lru_entries");
	REFUSED(c.acquire_timeout_ns = 0, "acquire_timeout");
	REFUSED(c.acquire_timeout_ns = UINT64_MAX, "times: at most 366 days");
	REFUSED(c.max_lifetime_ns = UINT64_MAX, "times: at most 366 days");
	REFUSED(c.breaker_cap_ns = UINT64_MAX, "times: at most 366 days");
	REFUSED(c.autosize_interval_ns = 366 * 86400000000000ull, "autosize_interval");
	REFUSED(c.unhealthy_times = UINT32_MAX, "unhealthy_times");
	REFUSED(c.node_reserved = 101, "node_reserved");
	REFUSED(c.min_idle = 101, "min_idle");
	REFUSED(c.min_idle = UINT32_MAX, "min_idle");
	REFUSED(c.warm_up = 101, "warm_up");
	REFUSED(c.lifetime_jitter = 91, "lifetime_jitter");
	REFUSED(c.unhealthy_ns = 1, "unhealthy");
	REFUSED(c.dead_failures = 2, "dead_failures");
	REFUSED(c.backoff_cap_ns = 1, "backoff_cap");
	REFUSED(c.grow_percent = 30, "grow_percent");
	REFUSED(c.autosize_interval_ns = 0, "autosize");
	REFUSED(c.breaker_failures = 0, "breaker_failures");
	REFUSED(c.breaker_percent = 101, "breaker_percent");
	REFUSED(c.breaker_cap_ns = 1, "breaker_cap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preset__is_what_the_design_says),
		cmocka_unit_test(check__names_what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
