// The bodies of the rows pool/*.
#pragma once

#include "perf/bench.h"

// core.c
void *pool_core_open(const struct bench *bench);
void *pool_nodes_open(const struct bench *bench);
void pool_core_close(void *state);
int pool_core_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_nodes_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
uint64_t pool_lookup_body(void *state, uint64_t operations);
void *pool_lifo_open(const struct bench *bench);
int pool_lifo_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
uint64_t pool_array_body(void *state, uint64_t operations);

// scenarios.c: virtual time
void *pool_scenario_open(const struct bench *bench);
int pool_spike_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_spike_limit_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_autosize_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_autosize_limit_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
