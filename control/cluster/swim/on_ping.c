// Somebody wants to know whether we are alive.
#include "control/cluster/swim/core.h"

// The first to hear of a suspicion is the suspect, and of its death who it is said of. Who says
// hello may have started again with a clock that was set back: nobody takes its word until it
// hears what incarnation it had.
static void tell(const struct swim *swim, const struct control *ping, struct writer *writer)
{
	uint32_t member = roster_find(swim, ping->from);

	if (member == SWIM_NONE || member == SWIM_SELF)
		return;
	if (swim->members[member].state == SWIM_ALIVE && ping->target[0])
		return;
	if (swim->members[member].state == SWIM_SUSPECT && !swim->config.lifeguard)
		return;
	update_write(swim, member, writer);
}

void on_ping(struct swim *swim, struct address from, uint16_t port, const struct control *ping,
	struct swim_output *out)
{
	struct control ack = {.kind = SWIM_ACK, .number = ping->number};
	struct writer writer;

	if (swim_count(swim) == 1 && roster_find(swim, ping->from) == SWIM_NONE)
		sync_soon(swim, from, port); // we started again, unnoticed, and know nobody to ask
	if (ping->target[0] && roster_find(swim, ping->target) != SWIM_SELF)
		return; // an address that was somebody else's before
	writer = datagram_start(swim, out);
	control_write(&writer, &ack);
	if (!ping->target[0] || swim->accused_now)
		update_write(swim, SWIM_SELF, &writer);
	tell(swim, ping, &writer);
	datagram_end(swim, &writer, from, port, out);
}
