// What can be measured: a table of bodies, each held against a limit that is a body too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "perf/histogram.h"

enum { BENCH_ERROR_MAX = 200 };

struct json_t; // jansson's
struct bench;

// Totals of what a body or a sample did. Negative: not known to it.
struct bench_counters {
	double cycles;       // of CPUs, spent on the work
	double allocs;       // calls of the malloc family
	double bytes_memcpy; // copied by CPUs, beyond what a cipher or a codec writes anyway
	double syscalls;
};

// What one sample did. All but `latency` is the sample's to fill; it comes zeroed, the counters
// as not known.
struct bench_figures {
	uint64_t units; // done, of the benchmark's unit
	uint64_t ns;    // that they took
	uint64_t hash;  // of what was checked: the same in every run, whatever its length
	// Values in ns; empty at the start of each sample. Ignored unless bench.latency.
	struct histogram *latency;
	struct bench_counters counters;
	// An object for the row's "extra", or NULL; the harness drops it. Numbers are shown as they
	// are (Jain's index, loss, cuts), those of the last sample. The report also knows "trace":
	// events as of `sluice session trace --json`; "pools": [{name, used_max, size}], of which
	// the most of all samples is kept; and "waits": {place: times} of every place where the
	// path waited or shared, this sample's, with "waits_ns", the time that it was counted for:
	// the row has their sums.
	struct json_t *extra;
	char error[BENCH_ERROR_MAX]; // why it failed: a sentence
};

// Either `body` or `sample`: a loop in the calling thread, counted by operations, or something with
// threads or processes of its own, measured over time. Subject and limit are open at the same
// time and run in turns: between two samples neither may use a CPU. The calling thread is pinned
// (pin.h has what the process may use); threads of a sample choose their own CPUs.
struct bench {
	const char *id;    // domain/subject/parameters...
	const char *unit;  // "B/s", "1/s"; "ns" when latency
	const char *limit; // id of the body it is held against; NULL: it is a limit itself
	uint32_t amount;   // units of one operation; a sample counts its units itself
	// Bytes that one operation (body) or one unit (sample) moves, for cycles per byte; 0: none.
	uint32_t bytes;
	uint32_t param, argument; // the body's or the sample's own
	bool rare;          // one of very many: run with --full, or when a filter names its family
	bool latency;       // the figure is the distribution of a latency; its ratio that of p50
	uint32_t sample_ms; // a sample's least length (start-up, convergence); 0: as the plan says
	uint32_t pairs_max; // for rows whose samples take seconds; 0: as the plan says
	const char *location; // "file.c:function" where a reader of the figure starts, or NULL
	// NULL, or a sentence: why it cannot run on this machine. Such a row is named as skipped.
	const char *(*unavailable)(const struct bench *bench);
	// Fresh state, or NULL (no memory, or what `open` has printed). Not timed.
	void *(*open)(const struct bench *bench);
	// So many operations; a hash of what they did, the same for the same state and number.
	uint64_t (*body)(void *state, uint64_t operations);
	// Works for about duration_ns. -1: failed, `error` says why.
	int (*sample)(void *state, uint64_t duration_ns, struct bench_figures *out);
	// May be NULL: what a body knows of its own counters, totals since `open`. The others of a
	// body (allocations, system calls) are counted around it.
	void (*counters)(void *state, struct bench_counters *total);
	void (*close)(void *state);
};

// Figures mean nothing, everything only has to run: no hugepages need be asked for. Set by a run.
extern bool bench_instant;

// registry.c: all of them, in order; NULL behind the last.
const struct bench *bench_at(size_t index);
// NULL: there is none.
const struct bench *bench_find(const char *id);

// One file a domain.
extern const struct bench aead_benches[], codec_benches[], codec_levels_benches[],
	dispatch_benches[], dispatch_sorted_benches[], handshake_benches[], kv_benches[],
	raft_benches[], members_benches[], memory_benches[], pool_benches[], ring_benches[],
	ring_duo_benches[], store_benches[], timer_benches[], transform_benches[],
	transport_benches[], loss_benches[], swim_benches[];
extern const size_t aead_benches_count, codec_benches_count, codec_levels_benches_count,
	dispatch_benches_count, dispatch_sorted_benches_count, handshake_benches_count,
	kv_benches_count, members_benches_count, memory_benches_count, pool_benches_count,
	raft_benches_count, ring_benches_count, ring_duo_benches_count, store_benches_count,
	timer_benches_count, transform_benches_count, transport_benches_count, loss_benches_count,
	swim_benches_count;
