// Congestion control as a table of functions: what a controller is told, and what it decides.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cc;

struct cc_ops {
	const char *name;
	void (*init)(struct cc *cc);
	// `segments` were newly acknowledged; `limited`: the window (or the pacer, which is the
	// window over time) was what kept the sender from sending more.
	void (*on_ack)(struct cc *cc, uint32_t segments, bool limited);
	// Packet `pn` was declared lost; next_pn: the
	// next to be sent. True when the window was cut.
	bool (*on_loss)(struct cc *cc, uint64_t pn, uint64_t next_pn);
	void (*on_timeout)(struct cc *cc, uint64_t next_pn);
};

// The window is a double: +1/cwnd per segment stays exact enough at every window a connection can
// have (a Q16.16 loses the increment of windows above 2^16 and rounds all others), and SSE2
// arithmetic is the same on every x86-64, so simulated runs repeat bit by bit.
struct cc {
	const struct cc_ops *ops;
	double cwnd;     // segments
	uint64_t cut_pn; // largest pn sent at the last cut: losses up to it are the same event
};

extern const struct cc_ops cc_aimd;
