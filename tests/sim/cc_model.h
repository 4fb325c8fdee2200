// The laws of the congestion controllers, a second time: written from docs/wire.md, RFC 9438 and
// RFC 9406, never from dataplane/transport, in plain floating point, to be held against it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/controller.h"

// One round trip time's worth of samples, to see a queue building up (RFC 9406, 4.2).
struct model_round {
	uint32_t samples;
	double least;        // seconds; of this round
	uint64_t window_end; // the round is over when this packet is acknowledged
};

struct model_window {
	double cwnd, w_est;
};

// Windows in segments, times in seconds.
struct cc_model {
	enum controller_id controller;
	double cwnd;
	bool slow_start;
	struct model_round round;
	// cubic (names of RFC 9438)
	double ssthresh, w_max, cwnd_prior, w_est, k;
	double t;                  // of the congestion avoidance stage
	double event_time;         // of the last ACK or cut
	bool timeout_row;          // a timeout, and no ACK since
	struct model_window other; // as right as the window, after this step; cwnd NAN: nothing is
};

struct model_ack {
	uint32_t segments;         // DATA packets newly acknowledged
	bool limited;              // by the window or the pacer
	uint64_t largest, next_pn; // newly acknowledged; to be sent next
	double sample, shortest, srtt;
	double now;
};

void cc_model_init(struct cc_model *model, enum controller_id controller);
void cc_model_on_ack(struct cc_model *model, const struct model_ack *ack);
void cc_model_on_loss(struct cc_model *model, double now);
void cc_model_on_timeout(struct cc_model *model);
// Packets carry `factor` times as many bytes as before.
void cc_model_on_path(struct cc_model *model, double factor);
// The window is what the model says, up to rounding. Afterwards the model goes on from `cwnd`, so
// that errors do not add up.
bool cc_model_agrees(struct cc_model *model, double cwnd);
