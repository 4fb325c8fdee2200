// Round trip time estimate and the timers derived from it.
#include "dataplane/transport/rtt.h"

void rtt_sample(struct rtt *r, uint64_t elapsed_ns, uint64_t delay_ns)
{
	// A delay longer than the whole trip is a clock that
	// lies: the plain time is the better estimate then.
	uint64_t s = delay_ns < elapsed_ns ? elapsed_ns - delay_ns : elapsed_ns;
	if (s < RTT_SAMPLE_MIN_NS)
		s = RTT_SAMPLE_MIN_NS;
	r->latest_ns = s;
	if (r->srtt_ns == 0) {
		r->srtt_ns = s;
		r->var_ns = s / 2;
		r->min_ns = s;
		return;
	}
	if (s < r->min_ns)
		r->min_ns = s;
	uint64_t error = s > r->srtt_ns ? s - r->srtt_ns : r->srtt_ns - s;
	r->var_ns = (3 * r->var_ns + error) / 4;
	r->srtt_ns = (7 * r->srtt_ns + s) / 8;
}

uint64_t rtt_timeout(const struct rtt *r, uint32_t backoff)
{
	if (r->srtt_ns == 0)
		return RTT_TIMEOUT_MAX_NS;
	uint64_t t = r->srtt_ns + 4 * r->var_ns + RTT_ACK_DELAY_NS;
	if (t < RTT_TIMEOUT_MIN_NS)
		t = RTT_TIMEOUT_MIN_NS;
	for (; backoff && t < RTT_TIMEOUT_MAX_NS; backoff--)
		t *= 2;
	return t > RTT_TIMEOUT_MAX_NS ? RTT_TIMEOUT_MAX_NS : t;
}

uint64_t rtt_ack_delay(const struct rtt *r)
{
	uint64_t quarter = r->srtt_ns / 4;
	return quarter && quarter < RTT_ACK_DELAY_NS ? quarter : RTT_ACK_DELAY_NS;
}
