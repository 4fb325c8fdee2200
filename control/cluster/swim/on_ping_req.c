// Somebody gets no answer from a member and asks us to try.
#include "control/cluster/swim/core.h"

static void answer(struct swim *swim, const struct relay *relay, enum message_kind kind,
	struct swim_output *out)
{
	struct control control = {.kind = kind, .number = relay->asked};
	struct writer writer = datagram_start(swim, out);

	control_write(&writer, &control);
	datagram_end(swim, &writer, relay->address, relay->port, out);
}

static struct relay *relay_free(struct swim *swim)
{
	for (uint32_t i = 0; i < RELAYS_MAX; i++)
		if (swim->relays[i].number == 0)
			return &swim->relays[i];
	return NULL;
}

// Only members are pinged, at the address that we know: nobody is reached through us otherwise.
void on_ping_req(struct swim *swim, struct address from, uint16_t port,
	const struct control *request, struct swim_output *out)
{
	uint32_t member = roster_find(swim, request->target);
	uint64_t timeout = SWIM_MS(swim->config.probe_timeout_ms);
	struct relay *relay = relay_free(swim);
	struct relay asked = {.number = swim_number(swim),
		.asked = request->number,
		.address = from,
		.port = port,
		.nacked = !swim->config.lifeguard,
		.nack_ns = swim->now_ns + timeout / 10 * 8,
		.end_ns = swim->now_ns + SWIM_MS(swim->config.probe_interval_ms)};

	if (member == SWIM_NONE || member == SWIM_SELF || !relay) {
		if (swim->config.lifeguard)
			answer(swim, &asked, SWIM_NACK, out);
		return;
	}
	*relay = asked;
	swim->relays_used++;
	ping_send(swim, member, relay->number, out);
}

void relay_answered(struct swim *swim, uint32_t number, struct swim_output *out)
{
	for (uint32_t i = 0; swim->relays_used && i < RELAYS_MAX; i++) {
		struct relay *relay = &swim->relays[i];

		if (relay->number != number)
			continue;
		answer(swim, relay, SWIM_ACK, out);
		relay->number = 0;
		swim->relays_used--;
		return;
	}
}

// A nack says: I am well and you reach me, but not the one that you asked for.
void relay_tick(struct swim *swim, struct swim_output *out)
{
	for (uint32_t i = 0; swim->relays_used && i < RELAYS_MAX && out->sends < SWIM_SENDS_MAX;
		i++) {
		struct relay *relay = &swim->relays[i];

		if (relay->number && !relay->nacked && swim->now_ns >= relay->nack_ns) {
			relay->nacked = true;
			answer(swim, relay, SWIM_NACK, out);
		}
		if (relay->number && swim->now_ns >= relay->end_ns) {
			relay->number = 0;
			swim->relays_used--;
		}
	}
}

uint64_t relay_next_ns(const struct swim *swim)
{
	uint64_t next = NEVER;

	for (uint32_t i = 0; swim->relays_used && i < RELAYS_MAX; i++) {
		const struct relay *relay = &swim->relays[i];
		uint64_t due = relay->nacked ? relay->end_ns : relay->nack_ns;

		if (relay->number && due < next)
			next = due;
	}
	return next;
}
