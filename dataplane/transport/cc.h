// Congestion control as a table of functions: what a controller is told, and what it decides.
// Called per ACK and per loss, never per packet. docs/wire.md has the laws in prose.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transport/slow_start.h"
#include "lib/base/controller.h"

struct cc;

// An ACK that brought something.
struct cc_ack {
	uint32_t segments; // newly acknowledged
	bool limited;      // the window (or the pacer, which is the window over time) was what kept
			   // the sender from sending more
	uint64_t largest;  // highest packet number newly acknowledged
	uint64_t next_pn;  // the next to be sent
	uint64_t sample_ns; // round trip time that this ACK measured; 0: none
	uint64_t min_ns;    // shortest one of the connection
	uint64_t srtt_ns;
	uint64_t now_ns;
};

struct cc_ops {
	const char *name;
	void (*init)(struct cc *cc);
	void (*on_ack)(struct cc *cc, const struct cc_ack *ack);
	// Packet `pn` was declared lost; next_pn: the
	// next to be sent. True when the window was cut.
	bool (*on_loss)(struct cc *cc, uint64_t pn, uint64_t next_pn, uint64_t now_ns);
	void (*on_timeout)(struct cc *cc, uint64_t next_pn);
};

// Of cubic; windows in segments. Names as in RFC 9438.
struct cc_cubic {
	double ssthresh;
	double w_max;      // the window before the last cut, or less by fast convergence
	double cwnd_prior; // the window before the last cut
	double k;          // seconds that the curve takes from the begin of the stage to w_max
	double w_est;      // what Reno would have
	uint64_t stage_ns; // time of this congestion avoidance stage in which the window was the
			   // limit
	uint64_t seen_ns;  // the last ACK or cut
	bool timed_out;    // since the last ACK
};

// The window is a double: +1/cwnd per segment stays exact enough at every window a connection can
// have (a Q16.16 loses the increment of windows above 2^16 and rounds all others), and SSE2
// arithmetic is the same on every x86-64, so simulated runs repeat bit by bit.
struct cc {
	const struct cc_ops *ops;
	double cwnd;             // segments
	uint64_t cut_pn;         // largest pn sent at the last cut: losses up to it are one event
	struct slow_start start; // of aimd-ss and cubic
	struct cc_cubic cubic;
};

#define CC_START 4.0 // segments: every controller's first window
#define CC_MIN   1.0

extern const struct cc_ops cc_aimd, cc_aimd_ss, cc_cubic;

// Segments of another size: the window, and what a controller remembers of windows, becomes
// `factor` as many, but none that is at the start window or above falls below it.
void cc_rescale(struct cc *cc, double factor);

// NULL: there is no such controller.
const struct cc_ops *cc_by_id(uint32_t id);
