// Bare loops over rte_ethdev, on the bare ports of a link: what no transport above it can beat.
#pragma once

#include "perf/histogram.h"
#include "perf/transport/pair.h"

enum raw_payload {
	RAW_PAYLOAD_LEFT,   // nobody writes it, nobody reads it: what the port moves
	RAW_PAYLOAD_COPIED, // from an application's memory and to one: what is left for a transport
};

// Frames of `size` bytes, one way, for so long: frames that arrived. The nodes have settled.
uint64_t raw_stream(struct pair *pair, uint32_t size, enum raw_payload payload,
	uint64_t duration_ns, uint64_t *took_ns);
// One frame to and fro, the next one at its time (every gap_ns) or when this one is back: the round
// trips, in the histogram from the intended start. Returns how many.
uint64_t raw_ping(struct pair *pair, uint32_t size, uint64_t gap_ns, uint64_t duration_ns,
	struct histogram *latency);
