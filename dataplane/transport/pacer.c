// The token bucket of one connection.
#include "dataplane/transport/pacer.h"

#include <string.h>

void pacer_init(struct pacer *p, uint32_t segment, uint64_t port_rate, uint64_t now_ns)
{
	memset(p, 0, sizeof(*p));
	p->segment = segment;
	p->port_rate = (double)port_rate;
	p->burst = 2.0 * segment;
	p->tokens = p->burst;
	p->last_ns = now_ns;
}

void pacer_segment(struct pacer *p, uint32_t segment)
{
	p->segment = segment;
}

// At or above the port's rate the port itself paces.
static bool pacer_bypassed(const struct pacer *p)
{
	return p->rate <= 0 || (p->port_rate > 0 && p->rate >= p->port_rate);
}

void pacer_refill(struct pacer *p, uint64_t now_ns)
{
	if (now_ns <= p->last_ns)
		return;
	p->tokens += p->rate * (double)(now_ns - p->last_ns) * 1e-9;
	if (p->tokens > p->burst)
		p->tokens = p->burst;
	p->last_ns = now_ns;
}

void pacer_rate(struct pacer *p, double cwnd, uint64_t srtt_ns, uint64_t loop_ns, uint64_t now_ns)
{
	if (srtt_ns == 0)
		return;
	pacer_refill(p, now_ns); // what passed, passed at the old rate
	p->rate = cwnd * p->segment * 1e9 / (double)srtt_ns;
	double burst = 2.0 * p->rate * (double)loop_ns * 1e-9;
	if (burst > PACER_BURST_MAX)
		burst = PACER_BURST_MAX;
	if (burst < 2.0 * p->segment)
		burst = 2.0 * p->segment;
	p->burst = burst;
}

uint64_t pacer_wait(const struct pacer *p, uint32_t size)
{
	if (pacer_bypassed(p) || p->tokens >= size)
		return 0;
	return (uint64_t)((size - p->tokens) * 1e9 / p->rate) + 1;
}

void pacer_take(struct pacer *p, uint32_t size)
{
	if (!pacer_bypassed(p))
		p->tokens -= size;
}
