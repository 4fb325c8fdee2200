// What transform/* rows do: records of 64 KiB through codec and cipher in one pass, out to packets
// and back, as a worker does it or by the bare libraries one after the other.
#pragma once

#include "perf/bench.h"
#include "perf/codec/corpus.h"

// What bench.param holds: codec | cipher << 8 | corpus << 16; bench.argument: the task, and the
// MTU of the packets << 8. bench.amount: bytes of a record. The codec's level is its default.
#define PASS(codec, cipher, corpus) \
	((uint32_t)(codec) | (uint32_t)(cipher) << 8 | (uint32_t)(corpus) << 16)
#define PASS_TASK(task, mtu) ((uint32_t)(task) | (uint32_t)(mtu) << 8)

enum pass_task {
	PASS_IN = 1,    // packets to records
	PASS_LIMIT = 2, // by the libraries
};

void *pass_open(const struct bench *bench);
int pass_sample(void *state, uint64_t duration_ns, struct bench_figures *out);
void pass_close(void *state);
