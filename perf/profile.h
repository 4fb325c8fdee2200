// Where the time of one benchmark goes: samples of the CPU clock, by function.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PROFILE_TOP = 10, PROFILE_NAME_MAX = 96, PROFILE_ERROR_MAX = 200 };

struct profile_line {
	char function[PROFILE_NAME_MAX];
	char where[PROFILE_NAME_MAX]; // file:line where most samples are, or the library's name
	double share;                 // of all samples
};

struct profile {
	struct profile_line line[PROFILE_TOP]; // the most expensive first
	size_t lines;
	uint64_t samples;
	char error[PROFILE_ERROR_MAX]; // why there are none: a sentence
};

// Runs `sluice-perf spin ID` under `perf record` for about three seconds. -1: `error` says why.
int profile_take(const char *id, struct profile *p);
