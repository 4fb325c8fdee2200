// Every domain that is measured. A new one is a file and a line here.
#include <string.h>

#include "perf/bench.h"

static const struct {
	const struct bench *benches;
	const size_t *count;
} domains[] = {
	{ring_benches, &ring_benches_count},
	{ring_duo_benches, &ring_duo_benches_count},
	{timer_benches, &timer_benches_count},
	{dispatch_benches, &dispatch_benches_count},
	{dispatch_sorted_benches, &dispatch_sorted_benches_count},
	{memory_benches, &memory_benches_count},
	{aead_benches, &aead_benches_count},
	{transport_benches, &transport_benches_count},
	{loss_benches, &loss_benches_count},
	{codec_benches, &codec_benches_count},
	{codec_levels_benches, &codec_levels_benches_count},
	{transform_benches, &transform_benches_count},
	{handshake_benches, &handshake_benches_count},
	{swim_benches, &swim_benches_count},
	{pool_benches, &pool_benches_count},
	{members_benches, &members_benches_count},
	{store_benches, &store_benches_count},
	{kv_benches, &kv_benches_count},
	{raft_benches, &raft_benches_count},
};

bool bench_instant;

const struct bench *bench_at(size_t index)
{
	for (size_t d = 0; d < sizeof(domains) / sizeof(domains[0]); d++) {
		if (index < *domains[d].count)
			return &domains[d].benches[index];
		index -= *domains[d].count;
	}
	return NULL;
}

const struct bench *bench_find(const char *id)
{
	const struct bench *bench;

	for (size_t i = 0; (bench = bench_at(i)) != NULL; i++)
		if (strcmp(bench->id, id) == 0)
			return bench;
	return NULL;
}
