// A process of its own for a pair of nodes: DPDK starts once in a process, and what one row leaves
// behind (memory, threads, a dead peer) must not meet the next. Subject and limit of a row share
// it.
#pragma once

#include "perf/bench.h"

// The row's process, started unless its other side has it already; NULL after printing why not.
void *rig_open(const struct bench *bench);
int rig_sample(void *rig, uint64_t duration_ns, struct bench_figures *out);
void rig_close(void *rig);
const char *rig_unavailable(const struct bench *bench);
