// The rejoin prober: now and then one of the dead, and one seed that is no alive member, is asked.
// So two halves of a cluster find each other after a partition of any length.
#include "control/cluster/swim/core.h"

enum { PICKS_MAX = 16, SOONER = 10 };

// The dead, and who is dead only to somebody that we compared notes with.
static bool doubtful(const struct member *member)
{
	return member->state == SWIM_DEAD ||
	       (member->state == SWIM_SUSPECT && member->accused == 1 &&
		       member->accusers[0] == NO_MEMBER);
}

static void ask_dead(struct swim *swim, struct swim_output *out)
{
	for (int i = 0; i < PICKS_MAX && swim->troubled_count; i++) {
		uint32_t member = swim->troubled[swim_random_below(swim, swim->troubled_count)];
		const struct identity *identity;
		struct pending *pending;

		if (!doubtful(&swim->members[member]))
			continue;
		identity = member_identity(swim, &swim->members[member]);
		pending = pending_add(swim, PENDING_REJOIN, member);
		if (!pending)
			return;
		pending->cookie = swim->members[member].state;
		hello_send(swim, identity->address, identity->port, member, pending->number, out);
		return;
	}
}

// Where one came back there are more, and it knows them.
void rejoin_answered(struct swim *swim, const struct pending *pending)
{
	uint64_t soon = swim->now_ns + SWIM_MS(swim->config.rejoin_interval_ms) / SOONER;
	const struct member *of = &swim->members[pending->target];

	if (of->identity == IDENTITIES_NONE)
		return;
	if (swim->rejoin_ns > soon)
		swim->rejoin_ns = soon;
	if (pending->cookie == SWIM_DEAD)
		sync_soon(
			swim, member_identity(swim, of)->address, member_identity(swim, of)->port);
}

static bool alive_at(const struct swim *swim, uint32_t member, const struct seed *seed)
{
	const struct member *of;

	if (member >= swim->end || swim->members[member].identity == IDENTITIES_NONE)
		return false;
	of = &swim->members[member];
	return (of->state == SWIM_ALIVE || of->state == SWIM_SUSPECT) &&
	       member_identity(swim, of)->port == seed->port &&
	       address_equal(member_identity(swim, of)->address, seed->address);
}

// One seed at a time, for it may mean to look at all members.
static void ask_seed(struct swim *swim)
{
	struct seed *seed;

	if (swim->seeds_count == 0)
		return;
	seed = &swim->seeds[swim->rejoin_at++ % swim->seeds_count];
	if (!seed->answered || alive_at(swim, seed->member, seed))
		return;
	seed->member = roster_by_address(swim, seed->address, seed->port);
	if (seed->member != SWIM_NONE && alive_at(swim, seed->member, seed))
		return;
	seed->answered = false;
	seed->next_ns = swim->now_ns;
}

void rejoin_tick(struct swim *swim, struct swim_output *out)
{
	if (swim->now_ns < swim->rejoin_ns)
		return;
	swim->rejoin_ns = swim->now_ns + SWIM_MS(swim->config.rejoin_interval_ms);
	ask_dead(swim, out);
	ask_seed(swim);
}

uint64_t rejoin_next_ns(const struct swim *swim)
{
	return swim->counts[SWIM_DEAD] || swim->counts[SWIM_SUSPECT] || swim->seeds_count
		       ? swim->rejoin_ns
		       : NEVER;
}
