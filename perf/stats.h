// Figures of paired samples. Pure: no clock, no system call; randomness is a seed.
#pragma once

#include <stdint.h>

struct interval {
	double low, high;
};

// Sorts `values`. count >= 1.
double stats_median(double *values, uint32_t count);
// 95 % interval of the median: percentiles of the medians of `rounds` resamples with replacement
// (Efron, 1979). Sorts nothing; count and rounds >= 1.
struct interval stats_bootstrap(
	const double *values, uint32_t count, uint32_t rounds, uint64_t seed);
