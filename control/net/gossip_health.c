// How well this process is, for Lifeguard: one that is late itself must not call others dead.
#include "control/net/gossip_internal.h"

#define MS(ms) ((uint64_t)(ms)*1000000)

struct step {
	uint64_t late_ns;
	uint32_t extra; // for swim_health_set
};

// The loop: a callback that takes 100 ms is not normal. The dataplane publishes a heartbeat at
// least every second while it is well.
static const struct step loop_steps[] = {
	{MS(1000), 6}, {MS(500), 4}, {MS(250), 2}, {MS(100), 1}, {0}};
static const struct step plane_steps[] = {{MS(5000), 4}, {MS(2500), 2}, {0}};

static uint32_t extra_of(const struct step *steps, uint64_t late_ns)
{
	while (steps->late_ns && late_ns < steps->late_ns)
		steps++;
	return steps->extra;
}

static void health_raise(struct gossip *gossip, uint32_t extra)
{
	if (extra <= gossip->health_extra)
		return;
	gossip->health_extra = extra;
	swim_health_set(gossip->swim, extra);
}

void gossip_health_lag(struct gossip *gossip, uint64_t due_ns, uint64_t now_ns)
{
	if (now_ns > due_ns)
		health_raise(gossip, extra_of(loop_steps, now_ns - due_ns));
}

static uint64_t plane_late_ns(const struct gossip *gossip, uint64_t now_ns)
{
	struct tables_worker row;
	uint64_t late_ns = 0;

	for (uint32_t i = 0; gossip->tables && tables_worker(gossip->tables, i, &row); i++) {
		if (row.heartbeat_ns && now_ns > row.heartbeat_ns + late_ns)
			late_ns = now_ns - row.heartbeat_ns;
	}
	return late_ns;
}

// It gets better one step at a time, and worse at once.
static void gossip_on_health(void *owner)
{
	struct gossip *gossip = owner;
	uint64_t now_ns = loop_now_ns(gossip->loop);

	if (gossip->health_extra)
		swim_health_set(gossip->swim, --gossip->health_extra);
	gossip_health_lag(gossip, gossip->health_due_ns, now_ns);
	health_raise(gossip, extra_of(plane_steps, plane_late_ns(gossip, now_ns)));
	gossip_health_start(gossip);
}

void gossip_health_start(struct gossip *gossip)
{
	gossip->health_due_ns = loop_now_ns(gossip->loop) + MS(GOSSIP_HEALTH_MS);
	loop_timer_start(
		gossip->loop, &gossip->health, MS(GOSSIP_HEALTH_MS), gossip_on_health, gossip);
}

void gossip_health_stop(struct gossip *gossip)
{
	loop_timer_stop(gossip->loop, &gossip->health);
}
