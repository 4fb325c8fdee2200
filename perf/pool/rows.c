// The domain "pool": the policy core alone, its behaviour in virtual time, and connections of it.
#include "perf/pool/rows.h"

#include <stdlib.h>

#define CORE    .open = pool_core_open, .close = pool_core_close
#define LIFO    .open = pool_lifo_open, .close = free
#define VIRTUAL .pairs_max = 3, .open = pool_scenario_open, .close = free

// Enough of each that a sample of connections (a handshake takes milliseconds) has several.
enum { NET_SAMPLE_MS = 20, NET_PAIRS = 41 };

#define NET_ROW(ID, LIMIT, UNIT, LATENCY, PARAM, END, SAMPLE)                             \
	{                                                                                 \
		.id = "pool/net/" ID, .unit = UNIT, .limit = LIMIT, .latency = LATENCY,   \
		.sample_ms = NET_SAMPLE_MS, .pairs_max = NET_PAIRS, .param = PARAM,       \
		.location = "control/net/calls.c:calls_start", .open = pool_##END##_open, \
		.sample = pool_##END##_##SAMPLE, .close = pool_##END##_close              \
	}
#define NET_TIME(ID, LIMIT, PARAM, END, SAMPLE) NET_ROW(ID, LIMIT, "ns", true, PARAM, END, SAMPLE)
#define NET_RATE(ID, NAME, PARAM, SAMPLE) \
	NET_ROW(ID NAME, "pool/net/limit/unpooled/" NAME, "1/s", false, PARAM, net, SAMPLE)
// A request that finds a connection against one that opens it, and both against bare sockets; many
// against as many that open one each.
#define NET(NAME, TLS)                                                                           \
	NET_TIME("reused/" NAME, "pool/net/first/" NAME, TLS, net, latency),                     \
		NET_TIME("reused/vs-socket/" NAME, "pool/net/limit/socket/" NAME, TLS, net,      \
			latency),                                                                \
		NET_TIME("first/" NAME, "pool/net/limit/socket-first/" NAME,                     \
			(TLS) | POOL_NET_FRESH, net, latency),                                   \
		NET_RATE("sequential/10/", NAME, TLS, sequential),                               \
		NET_RATE("concurrent/100/", NAME, TLS, 100),                                     \
		NET_RATE("concurrent/200/", NAME, TLS, 200),                                     \
		NET_TIME("limit/socket/" NAME, NULL, TLS, socket, reused),                       \
		NET_TIME("limit/socket-first/" NAME, NULL, TLS, socket, first),                  \
		NET_ROW("limit/unpooled/" NAME, NULL, "1/s", false, (TLS) | POOL_NET_FRESH, net, \
			sequential)

const struct bench pool_benches[] = {
	{.id = "pool/acquire-release",
		.unit = "1/s",
		.limit = "pool/limit/pop-push",
		.location = "control/pool/acquire.c:pool_acquire",
		.sample = pool_core_sample,
		CORE},
	{.id = "pool/acquire-release/nodes",
		.unit = "1/s",
		.limit = "pool/acquire-release",
		.location = "control/pool/serve.c:serve_pick",
		.sample = pool_nodes_sample,
		.open = pool_nodes_open,
		.close = pool_core_close},
	{.id = "pool/lru/lookup",
		.unit = "1/s",
		.limit = "pool/limit/array",
		.amount = 1,
		.location = "control/pool/lru.c:lru_find",
		.body = pool_lookup_body,
		CORE},
	{.id = "pool/spike",
		.unit = "1/s",
		.limit = "pool/limit/spike",
		.location = "control/pool/dial.c:dial_short",
		.sample = pool_spike_sample,
		VIRTUAL},
	{.id = "pool/autosize",
		.unit = "1/s",
		.limit = "pool/limit/autosize",
		.location = "control/pool/autosize.c:autosize_tick",
		.sample = pool_autosize_sample,
		VIRTUAL},
	{.id = "pool/limit/pop-push", .unit = "1/s", .sample = pool_lifo_sample, LIFO},
	{.id = "pool/limit/array", .unit = "1/s", .amount = 1, .body = pool_array_body, LIFO},
	{.id = "pool/limit/spike", .unit = "1/s", .sample = pool_spike_limit_sample, VIRTUAL},
	{.id = "pool/limit/autosize", .unit = "1/s", .sample = pool_autosize_limit_sample, VIRTUAL},
	NET("tcp", 0),
	NET("tls", POOL_NET_TLS),
};
const size_t pool_benches_count = sizeof(pool_benches) / sizeof(pool_benches[0]);
