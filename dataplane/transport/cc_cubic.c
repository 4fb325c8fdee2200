// cubic: RFC 9438, in segments and seconds. Section numbers below are of that RFC.
#include <string.h>

#include "dataplane/transport/cc.h"

#define CUBIC_C           0.4
#define CUBIC_BETA        0.7
#define CUBIC_ALPHA       (3.0 * (1.0 - CUBIC_BETA) / (1.0 + CUBIC_BETA)) // 4.3
#define CUBIC_MIN         2.0                                             // after a loss (4.6)
#define CUBIC_STEEPEST    1.5 // growth of the target in one round trip (4.2)
#define CUBIC_NO_SSTHRESH 1e300

// By Newton, from above: every step is smaller until the rounding takes over. libm's differs from
// one version to the next, and simulated runs are to repeat.
static double cubic_root(double v)
{
	double x = v > 1 ? v : 1, next;
	if (v <= 0)
		return 0;
	while ((next = (2 * x + v / (x * x)) / 3) < x)
		x = next;
	return x;
}

static void cubic_init(struct cc *cc)
{
	cc->cwnd = CC_START;
	cc->cut_pn = 0;
	slow_start_init(&cc->start);
	memset(&cc->cubic, 0, sizeof(cc->cubic));
	cc->cubic.ssthresh = CUBIC_NO_SSTHRESH;
}

// A congestion avoidance stage begins with the window as it is now.
static void cubic_stage(struct cc *cc)
{
	struct cc_cubic *q = &cc->cubic;
	if (q->w_max < cc->cwnd)
		q->w_max = cc->cwnd;
	q->k = cubic_root((q->w_max - cc->cwnd) / CUBIC_C);
	q->w_est = cc->cwnd;
	q->stage_ns = 0;
}

// After a slow start the curve begins flat (4.8, 4.10): K is 0, W_max the window reached.
static void cubic_start_over(struct cc *cc)
{
	cc->start.on = false;
	cc->cubic.ssthresh = cc->cwnd;
	cc->cubic.w_max = cc->cwnd;
	cubic_stage(cc);
}

static double cubic_window(const struct cc_cubic *q, uint64_t t_ns)
{
	double t = (double)t_ns * 1e-9 - q->k;
	return CUBIC_C * t * t * t + q->w_max;
}

// The time in which something else was the limit does not count (5.8): an ACK that found the window
// full ends at most one round trip of sending; what is longer was a pause.
static void cubic_time(struct cc_cubic *q, const struct cc_ack *ack)
{
	uint64_t passed = ack->now_ns > q->seen_ns ? ack->now_ns - q->seen_ns : 0;
	q->seen_ns = ack->now_ns;
	if (ack->limited)
		q->stage_ns += passed < ack->srtt_ns ? passed : ack->srtt_ns;
}

static void cubic_avoid(struct cc *cc, const struct cc_ack *ack)
{
	struct cc_cubic *q = &cc->cubic;
	double alpha = q->w_est >= q->cwnd_prior ? 1.0 : CUBIC_ALPHA;
	q->w_est += alpha * (double)ack->segments / cc->cwnd;
	if (cubic_window(q, q->stage_ns) < q->w_est) { // Reno-friendly region (4.3)
		if (q->w_est > cc->cwnd)
			cc->cwnd = q->w_est;
		return;
	}
	double target = cubic_window(q, q->stage_ns + ack->srtt_ns); // 4.4, 4.5
	if (target > CUBIC_STEEPEST * cc->cwnd)
		target = CUBIC_STEEPEST * cc->cwnd;
	if (target > cc->cwnd)
		cc->cwnd += (double)ack->segments * (target - cc->cwnd) / cc->cwnd;
}

static void cubic_on_ack(struct cc *cc, const struct cc_ack *ack)
{
	struct cc_cubic *q = &cc->cubic;
	cubic_time(q, ack);
	q->timed_out = false;
	if (cc->start.on && !slow_start_on_ack(&cc->start, ack))
		cubic_start_over(cc);
	if (!ack->limited)
		return;
	if (!cc->start.on) {
		cubic_avoid(cc, ack);
		return;
	}
	cc->cwnd += ack->segments;
	if (cc->cwnd < q->ssthresh)
		return;
	cc->cwnd = q->ssthresh;
	cubic_start_over(cc);
}

// Multiplicative decrease (4.6) and fast convergence (4.7). The window stands for the flight: it
// grows only when it was the limit, so it is no larger than what was in flight lately.
static bool cubic_on_loss(struct cc *cc, uint64_t pn, uint64_t next_pn, uint64_t now_ns)
{
	struct cc_cubic *q = &cc->cubic;
	if (pn <= cc->cut_pn)
		return false;
	bool shrinks = cc->cwnd < q->w_max;
	q->cwnd_prior = cc->cwnd;
	q->w_max = shrinks ? cc->cwnd * (1.0 + CUBIC_BETA) / 2 : cc->cwnd;
	q->ssthresh = cc->cwnd * CUBIC_BETA;
	if (q->ssthresh < CUBIC_MIN)
		q->ssthresh = CUBIC_MIN;
	if (q->ssthresh < cc->cwnd)
		cc->cwnd = q->ssthresh;
	q->seen_ns = now_ns;
	cc->cut_pn = next_pn - 1;
	cc->start.on = false;
	cubic_stage(cc);
	return true;
}

// 4.8 and RFC 5681: slow start from one segment. Timeouts in a row are one event.
static void cubic_on_timeout(struct cc *cc, uint64_t next_pn)
{
	struct cc_cubic *q = &cc->cubic;
	if (!q->timed_out) {
		q->cwnd_prior = cc->cwnd;
		q->ssthresh = cc->cwnd * CUBIC_BETA;
		if (q->ssthresh < CUBIC_MIN)
			q->ssthresh = CUBIC_MIN;
	}
	q->timed_out = true;
	cc->cwnd = CC_MIN;
	cc->cut_pn = next_pn - 1;
	slow_start_init(&cc->start);
}

const struct cc_ops cc_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.on_ack = cubic_on_ack,
	.on_loss = cubic_on_loss,
	.on_timeout = cubic_on_timeout,
};
