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

// net.c: control connections over loopback
enum pool_net_param { POOL_NET_TLS = 1, POOL_NET_FRESH = 2 };
void *pool_net_open(const struct bench *bench);
void pool_net_close(void *state);
int pool_net_latency(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_net_sequential(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_net_100(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_net_200(void *state, uint64_t duration_ns, struct bench_figures *out);

// socket.c: the same without us
void *pool_socket_open(const struct bench *bench);
void pool_socket_close(void *state);
int pool_socket_reused(void *state, uint64_t duration_ns, struct bench_figures *out);
int pool_socket_first(void *state, uint64_t duration_ns, struct bench_figures *out);
