// The table of controllers.
#include "dataplane/transport/cc.h"

#include <stddef.h>

const struct cc_ops *cc_by_id(uint32_t id)
{
	static const struct cc_ops *const table[CONTROLLER_COUNT] = {
		[CONTROLLER_AIMD] = &cc_aimd,
		[CONTROLLER_AIMD_SS] = &cc_aimd_ss,
		[CONTROLLER_CUBIC] = &cc_cubic,
	};
	return id < CONTROLLER_COUNT ? table[id] : NULL;
}

static double cc_rescaled(double window, double factor)
{
	double least = window < CC_START ? window : CC_START;
	return window * factor > least ? window * factor : least;
}

void cc_rescale(struct cc *cc, double factor)
{
	cc->cwnd = cc_rescaled(cc->cwnd, factor);
	cc->cubic.ssthresh = cc_rescaled(cc->cubic.ssthresh, factor);
	cc->cubic.w_max = cc_rescaled(cc->cubic.w_max, factor);
	cc->cubic.cwnd_prior = cc_rescaled(cc->cubic.cwnd_prior, factor);
	cc->cubic.w_est = cc_rescaled(cc->cubic.w_est, factor);
}
