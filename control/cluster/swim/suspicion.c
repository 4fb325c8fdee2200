// How long a suspect has to protest (Lifeguard, section IV.B), and what becomes of who is not
// alive.
#include "control/cluster/swim/core.h"

// 1000 * log(c + 1) / log(k + 1) for k wanted and c received confirmations.
static const uint16_t confirmed_share[ACCUSERS_MAX][ACCUSERS_MAX] = {
	{1000, 1000, 1000, 1000},
	{0, 1000, 1000, 1000},
	{0, 631, 1000, 1000},
	{0, 500, 792, 1000},
};

static uint32_t confirmations_wanted(const struct swim *swim)
{
	uint32_t members = swim_count(swim), wanted = swim->config.confirmations;

	if (!swim->config.lifeguard || members <= 2)
		return 0;
	return members - 2 < wanted ? members - 2 : wanted;
}

uint64_t suspicion_deadline(const struct swim *swim, const struct member *member)
{
	const struct swim_config *config = &swim->config;
	uint32_t scale = log10_milli(swim_count(swim) + 1), wanted = confirmations_wanted(swim);
	uint32_t confirmed = member->accused ? member->accused - 1u : 0;
	uint64_t least, most, deadline;

	if (scale < 1000)
		scale = 1000;
	least = SWIM_MS(config->probe_interval_ms) * config->suspicion_multiplier * scale / 1000;
	most = least * config->suspicion_max_factor;
	deadline = most - (most - least) / 1000 * confirmed_share[wanted][confirmed];
	deadline = member->since_ns + deadline * (health(swim) + 1);
	return deadline > swim->awake_ns ? deadline : swim->awake_ns;
}

static bool accuses(const struct member *member, uint32_t from)
{
	for (uint32_t i = 0; i < member->accused; i++)
		if (member->accusers[i] == from)
			return true;
	return false;
}

bool suspicion_confirm(struct swim *swim, uint32_t member, uint32_t from)
{
	struct member *of = &swim->members[member];

	if (from == SWIM_NONE || of->accused > confirmations_wanted(swim) || accuses(of, from))
		return false;
	of->accusers[of->accused++] = (uint16_t)from;
	troubled_by(swim, suspicion_deadline(swim, of));
	return true;
}

void suspicion_start(struct swim *swim, uint32_t member, uint32_t from)
{
	struct member *of = &swim->members[member];

	member_set(swim, member, SWIM_SUSPECT);
	of->since_ns = swim->now_ns;
	of->accused = 1;
	of->accusers[0] = from == SWIM_NONE ? NO_MEMBER : (uint16_t)from;
	troubled_by(swim, suspicion_deadline(swim, of));
}

void troubled_by(struct swim *swim, uint64_t ns)
{
	if (ns < swim->expiry_ns)
		swim->expiry_ns = ns;
}

uint64_t forget_ns(const struct swim *swim, const struct member *member)
{
	const struct swim_config *config = &swim->config;

	return member->since_ns + SWIM_MS(member->state == SWIM_LEFT ? config->left_remember_ms
								     : config->dead_remember_ms);
}

// Off the list and out of mind.
static void forget(struct swim *swim, uint32_t listed_at, struct swim_output *out)
{
	uint32_t member = swim->troubled[listed_at];

	swim->troubled[listed_at] = swim->troubled[--swim->troubled_count];
	change_add(out, member, (enum swim_state)swim->members[member].state, SWIM_ABSENT, false);
	roster_forget(swim, member);
}

// Who has been gone longest makes room for the living, once it had time to protest.
bool troubled_evict(struct swim *swim, struct swim_output *out)
{
	uint64_t protest = SWIM_MS(swim->config.gossip_to_dead_ms), oldest = NEVER;
	uint32_t at = 0;

	if (out->changes + 2 > SWIM_CHANGES_MAX) // the stranger is a change, too
		return false;
	for (uint32_t i = 0; i < swim->troubled_count; i++) {
		const struct member *of = &swim->members[swim->troubled[i]];

		if ((of->state != SWIM_DEAD && of->state != SWIM_LEFT) ||
			swim->troubled[i] == SWIM_SELF || of->since_ns >= oldest)
			continue;
		oldest = of->since_ns;
		at = i;
	}
	if (oldest == NEVER || swim->now_ns - oldest < protest)
		return false;
	forget(swim, at, out);
	return true;
}

// Its time is up. Returns when to look again, NEVER: it is off the list.
static uint64_t look(struct swim *swim, uint32_t at, struct swim_output *out)
{
	uint32_t member = swim->troubled[at];
	struct member *of = &swim->members[member];
	uint64_t due;

	if (of->state == SWIM_ALIVE) {
		of->listed = false;
		swim->troubled[at] = swim->troubled[--swim->troubled_count];
		return NEVER;
	}
	due = of->state == SWIM_SUSPECT ? suspicion_deadline(swim, of) : forget_ns(swim, of);
	if (due > swim->now_ns || !changes_room(out))
		return due;
	if (of->state != SWIM_SUSPECT) {
		forget(swim, at, out);
		return NEVER;
	}
	swim->report.declared_dead++;
	on_dead(swim, member, of->incarnation, false, out);
	return forget_ns(swim, of);
}

void troubled_tick(struct swim *swim, struct swim_output *out)
{
	uint64_t next = NEVER, pause = SWIM_MS(swim->config.probe_interval_ms) / 10;

	if (swim->now_ns < swim->expiry_ns)
		return;
	for (uint32_t i = 0; i < swim->troubled_count;) {
		uint64_t due = look(swim, i, out);

		if (due == NEVER)
			continue;
		if (due < next)
			next = due;
		i++;
	}
	// many deadlines close together cost one look
	swim->expiry_ns =
		next > swim->now_ns && next < swim->now_ns + pause ? swim->now_ns + pause : next;
}
