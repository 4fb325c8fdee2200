// Time passes: whatever is due.
#include "control/cluster/swim/core.h"

static void leave_tick(struct swim *swim)
{
	if (swim->members[SWIM_SELF].update == NO_UPDATE || swim->now_ns >= swim->leave_ns ||
		swim_count(swim) == 0)
		swim->left = true;
}

void swim_on_tick(struct swim *swim, uint64_t now_ns, struct swim_output *out)
{
	swim_wake(swim, now_ns);
	if (swim->left)
		return;
	pending_tick(swim, out);
	relay_tick(swim, out);
	if (!swim->leaving) {
		probe_tick(swim, out);
		troubled_tick(swim, out);
		rejoin_tick(swim, out);
		join_tick(swim, out);
		sync_tick(swim, out);
	}
	gossip_tick(swim, out);
	if (swim->leaving)
		leave_tick(swim);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t swim_next_ns(const struct swim *swim)
{
	uint64_t next = least(pending_next_ns(swim), relay_next_ns(swim));

	if (swim->left)
		return NEVER;
	if (swim->updates_count)
		next = least(next, swim->gossip_ns);
	if (swim->leaving)
		return least(next, swim->leave_ns);
	next = least(next, least(probe_next_ns(swim), swim->expiry_ns));
	next = least(next, least(join_next_ns(swim), rejoin_next_ns(swim)));
	return least(next, sync_next_ns(swim));
}
