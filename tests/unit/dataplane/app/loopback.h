// A dataplane without a network, for tests of both sides of the border:
// the production door on one thread, the production channels on a
// worker thread that hands records from one application to another.
#pragma once

#include <stdint.h>

struct loopback;

struct loopback_counts {
	uint32_t attached, released; // applications
	uint32_t broken;             // dropped because they broke the contract
	uint32_t opened;             // sessions, pairs
	uint64_t records;
	uint64_t wakes;    // sent with events of sessions that are open
	const char *wrong; // an invariant of a channel that did not hold; NULL is what a test wants
};

// `path`: of data.sock. Starts both threads.
struct loopback *loopback_start(const char *path);
void loopback_stop(struct loopback *loopback);
struct loopback_counts loopback_counts_get(struct loopback *loopback);
