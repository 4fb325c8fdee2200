// A datagram: what it says of members first, then its questions, so that the answer may already
// contradict it.
#include "control/cluster/swim/core.h"

enum { CONTROLS_MAX = 4 }; // of one datagram that are answered

static enum swim_result on_rumour(
	struct swim *swim, const struct message *message, struct swim_output *out)
{
	struct rumour rumour;
	uint32_t member, by;

	if (!rumour_read(message, &rumour))
		return SWIM_MALFORMED;
	member = roster_find(swim, rumour.name);
	if (member == SWIM_NONE)
		return SWIM_OK; // whoever is not known needs no death
	by = roster_find(swim, rumour.from);
	if (message->kind == SWIM_SAY_SUSPECT) // by itself: hearsay, that counts for nobody
		on_suspect(swim, member, rumour.incarnation, by == member ? SWIM_NONE : by, out);
	else
		on_dead(swim, member, rumour.incarnation, message->kind == SWIM_SAY_LEFT, out);
	return SWIM_OK;
}

static enum swim_result on_say_alive(
	struct swim *swim, const struct message *message, struct swim_output *out)
{
	struct record record;

	return alive_read(message, &record) ? on_alive(swim, &record, out) : SWIM_MALFORMED;
}

static enum swim_result on_message(struct swim *swim, const struct message *message,
	struct control *controls, uint32_t *count, struct swim_output *out)
{
	switch (message->kind) {
	case SWIM_PING:
	case SWIM_PING_REQ:
	case SWIM_ACK:
	case SWIM_NACK:
		if (*count == CONTROLS_MAX)
			return SWIM_MALFORMED;
		return control_read(message, &controls[*count]) ? (++*count, SWIM_OK)
								: SWIM_MALFORMED;
	case SWIM_SAY_ALIVE:
		return changes_room(out) ? on_say_alive(swim, message, out) : SWIM_FULL;
	case SWIM_SAY_SUSPECT:
	case SWIM_SAY_DEAD:
	case SWIM_SAY_LEFT:
		return changes_room(out) ? on_rumour(swim, message, out) : SWIM_FULL;
	default:
		swim->report.messages_skipped++;
		return SWIM_OK;
	}
}

static void on_control(struct swim *swim, struct address from, uint16_t port,
	const struct control *control, struct swim_output *out)
{
	if (control->kind == SWIM_PING)
		on_ping(swim, from, port, control, out);
	else if (control->kind == SWIM_PING_REQ)
		on_ping_req(swim, from, port, control, out);
	else if (control->kind == SWIM_ACK)
		on_ack(swim, control, out);
	else
		on_nack(swim, control);
}

enum swim_result swim_on_datagram(struct swim *swim, uint64_t now_ns, struct address from,
	uint16_t port, const uint8_t *bytes, size_t size, struct swim_output *out)
{
	struct reader reader = {.at = bytes, .left = size};
	struct control controls[CONTROLS_MAX];
	enum swim_result result, said;
	struct message message;
	uint32_t count = 0;

	swim_wake(swim, now_ns);
	swim->report.datagrams_in++;
	swim->report.bytes_in += size;
	if (swim->left)
		return SWIM_OK;
	result = size > SWIM_DATAGRAM_MAX ? SWIM_MALFORMED : header_read(&reader, swim->cluster);
	while (result != SWIM_MALFORMED && result != SWIM_SHORT && result != SWIM_VERSION &&
		result != SWIM_CLUSTER && message_next(&reader, &message)) {
		said = on_message(swim, &message, controls, &count, out);
		if (said != SWIM_OK)
			result = said;
	}
	if (result == SWIM_OK && reader.bad)
		result = SWIM_MALFORMED;
	for (uint32_t i = 0; i < count; i++)
		on_control(swim, from, port, &controls[i], out);
	if (result != SWIM_OK)
		swim->report.rejected[result]++;
	return result;
}
