// What the caller may look at.
#include "control/cluster/swim/core.h"

uint32_t swim_end(const struct swim *swim)
{
	return swim->end;
}

bool swim_member(const struct swim *swim, uint32_t member, struct swim_view *view)
{
	const struct member *of;
	const struct identity *identity;

	if (member >= swim->end || swim->members[member].identity == IDENTITIES_NONE)
		return false;
	of = &swim->members[member];
	identity = member_identity(swim, of);
	*view = (struct swim_view){.name = identity->name,
		.address = identity->address,
		.port = identity->port,
		.state = (enum swim_state)of->state,
		.incarnation = of->incarnation,
		.meta_version = identity->meta_version,
		.meta_size = identity->meta_size,
		.meta = identity->meta,
		.since_ns = of->since_ns,
		.rtt_ns = of->rtt_us * 1000ull};
	return true;
}

uint32_t swim_find(const struct swim *swim, const char *name)
{
	return roster_find(swim, name);
}

uint32_t swim_count(const struct swim *swim)
{
	return swim->counts[SWIM_ALIVE] + swim->counts[SWIM_SUSPECT];
}

void swim_report(const struct swim *swim, struct swim_report *report)
{
	*report = swim->report;
	memcpy(report->members, swim->counts, sizeof(report->members));
	report->health = health(swim);
	report->updates = swim->updates_count;
}

const char *swim_state_name(enum swim_state state)
{
	static const char *const names[SWIM_STATE_COUNT] = {
		[SWIM_ABSENT] = "absent",
		[SWIM_ALIVE] = "alive",
		[SWIM_SUSPECT] = "suspect",
		[SWIM_DEAD] = "dead",
		[SWIM_LEFT] = "left",
	};

	return (unsigned)state < SWIM_STATE_COUNT ? names[state] : "?";
}

const char *swim_result_name(enum swim_result result)
{
	static const char *const names[SWIM_RESULT_COUNT] = {
		[SWIM_OK] = "ok",
		[SWIM_SHORT] = "short",
		[SWIM_VERSION] = "version",
		[SWIM_CLUSTER] = "cluster",
		[SWIM_MALFORMED] = "malformed",
		[SWIM_FULL] = "full",
	};

	return (unsigned)result < SWIM_RESULT_COUNT ? names[result] : "?";
}
