// Rounds of gossip: what is in the queue goes to a few members at random.
#include "control/cluster/swim/core.h"

// The rounds keep their rhythm while there is nothing to say.
void gossip_schedule(struct swim *swim)
{
	uint64_t interval = SWIM_MS(swim->config.gossip_interval_ms);

	if (swim->gossip_ns < swim->now_ns)
		swim->gossip_ns +=
			(swim->now_ns - swim->gossip_ns + interval - 1) / interval * interval;
}

// The dead hear of their death for a while: it may be wrong.
static bool hears(const struct swim *swim, const struct member *member)
{
	return member->state == SWIM_ALIVE || member->state == SWIM_SUSPECT ||
	       (member->state == SWIM_DEAD &&
		       swim->now_ns - member->since_ns < SWIM_MS(swim->config.gossip_to_dead_ms));
}

static bool picked(const uint16_t *picks, uint32_t count, uint16_t member)
{
	while (count--)
		if (picks[count] == member)
			return true;
	return false;
}

// Returns how many were found with a bounded number of tries.
static uint32_t pick(struct swim *swim, uint16_t picks[FANOUT_MAX])
{
	uint32_t count = 0, tries = 8 * swim->config.gossip_fanout;

	while (tries-- && swim->order_count && count < swim->config.gossip_fanout) {
		uint16_t member = swim->order[swim_random_below(swim, swim->order_count)];

		if (swim->members[member].identity != IDENTITIES_NONE &&
			hears(swim, &swim->members[member]) && !picked(picks, count, member))
			picks[count++] = member;
	}
	return count;
}

void gossip_tick(struct swim *swim, struct swim_output *out)
{
	uint16_t picks[FANOUT_MAX];
	uint32_t count;

	if (swim->updates_count == 0 || swim->now_ns < swim->gossip_ns)
		return;
	swim->gossip_ns += SWIM_MS(swim->config.gossip_interval_ms);
	gossip_schedule(swim);
	count = pick(swim, picks);
	for (uint32_t i = 0; i < count && swim->updates_count; i++) {
		struct writer writer = datagram_start(swim, out);

		datagram_end_to(swim, &writer, picks[i], out);
	}
}
