// The domain "pool": the policy core alone, and its behaviour in virtual time.
#include "perf/pool/rows.h"

#include <stdlib.h>

#define CORE    .open = pool_core_open, .close = pool_core_close
#define LIFO    .open = pool_lifo_open, .close = free
#define VIRTUAL .pairs_max = 3, .open = pool_scenario_open, .close = free

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
};
const size_t pool_benches_count = sizeof(pool_benches) / sizeof(pool_benches[0]);
