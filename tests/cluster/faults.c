// What was really done to a cluster, counted: a fault that never happens proves nothing.
#include "tests/cluster/cluster.h"

const char *fault_name(enum fault fault)
{
	static const char *const names[FAULT_COUNT] = {
		[FAULT_LOST] = "lost",
		[FAULT_TWICE] = "twice",
		[FAULT_OVERTAKEN] = "overtaken",
		[FAULT_LATE] = "late",
		[FAULT_CUT] = "cut",
		[FAULT_CUT_ONE_WAY] = "cut one way",
		[FAULT_NO_CONNECTION] = "no connection",
		[FAULT_STOPPED] = "stopped",
		[FAULT_STALLED] = "stalled",
		[FAULT_OVERFLOW] = "inbox full",
		[FAULT_DRIFT] = "wrong clocks",
		[FAULT_CRASH] = "crashes",
		[FAULT_LEAVE] = "leaves",
		[FAULT_RESTART] = "restarts",
		[FAULT_FORGETFUL] = "forgetful restarts",
		[FAULT_UNNOTICED] = "unnoticed restarts",
	};

	return names[fault];
}

void fault_count(struct world *w, enum fault fault)
{
	w->faults[fault]++;
}

void fault_count_order(struct world *w, uint32_t from, uint32_t to, uint64_t at_ns)
{
	uint64_t *latest_ns;

	if (!w->latest_ns)
		return;
	latest_ns = &w->latest_ns[from * w->options.members + to];
	if (at_ns < *latest_ns)
		fault_count(w, FAULT_OVERTAKEN);
	else
		*latest_ns = at_ns;
}
