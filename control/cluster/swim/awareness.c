// Local health awareness (Lifeguard, section IV.A): who is slow itself gives the others more time.
#include "control/cluster/swim/core.h"

uint32_t health(const struct swim *swim)
{
	uint32_t sum = swim->health + swim->health_extra;

	if (!swim->config.lifeguard)
		return 0;
	return sum < SWIM_HEALTH_MAX ? sum : SWIM_HEALTH_MAX;
}

void health_add(struct swim *swim, int delta)
{
	int sum = (int)swim->health + delta;

	swim->health = sum < 0 ? 0 : sum > SWIM_HEALTH_MAX ? SWIM_HEALTH_MAX : (uint32_t)sum;
	if (delta && swim->counts[SWIM_SUSPECT]) // their deadlines depend on it
		troubled_by(swim, swim->now_ns);
}

void swim_health_set(struct swim *swim, uint32_t extra)
{
	swim->health_extra = extra < SWIM_HEALTH_MAX ? extra : SWIM_HEALTH_MAX;
	if (swim->counts[SWIM_SUSPECT])
		troubled_by(swim, swim->now_ns);
}

// While we slept nobody could answer us: what was under way gets that time back, and answers that
// wait get theirs. The latter from now on, not on top: else who sleeps again and again would put
// off the end of a probe further than time goes on, and no longer probe anybody.
static void overslept(struct swim *swim, uint64_t late_ns)
{
	uint64_t patience;

	health_add(swim, 1);
	patience = SWIM_MS(swim->config.probe_timeout_ms) * (health(swim) + 1);
	swim->awake_ns = swim->now_ns + patience;
	if (swim->probe.active) {
		swim->probe.timeout_ns += late_ns;
		swim->probe.end_ns += late_ns;
		if (swim->probe.end_ns < swim->awake_ns)
			swim->probe.end_ns = swim->awake_ns;
	}
	for (uint32_t i = 0; i < swim->troubled_count; i++) {
		struct member *member = &swim->members[swim->troubled[i]];

		if (member->state == SWIM_SUSPECT)
			member->since_ns += late_ns;
	}
}

// One sleep counts once: what was due in it is due since the last call.
void swim_wake(struct swim *swim, uint64_t now_ns)
{
	uint64_t tolerance = SWIM_MS(swim->config.probe_timeout_ms) / 2;
	uint64_t wanted = swim_next_ns(swim);

	if (wanted < swim->now_ns)
		wanted = swim->now_ns;
	if (now_ns > swim->now_ns)
		swim->now_ns = now_ns;
	swim->accused_now = false;
	if (swim->config.lifeguard && wanted != NEVER && swim->now_ns > wanted + tolerance)
		overslept(swim, swim->now_ns - wanted);
}
