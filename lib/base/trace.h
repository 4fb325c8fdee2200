// One step of a connection's congestion control, as the transport tells it and control shows it.
#pragma once

#include <assert.h>
#include <stdint.h>

enum trace_event {
	TRACE_START = 1, // how things stand when the trace begins
	TRACE_ACK,       // an ACK brought something: window, rate or round trip time moved
	TRACE_CUT,       // the window was cut: cut_reason
	TRACE_PATH,      // packets became larger or smaller: segment_bytes
	TRACE_EVENT_COUNT,
};

enum trace_cut {
	TRACE_CUT_NONE = 0,
	TRACE_CUT_LOSS,
	TRACE_CUT_TIMEOUT,
	TRACE_CUT_COUNT,
};

struct trace_record {
	uint64_t t_ns;        // CLOCK_MONOTONIC of the worker's turn
	double cwnd_segments; // after the step, like all that follows
	uint64_t rate_Bps;    // of the pacer; 0: no round trip was measured yet
	uint64_t rtt_ns;      // latest sample
	uint64_t srtt_ns;
	uint32_t in_flight;   // DATA packets
	uint32_t newly_acked; // DATA packets, by this ACK
	uint8_t event;        // enum trace_event
	uint8_t limited_by;   // enum limited_by of transport.h, when the step began
	uint8_t cut_reason;   // enum trace_cut
	uint8_t reserved;
	uint32_t segment_bytes; // of a full packet: what the window counts
};

static_assert(sizeof(struct trace_record) == 56, "trace_record is ABI");
