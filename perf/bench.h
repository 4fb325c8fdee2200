// What can be measured: a table of bodies, each held against a limit that is a body too.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bench {
	const char *id;    // domain/subject/parameters...
	const char *unit;  // of one operation, per second: "1/s", "B/s"
	const char *limit; // id of the body it is held against; NULL: it is a limit itself
	uint32_t amount;   // units of one operation
	uint32_t bytes;    // bytes that one operation moves, for cycles per byte
	uint32_t param;    // the body's own
	// Fresh state, or NULL (no memory). Not timed.
	void *(*open)(const struct bench *bench);
	// So many operations; a hash of what they did, the same for the same state and number.
	uint64_t (*body)(void *state, uint64_t operations);
	void (*close)(void *state);
};

// registry.c: all of them, in order; NULL behind the last.
const struct bench *bench_at(size_t index);
// NULL: there is none.
const struct bench *bench_find(const char *id);

// ring.c
extern const struct bench ring_benches[];
extern const size_t ring_benches_count;
