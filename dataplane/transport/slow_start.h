// Slow start: a window that doubles every round trip, until a queue stands in the path.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A round is judged by so many samples (RFC 9406 has the same 8): the smallest is no noise.
#define SLOW_START_SAMPLES 8u

struct slow_start {
	bool on;
	uint32_t samples;      // of this round
	uint64_t round_end;    // the round ends when this packet number is acknowledged
	uint64_t round_min_ns; // smallest sample of this round
};

struct cc_ack;

void slow_start_init(struct slow_start *s);
// Counts the ACK. True: still slow start, the window grows by every segment acknowledged. It ends
// when the smallest of at least 8 samples of a round is more than twice the shortest round trip
// time: a queue as long as the path stands in it, and what comes on top only waits.
bool slow_start_on_ack(struct slow_start *s, const struct cc_ack *ack);
