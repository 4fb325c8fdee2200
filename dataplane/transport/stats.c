// What people see of a connection.
#include "dataplane/transport/conn.h"

const char *limited_by_name(enum limited_by l)
{
	static const char *const names[] = {
		"nothing", "cwnd", "pacer", "credit", "stream", "pn_span", "app"};
	return (unsigned)l < sizeof(names) / sizeof(names[0]) ? names[l] : "unknown";
}

static const char *stats_state(const struct conn *c)
{
	static const char *const names[] = {
		[CONN_FREE] = "closed",
		[CONN_RESERVED] = "reserved",
		[CONN_CONNECTING] = "connecting",
		[CONN_LISTENING] = "listening",
		[CONN_OPEN] = "open",
		[CONN_CLOSING] = "closing",
		[CONN_CLOSED] = "closed",
	};
	return names[c->state];
}

void conn_stats_get(const struct conn *c, struct conn_stats *stats)
{
	*stats = c->stats;
	stats->segment_bytes = c->segment;
	stats->srtt_ns = c->rtt.srtt_ns;
	stats->rttvar_ns = c->rtt.var_ns;
	stats->min_rtt_ns = c->rtt.min_ns;
	stats->latest_rtt_ns = c->rtt.latest_ns;
	stats->cwnd_segments = c->cc.cwnd;
	stats->rate_Bps = (uint64_t)c->pacer.rate;
	stats->in_flight = c->in_flight;
	stats->limited_by = (enum limited_by)c->limited;
	stats->state = stats_state(c);
}
