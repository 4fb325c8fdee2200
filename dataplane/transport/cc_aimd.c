// aimd: one segment more a round trip, half of it on a loss event. Counts segments, not ACK
// packets.
// aimd-ss: the same behind a slow start, which the first cut ends for good.
#include "dataplane/transport/cc.h"

static void aimd_init(struct cc *cc)
{
	cc->cwnd = CC_START;
	cc->cut_pn = 0;
}

static void aimd_on_ack(struct cc *cc, const struct cc_ack *ack)
{
	if (ack->limited)
		cc->cwnd += (double)ack->segments / cc->cwnd;
}

static void aimd_cut(struct cc *cc, uint64_t next_pn)
{
	cc->cwnd /= 2;
	if (cc->cwnd < CC_MIN)
		cc->cwnd = CC_MIN;
	cc->cut_pn = next_pn - 1;
	cc->start.on = false;
}

// A full queue drops a run of packets of one window: one event, one halving.
static bool aimd_on_loss(struct cc *cc, uint64_t pn, uint64_t next_pn, uint64_t now_ns)
{
	(void)now_ns;
	if (pn <= cc->cut_pn)
		return false;
	aimd_cut(cc, next_pn);
	return true;
}

static void aimd_ss_init(struct cc *cc)
{
	aimd_init(cc);
	slow_start_init(&cc->start);
}

static void aimd_ss_on_ack(struct cc *cc, const struct cc_ack *ack)
{
	if (!slow_start_on_ack(&cc->start, ack))
		aimd_on_ack(cc, ack);
	else if (ack->limited)
		cc->cwnd += ack->segments;
}

const struct cc_ops cc_aimd = {
	.name = "aimd",
	.init = aimd_init,
	.on_ack = aimd_on_ack,
	.on_loss = aimd_on_loss,
	.on_timeout = aimd_cut,
};

const struct cc_ops cc_aimd_ss = {
	.name = "aimd-ss",
	.init = aimd_ss_init,
	.on_ack = aimd_ss_on_ack,
	.on_loss = aimd_on_loss,
	.on_timeout = aimd_cut,
};
