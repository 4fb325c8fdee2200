// What aimd, aimd-ss and cubic must do, from the documents alone.
#include "tests/sim/cc_model.h"

#include <math.h>

#define ROUNDING 1e-6 // of the window: the two compute the same in another order

static const double c_cubic = 0.4, beta_cubic = 0.7;

static bool nearly(double a, double b)
{
	return fabs(a - b) <= ROUNDING * b;
}

static void round_begin(struct cc_model *m, uint64_t window_end)
{
	m->round = (struct model_round){.least = INFINITY, .window_end = window_end};
}

static void slow_start_begin(struct cc_model *m)
{
	m->slow_start = true;
	round_begin(m, 0);
}

void cc_model_init(struct cc_model *m, enum controller_id controller)
{
	*m = (struct cc_model){
		.controller = controller, .cwnd = 4, .ssthresh = INFINITY, .other.cwnd = NAN};
	if (controller != CONTROLLER_AIMD)
		slow_start_begin(m);
}

// A queue stands in the path: the least of at least 8 samples of one
// round is more than twice the shortest round trip time of the connection.
static bool queue_stands(struct cc_model *m, const struct model_ack *ack)
{
	struct model_round *r = &m->round;
	if (ack->sample > 0) {
		r->samples++;
		r->least = fmin(r->least, ack->sample);
	}
	if (r->samples >= 8 && r->least > 2 * ack->shortest)
		return true;
	if (ack->largest >= r->window_end)
		round_begin(m, ack->next_pn);
	return false;
}

static void aimd_on_ack(struct cc_model *m, const struct model_ack *ack)
{
	if (m->slow_start && queue_stands(m, ack))
		m->slow_start = false;
	if (!ack->limited)
		return;
	m->cwnd += m->slow_start ? ack->segments : ack->segments / m->cwnd;
}

// ---- cubic ------------------------------------------------------------------------------------

// Section 4.2, figure 2: from cwnd_epoch = cwnd to W_max in K seconds.
static void avoidance_begin(struct cc_model *m, double w_max)
{
	m->slow_start = false;
	m->w_max = fmax(w_max, m->cwnd);
	m->k = cbrt((m->w_max - m->cwnd) / c_cubic);
	m->w_est = m->cwnd;
	m->t = 0;
}

static double w_cubic(const struct cc_model *m, double t)
{
	return c_cubic * pow(t - m->k, 3) + m->w_max;
}

// Sections 4.3 to 4.5.
static struct model_window cubic_avoided(
	const struct cc_model *m, const struct model_ack *ack, double alpha)
{
	double w_est = m->w_est + alpha * ack->segments / m->cwnd;
	if (w_cubic(m, m->t) < w_est) // the Reno-friendly region
		return (struct model_window){fmax(m->cwnd, w_est), w_est};
	double target = w_cubic(m, m->t + ack->srtt);
	target = fmin(fmax(target, m->cwnd), 1.5 * m->cwnd);
	return (struct model_window){m->cwnd + ack->segments * (target - m->cwnd) / m->cwnd, w_est};
}

// W_est takes larger steps from cwnd_prior on. Where it stands there but for rounding, either step
// is right.
static void cubic_avoid(struct cc_model *m, const struct model_ack *ack)
{
	double small = 3 * (1 - beta_cubic) / (1 + beta_cubic);
	bool beyond = m->w_est >= m->cwnd_prior;
	struct model_window next = cubic_avoided(m, ack, beyond ? 1 : small);
	if (nearly(m->w_est, m->cwnd_prior))
		m->other = cubic_avoided(m, ack, beyond ? small : 1);
	m->cwnd = next.cwnd;
	m->w_est = next.w_est;
}

// Section 4.10: when slow start ends without a loss, K is 0 and W_max the window.
static void cubic_on_ack(struct cc_model *m, const struct model_ack *ack)
{
	double passed = fmax(ack->now - m->event_time, 0);
	m->event_time = ack->now;
	m->timeout_row = false;
	if (ack->limited) // section 5.8: other time does not count
		m->t += fmin(passed, ack->srtt);
	if (m->slow_start && queue_stands(m, ack)) {
		m->ssthresh = m->cwnd;
		avoidance_begin(m, m->cwnd);
	}
	if (!ack->limited)
		return;
	if (!m->slow_start) {
		cubic_avoid(m, ack);
		return;
	}
	m->cwnd += ack->segments;
	if (m->cwnd < m->ssthresh)
		return;
	m->cwnd = m->ssthresh;
	avoidance_begin(m, m->cwnd);
}

// Sections 4.6 and 4.7.
static void cubic_on_loss(struct cc_model *m, double now)
{
	double w_max = m->cwnd < m->w_max ? m->cwnd * (1 + beta_cubic) / 2 : m->cwnd;
	m->cwnd_prior = m->cwnd;
	m->ssthresh = fmax(beta_cubic * m->cwnd, 2);
	m->cwnd = fmin(m->cwnd, m->ssthresh);
	m->event_time = now;
	avoidance_begin(m, w_max);
}

// Section 4.8. Timeouts in a row are one event.
static void cubic_on_timeout(struct cc_model *m)
{
	if (!m->timeout_row) {
		m->cwnd_prior = m->cwnd;
		m->ssthresh = fmax(beta_cubic * m->cwnd, 2);
	}
	m->timeout_row = true;
	m->cwnd = 1;
	slow_start_begin(m);
}

// ---- all --------------------------------------------------------------------------------------

void cc_model_on_ack(struct cc_model *m, const struct model_ack *ack)
{
	if (m->controller == CONTROLLER_CUBIC)
		cubic_on_ack(m, ack);
	else
		aimd_on_ack(m, ack);
}

static void aimd_cut(struct cc_model *m)
{
	m->slow_start = false;
	m->cwnd = fmax(m->cwnd / 2, 1);
}

void cc_model_on_loss(struct cc_model *m, double now)
{
	if (m->controller == CONTROLLER_CUBIC)
		cubic_on_loss(m, now);
	else
		aimd_cut(m);
}

void cc_model_on_timeout(struct cc_model *m)
{
	if (m->controller == CONTROLLER_CUBIC)
		cubic_on_timeout(m);
	else
		aimd_cut(m);
}

// As many bytes in larger packets, but no window falls below the 4 it starts with.
static double rescaled(double window, double factor)
{
	return fmax(window / factor, fmin(window, 4));
}

void cc_model_on_path(struct cc_model *m, double factor)
{
	if (factor <= 1)
		return;
	m->cwnd = rescaled(m->cwnd, factor);
	m->ssthresh = rescaled(m->ssthresh, factor);
	m->w_max = rescaled(m->w_max, factor);
	m->cwnd_prior = rescaled(m->cwnd_prior, factor);
	m->w_est = rescaled(m->w_est, factor);
}

bool cc_model_agrees(struct cc_model *m, double cwnd)
{
	bool agrees = nearly(cwnd, m->cwnd);
	if (!agrees && nearly(cwnd, m->other.cwnd)) {
		m->w_est = m->other.w_est;
		agrees = true;
	}
	m->cwnd = cwnd;
	m->other.cwnd = NAN;
	return agrees;
}
