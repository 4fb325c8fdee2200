// What a traced connection tells: every step of its congestion control.
#include "dataplane/transport/conn.h"

void conn_trace_get(const struct conn *c, uint64_t now_ns, struct trace_record *record)
{
	*record = (struct trace_record){
		.t_ns = now_ns,
		.cwnd_segments = c->cc.cwnd,
		.rate_Bps = (uint64_t)c->pacer.rate,
		.rtt_ns = c->rtt.latest_ns,
		.srtt_ns = c->rtt.srtt_ns,
		.in_flight = c->in_flight,
		.event = TRACE_START,
		.limited_by = c->limited,
		.segment_bytes = c->segment,
	};
}

void conn_trace_set(struct transport *t, struct conn *c, bool on)
{
	c->traced = on && t->config.env.trace;
}

void conn_trace_step(struct transport *t, struct conn *c, enum trace_event event,
	enum trace_cut cut, uint32_t newly_acked, uint64_t now_ns)
{
	struct trace_record record;
	conn_trace_get(c, now_ns, &record);
	record.event = (uint8_t)event;
	record.cut_reason = (uint8_t)cut;
	record.newly_acked = newly_acked;
	t->config.env.trace(t->config.env.context, c->owner, &record);
}
