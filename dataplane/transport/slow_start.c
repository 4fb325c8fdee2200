// Slow start, and its end by delay. RFC 9406 looks for a rise of at least 4 ms: on paths of
// microseconds that is for ever, so the rise is measured in round trips of the empty path.
#include "dataplane/transport/slow_start.h"

#include "dataplane/transport/cc.h"

static void slow_start_round(struct slow_start *s, uint64_t next_pn)
{
	s->samples = 0;
	s->round_end = next_pn;
	s->round_min_ns = UINT64_MAX;
}

void slow_start_init(struct slow_start *s)
{
	s->on = true;
	slow_start_round(s, 0);
}

bool slow_start_on_ack(struct slow_start *s, const struct cc_ack *ack)
{
	if (!s->on)
		return false;
	if (ack->sample_ns) {
		s->samples++;
		if (ack->sample_ns < s->round_min_ns)
			s->round_min_ns = ack->sample_ns;
	}
	if (s->samples >= SLOW_START_SAMPLES && s->round_min_ns > 2 * ack->min_ns)
		s->on = false;
	else if (ack->largest >= s->round_end)
		slow_start_round(s, ack->next_pn);
	return s->on;
}
