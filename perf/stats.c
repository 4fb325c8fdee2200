// Median and bootstrap.
#include "perf/stats.h"

#include <stdlib.h>
#include <string.h>

enum { RESAMPLE_MAX = 4096 };

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double stats_median(double *values, uint32_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

// splitmix64 (Steele, Lea, Flood 2014).
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

struct interval stats_bootstrap(
	const double *values, uint32_t count, uint32_t rounds, uint64_t seed)
{
	double sample[RESAMPLE_MAX], medians[RESAMPLE_MAX];

	count = count < RESAMPLE_MAX ? count : RESAMPLE_MAX;
	rounds = rounds < RESAMPLE_MAX ? rounds : RESAMPLE_MAX;
	for (uint32_t r = 0; r < rounds; r++) {
		for (uint32_t i = 0; i < count; i++)
			sample[i] = values[next(&seed) % count];
		medians[r] = stats_median(sample, count);
	}
	qsort(medians, rounds, sizeof(*medians), compare);
	return (struct interval){
		medians[rounds * 25 / 1000], medians[(rounds * 975 + 999) / 1000 - 1]};
}
