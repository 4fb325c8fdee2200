// The options of the pool of control connections that the configuration may set, in one list: the
// section `pool:` of the file, what is allowed there, and what `pool.show` tells come from it.
#pragma once

// NUMBER(key, min, max); TIME: key_ms in the file, key_ns in struct pool_config; SWITCH: on or off.
// A connection grows no older than CONN_AGE_MS, or its listener ends it.
#define CALLS_OPTIONS(NUMBER, TIME, SWITCH)   \
	NUMBER(stream_slots, 1, 64)           \
	NUMBER(node_max, 1, 65000)            \
	NUMBER(total_max, 1, 65000)           \
	NUMBER(node_reserved, 0, 65000)       \
	NUMBER(min_idle, 0, 64)               \
	NUMBER(warm_up, 0, 64)                \
	NUMBER(dials_max, 1, 64)              \
	TIME(acquire_timeout, 1, 3600000)     \
	TIME(idle_timeout, 0, 86400000)       \
	TIME(max_lifetime, 1000, CONN_AGE_MS) \
	NUMBER(lifetime_jitter, 0, 90)        \
	TIME(dial_timeout, 10, 60000)         \
	TIME(health_interval, 0, 60000)       \
	TIME(ping_timeout, 10, 60000)         \
	SWITCH(validate_on_acquire)           \
	TIME(validate_bypass, 0, 3600000)     \
	SWITCH(validate_on_release)           \
	TIME(degraded, 1, 60000)              \
	TIME(unhealthy, 1, 60000)             \
	SWITCH(relative)                      \
	NUMBER(degraded_times, 1, 1000)       \
	NUMBER(unhealthy_times, 1, 1000)      \
	TIME(relative_floor, 0, 60000)        \
	NUMBER(unhealthy_failures, 1, 1000)   \
	NUMBER(dead_failures, 1, 1000)        \
	TIME(backoff_base, 1, 60000)          \
	TIME(backoff_cap, 1, 3600000)         \
	NUMBER(backoff_jitter, 0, 90)         \
	SWITCH(breaker)                       \
	NUMBER(breaker_failures, 1, 1000)     \
	NUMBER(breaker_percent, 1, 100)       \
	NUMBER(breaker_volume, 1, 100000)     \
	TIME(breaker_window, 100, 3600000)    \
	NUMBER(breaker_successes, 1, 100)     \
	TIME(breaker_base, 1, 3600000)        \
	TIME(breaker_cap, 1, 3600000)         \
	SWITCH(autosize)                      \
	TIME(autosize_interval, 100, 3600000) \
	NUMBER(step_percent, 1, 100)          \
	NUMBER(grow_percent, 1, 100)          \
	NUMBER(grow_ticks, 1, 1000)           \
	NUMBER(shrink_percent, 0, 99)         \
	NUMBER(shrink_ticks, 1, 1000)         \
	NUMBER(lru_entries, 0, 8192)          \
	TIME(leak, 0, 86400000)
