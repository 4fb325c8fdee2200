// Congestion control held against the law at every step: each line that a connection traces must be
// what the independent model makes of the packets seen on the wire; and nothing moves the window
// without a line.
#include <math.h>
#include <string.h>

#include "lib/ipc/controller_names.h"
#include "tests/sim/sim.h"

static void broken(struct end *end, const struct trace_record *line, const char *what, double want)
{
	const char *kind = line->event == TRACE_ACK   ? "an ACK"
			   : line->event == TRACE_CUT ? "a cut"
						      : "packets of another size";
	sim_fail(end->sim,
		"%c: connection %u (%s), at %s: %s: the law wants %.6f; window %.6f (was %.6f), "
		"%llu B/s, rtt %llu ns, srtt %llu ns, %u acknowledged, limited by %s",
		node_letter(end->node), end->pair, controller_name(end->law.model.controller), kind,
		what, want, line->cwnd_segments, end->law.cwnd, (unsigned long long)line->rate_Bps,
		(unsigned long long)line->rtt_ns, (unsigned long long)line->srtt_ns,
		line->newly_acked, limited_by_name(line->limited_by));
}

void law_on_trace(void *context, void *owner, const struct trace_record *record)
{
	struct end *end = owner;
	struct law *law = &end->law;
	if (law->nlines == LAW_LINES_MAX)
		sim_fail(context, "%c: connection %u traces more steps than one event has",
			node_letter(end->node), end->pair);
	else
		law->lines[law->nlines++] = *record;
}

void law_trace_start(struct end *end)
{
	struct law *law = &end->law;
	cc_model_init(&law->model, end->sim->plan->pair[end->pair].controller);
	law->traced_segment = cell_size(end->sim->plan->pair[end->pair].segment_size);
	law->cwnd = law->model.cwnd;
}

// Clause (d): a sample from the largest packet newly acknowledged, less the peer's delay, smoothed
// by an eighth. Nothing is measured shorter than a microsecond.
static void check_sample(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	const struct law_gain *gain = &law->gain;
	uint64_t rtt_ns = law->rtt_ns;
	double srtt_ns = (double)law->srtt_ns;
	law->sample_ns = 0;
	if (gain->largest > law->largest_measured) {
		law->largest_measured = gain->largest;
		rtt_ns = gain->elapsed_ns > gain->delay_ns ? gain->elapsed_ns - gain->delay_ns
							   : gain->elapsed_ns;
		rtt_ns = rtt_ns > 1 * US ? rtt_ns : 1 * US;
		law->sample_ns = rtt_ns;
		law->shortest_ns = rtt_ns < law->shortest_ns ? rtt_ns : law->shortest_ns;
		double sample = (double)rtt_ns;
		law->rttvar_ns = law->srtt_ns
					 ? 0.75 * law->rttvar_ns + 0.25 * fabs(srtt_ns - sample)
					 : sample / 2;
		srtt_ns = law->srtt_ns ? 0.875 * srtt_ns + 0.125 * sample : sample;
	}
	if (line->rtt_ns != rtt_ns)
		broken(end, line, "round trip time", (double)rtt_ns);
	double error = (double)line->srtt_ns - srtt_ns;
	if (error > 1 || error < -1)
		broken(end, line, "smoothed round trip time", srtt_ns);
	law->rtt_ns = line->rtt_ns;
	law->srtt_ns = line->srtt_ns;
}

// Clause (a): segments count, each once. One that was declared lost before it was acknowledged may
// count no more; that can only be one sent before the last cut.
static void check_ack(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	const struct law_gain *gain = &law->gain;
	check_sample(end, line);
	if (line->newly_acked > gain->data || line->newly_acked < gain->data_since_cut)
		broken(end, line, "newly acknowledged", gain->data);
	const struct model_ack ack = {
		.segments = line->newly_acked,
		// Clause (c).
		.limited = line->limited_by == LIMITED_CWND || line->limited_by == LIMITED_PACER,
		.largest = gain->largest,
		.next_pn = law->next_pn,
		.sample = (double)law->sample_ns / 1e9,
		.shortest = (double)law->shortest_ns / 1e9,
		.srtt = (double)law->srtt_ns / 1e9,
		.now = (double)line->t_ns / 1e9,
	};
	cc_model_on_ack(&law->model, &ack);
	law->gain.acked = false;
	law->asking = false;
	law->row = 0;
	law->timer_ns = line->t_ns;
	law->acks_checked++;
}

// RFC 6298, with a floor of 1 ms and the peer's delay: nobody times out sooner, and without a
// sample nobody before a second.
static void check_timeout(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	double wait = fmax(1e6, (double)law->srtt_ns + 4 * law->rttvar_ns + 25e3);
	wait = law->srtt_ns ? fmin(ldexp(wait, (int)law->row), 1e9) : 1e9;
	double waited = (double)(line->t_ns - law->timer_ns);
	if (waited < wait - 1e3)
		broken(end, line, "timeout, us after the last packet", wait / 1e3);
	law->row++;
	law->timer_ns = line->t_ns;
	law->timeouts_traced++;
}

// Clause (b): a cut by loss needs a packet sent since the last cut: check_cut looks for it.
static void check_cut(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	if (line->cut_reason == TRACE_CUT_TIMEOUT) {
		check_timeout(end, line);
		cc_model_on_timeout(&law->model);
	} else {
		cc_model_on_loss(&law->model, (double)line->t_ns / 1e9);
	}
	law->cuts_traced++;
}

// Packets of whole cells, at most as many as both links take; smaller ones only at the smallest.
static void check_path(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	uint32_t most = end->sim->plan->pair[end->pair].segment_size, cell = cell_size(most);
	if (line->segment_bytes % cell || line->segment_bytes > most ||
		line->segment_bytes == law->traced_segment ||
		(line->segment_bytes < law->traced_segment && line->segment_bytes != cell))
		broken(end, line, "segment", line->segment_bytes);
	cc_model_on_path(&law->model, (double)line->segment_bytes / law->traced_segment);
	law->traced_segment = line->segment_bytes;
}

// The rate is the window over the smoothed round trip time.
static void check_rate(struct end *end, const struct trace_record *line)
{
	double bytes = line->cwnd_segments * line->segment_bytes;
	double rate = line->srtt_ns ? bytes * 1e9 / (double)line->srtt_ns : 0;
	double error = (double)line->rate_Bps - rate;
	if (error > 1 + rate * 1e-9 || error < -1 - rate * 1e-9)
		broken(end, line, "rate", rate);
}

static void check_line(struct end *end, const struct trace_record *line)
{
	struct law *law = &end->law;
	if (line->t_ns != node_clock(end->sim, &end->sim->nodes[end->node]))
		broken(end, line, "time",
			(double)node_clock(end->sim, &end->sim->nodes[end->node]));
	if (line->event == TRACE_ACK && !law->gain.acked)
		broken(end, line, "an ACK that brought nothing", 0);
	else if (line->event == TRACE_ACK)
		check_ack(end, line);
	else if (line->event == TRACE_CUT)
		check_cut(end, line);
	else
		check_path(end, line);
	if (line->segment_bytes != law->traced_segment)
		broken(end, line, "segment", law->traced_segment);
	double want = law->model.cwnd;
	if (!cc_model_agrees(&law->model, line->cwnd_segments))
		broken(end, line, "window", want);
	check_rate(end, line);
	law->cwnd = line->cwnd_segments;
}

// Limited by the window is only what has no room for one more; or what waits after a timeout for an
// answer to two packets.
static void check_limited(struct end *end, const struct conn_stats *stats)
{
	struct law *law = &end->law;
	bool says = stats->limited_by == LIMITED_CWND && law->limited_by != LIMITED_CWND;
	bool full = stats->in_flight + 1.0 > stats->cwnd_segments ||
		    (law->asking && stats->in_flight >= 2);
	if (says && !full)
		sim_fail(end->sim,
			"%c: connection %u says the window limits it: %u of %.3f are in flight",
			node_letter(end->node), end->pair, stats->in_flight, stats->cwnd_segments);
	law->limited_by = stats->limited_by;
}

void law_trace_step(struct end *end, const struct conn_stats *stats, bool after_send)
{
	struct law *law = &end->law;
	law->asking |= stats->timeouts != law->timeouts;
	for (uint32_t i = 0; i < law->nlines && !end->sim->failed; i++)
		check_line(end, &law->lines[i]);
	law->nlines = 0;
	// Of a FIN alone: no cut.
	uint64_t others = stats->timeouts - law->timeouts - law->timeouts_traced;
	law->row += (uint32_t)others;
	if (others)
		law->timer_ns = node_clock(end->sim, &end->sim->nodes[end->node]);
	law->timeouts_traced = 0;
	if (law->gain.acked && strcmp(stats->state, "closed") != 0)
		sim_fail(end->sim,
			"%c: connection %u takes an ACK of packet %llu and traces nothing",
			node_letter(end->node), end->pair, (unsigned long long)law->gain.largest);
	law->gain = (struct law_gain){0};
	if (stats->cwnd_segments != law->cwnd)
		sim_fail(end->sim,
			"%c: connection %u moves its window from %.6f to %.6f without a step",
			node_letter(end->node), end->pair, law->cwnd, stats->cwnd_segments);
	if (stats->cuts != law->cuts_traced)
		sim_fail(end->sim, "%c: connection %u counts %llu cuts and traced %llu",
			node_letter(end->node), end->pair, (unsigned long long)stats->cuts,
			(unsigned long long)law->cuts_traced);
	if (after_send)
		check_limited(end, stats);
}
