// A ping was answered: of our probe, of one that we sent for another, or one outside of the rounds.
#include "control/cluster/swim/core.h"

void on_ack(struct swim *swim, const struct control *ack, struct swim_output *out)
{
	struct pending *pending;

	if (ack->number == 0)
		return;
	if (swim->probe.active && swim->probe.number == ack->number) {
		probe_answered(swim, out);
		return;
	}
	pending = pending_find(swim, ack->number);
	if (pending)
		pending_answered(swim, pending, out);
	else
		relay_answered(swim, ack->number, out);
}
