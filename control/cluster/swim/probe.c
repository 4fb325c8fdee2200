// Rounds of probes: each member once in a shuffled round, so that a dead one is found within a
// bounded time (SWIM, section 4.3). First directly, then through others.
#include "control/cluster/swim/core.h"

// A newcomer's turn is anywhere in this round.
void order_add(struct swim *swim, uint32_t member)
{
	uint32_t at;

	if (swim->order_count == swim->config.members_max)
		return; // the next round is made of the members anew
	at = swim_random_below(swim, swim->order_count + 1);
	swim->order[swim->order_count++] = swim->order[at];
	swim->order[at] = (uint16_t)member;
}

static void shuffle(struct swim *swim)
{
	swim->order_count = swim->order_at = 0;
	for (uint32_t i = 0; i < swim->end; i++) {
		if (i == SWIM_SELF || swim->members[i].identity == IDENTITIES_NONE)
			continue;
		order_add(swim, i); // inside out: every order is as likely
	}
}

static bool usable(const struct swim *swim, uint32_t member)
{
	const struct member *of = &swim->members[member];

	return member != SWIM_SELF && of->identity != IDENTITIES_NONE &&
	       (of->state == SWIM_ALIVE || of->state == SWIM_SUSPECT);
}

static uint32_t next_target(struct swim *swim)
{
	for (int round = 0; round < 2; round++) {
		while (swim->order_at < swim->order_count) {
			uint32_t member = swim->order[swim->order_at++];

			if (usable(swim, member))
				return member;
		}
		shuffle(swim);
	}
	return SWIM_NONE;
}

void ping_send(struct swim *swim, uint32_t member, uint32_t number, struct swim_output *out)
{
	const struct member *of = &swim->members[member];
	struct control ping = {.kind = SWIM_PING, .number = number};
	struct writer writer = datagram_start(swim, out);

	memcpy(ping.target, member_identity(swim, of)->name, NAME_SIZE);
	memcpy(ping.from, swim->config.name, NAME_SIZE);
	control_write(&writer, &ping);
	if (of->state == SWIM_SUSPECT && swim->config.lifeguard)
		update_write(swim, member, &writer);
	datagram_end_to(swim, &writer, member, out);
}

static void start(struct swim *swim, struct swim_output *out)
{
	uint64_t times = health(swim) + 1, now = swim->now_ns;
	uint32_t target = next_target(swim);

	swim->probe_ns = now + SWIM_MS(swim->config.probe_interval_ms) * times;
	if (target == SWIM_NONE)
		return;
	swim->probe = (struct probe){.active = true,
		.member = (uint16_t)target,
		.number = swim_number(swim),
		.sent_ns = now,
		.timeout_ns = now + SWIM_MS(swim->config.probe_timeout_ms) * times,
		.end_ns = swim->probe_ns};
	swim->report.probes++;
	ping_send(swim, target, swim->probe.number, out);
}

static void ask(struct swim *swim, uint32_t helper, struct swim_output *out)
{
	const struct member *target = &swim->members[swim->probe.member];
	struct control request = {.kind = SWIM_PING_REQ, .number = swim->probe.number};
	struct writer writer = datagram_start(swim, out);

	memcpy(request.target, member_identity(swim, target)->name, NAME_SIZE);
	control_write(&writer, &request);
	datagram_end_to(swim, &writer, helper, out);
}

static bool chosen(const uint32_t *helpers, uint32_t count, uint32_t member)
{
	while (count--)
		if (helpers[count] == member)
			return true;
	return false;
}

// Others may reach it where we do not; and a connection may where datagrams do not.
static void ask_others(struct swim *swim, struct swim_output *out)
{
	uint32_t helpers[INDIRECT_MAX], count = 0, tries = 8 * swim->config.indirect;
	uint64_t answers_ns = swim->now_ns + SWIM_MS(swim->config.probe_timeout_ms);

	swim->probe.indirect = true;
	// who looks late gives the helpers their time all the same; plain SWIM has no such mercy
	if (swim->config.lifeguard && swim->probe.end_ns < answers_ns)
		swim->probe.end_ns = answers_ns;
	swim->report.probes_indirect++;
	while (tries-- && count < swim->config.indirect && swim->order_count) {
		uint32_t member = swim->order[swim_random_below(swim, swim->order_count)];

		if (member == swim->probe.member || !usable(swim, member) ||
			swim->members[member].state != SWIM_ALIVE || chosen(helpers, count, member))
			continue;
		helpers[count++] = member;
		ask(swim, member, out);
	}
	if (!swim->config.lifeguard)
		return;
	swim->probe.nacks_due = (uint16_t)count;
	if (out->stream_pings < SWIM_STREAM_PINGS_MAX)
		out->stream_ping[out->stream_pings++] = swim->probe.member;
}

// Helpers that did not even say nack mean that it is us (Lifeguard, section IV.A).
static void failed(struct swim *swim, struct swim_output *out)
{
	struct probe *probe = &swim->probe;
	uint32_t member = probe->member;

	probe->active = false;
	swim->report.probes_failed++;
	health_add(swim, probe->nacks_due == 0             ? 1
			 : probe->nacks < probe->nacks_due ? probe->nacks_due - probe->nacks
							   : 0);
	if (!usable(swim, member) || !changes_room(out))
		return;
	if (swim->members[member].state == SWIM_ALIVE)
		swim->report.suspected++;
	on_suspect(swim, member, swim->members[member].incarnation, SWIM_SELF, out);
}

void probe_answered(struct swim *swim, struct swim_output *out)
{
	struct probe *probe = &swim->probe;
	uint64_t rtt_us = (swim->now_ns - probe->sent_ns) / 1000;

	probe->active = false;
	health_add(swim, -1);
	if (probe->indirect || swim->members[probe->member].identity == IDENTITIES_NONE)
		return;
	rtt_us = rtt_us < 1 ? 1 : rtt_us < UINT32_MAX ? rtt_us : UINT32_MAX;
	swim->members[probe->member].rtt_us = (uint32_t)rtt_us;
	out->probed = (struct swim_probed){.member = probe->member, .rtt_ns = rtt_us * 1000};
}

void probe_tick(struct swim *swim, struct swim_output *out)
{
	struct probe *probe = &swim->probe;

	if (probe->active && !usable(swim, probe->member))
		probe->active = false; // dead or gone meanwhile
	if (probe->active && !probe->indirect && swim->now_ns >= probe->timeout_ns)
		ask_others(swim, out);
	if (probe->active && swim->now_ns >= probe->end_ns)
		failed(swim, out);
	if (!probe->active && swim->now_ns >= swim->probe_ns)
		start(swim, out);
}

uint64_t probe_next_ns(const struct swim *swim)
{
	const struct probe *probe = &swim->probe;

	if (probe->active)
		return probe->indirect ? probe->end_ns : probe->timeout_ns;
	return swim->probe_ns;
}
