// aimd: one segment more a round trip, half of it on
// a loss event. Counts segments, not ACK packets.
#include "dataplane/transport/cc.h"

#define AIMD_START 4.0
#define AIMD_MIN   1.0

static void aimd_init(struct cc *cc)
{
	cc->cwnd = AIMD_START;
	cc->cut_pn = 0;
}

static void aimd_on_ack(struct cc *cc, uint32_t segments, bool limited)
{
	if (limited)
		cc->cwnd += (double)segments / cc->cwnd;
}

static void aimd_cut(struct cc *cc, uint64_t next_pn)
{
	cc->cwnd /= 2;
	if (cc->cwnd < AIMD_MIN)
		cc->cwnd = AIMD_MIN;
	cc->cut_pn = next_pn - 1;
}

// A full queue drops a run of packets of one window: one event, one halving.
static bool aimd_on_loss(struct cc *cc, uint64_t pn, uint64_t next_pn)
{
	if (pn <= cc->cut_pn)
		return false;
	aimd_cut(cc, next_pn);
	return true;
}

const struct cc_ops cc_aimd = {
	.name = "aimd",
	.init = aimd_init,
	.on_ack = aimd_on_ack,
	.on_loss = aimd_on_loss,
	.on_timeout = aimd_cut,
};
