// Every domain that is measured. A new one is a file and a line here.
#include <string.h>

#include "perf/bench.h"

const struct bench *bench_at(size_t index)
{
	return index < ring_benches_count ? &ring_benches[index] : NULL;
}

const struct bench *bench_find(const char *id)
{
	const struct bench *bench;

	for (size_t i = 0; (bench = bench_at(i)) != NULL; i++)
		if (strcmp(bench->id, id) == 0)
			return bench;
	return NULL;
}
