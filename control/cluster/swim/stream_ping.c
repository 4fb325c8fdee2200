// Pings over connections, beside the indirect ones: a member whose datagrams are lost is alive by
// them. Both ends are named, so that a ping that is sent back is no pong, and no other node's is.
#include "control/cluster/swim/core.h"
#include "control/cluster/swim/frame.h"

static const char *name_of(const struct swim *swim, uint32_t member)
{
	return member_identity(swim, &swim->members[member])->name;
}

static uint32_t stream_write(const struct swim *swim, enum frame_kind kind, const char *to,
	uint8_t *bytes, uint32_t room)
{
	struct writer writer = {.bytes = bytes, .room = room};
	struct stream_ping ping;

	memcpy(ping.to, to, NAME_SIZE);
	memcpy(ping.from, name_of(swim, SWIM_SELF), NAME_SIZE);
	frame_start(&writer, swim->cluster, kind);
	return stream_ping_write(&writer, &ping) ? (uint32_t)writer.size : 0;
}

uint32_t swim_stream_ping(
	const struct swim *swim, uint32_t member, uint8_t bytes[SWIM_STREAM_PING_MAX])
{
	if (member >= swim->end || swim->members[member].identity == IDENTITIES_NONE)
		return 0;
	return stream_write(swim, FRAME_PING, name_of(swim, member), bytes, SWIM_STREAM_PING_MAX);
}

// One for another node is answered by nobody.
enum swim_result on_stream_ping(struct swim *swim, struct reader *reader, struct swim_output *out)
{
	struct stream_ping ping;

	if (!stream_ping_read(reader, &ping))
		return SWIM_MALFORMED;
	if (strcmp(ping.to, name_of(swim, SWIM_SELF)) != 0)
		return SWIM_OK;
	out->answer.size =
		stream_write(swim, FRAME_PONG, ping.from, out->answer.bytes, SWIM_FRAME_MAX);
	out->answer.last = true;
	return SWIM_OK;
}

bool swim_is_stream_pong(
	const struct swim *swim, uint32_t member, const uint8_t *bytes, size_t size)
{
	struct reader reader = {.at = bytes, .left = size};
	struct stream_ping pong;
	enum frame_kind kind;

	return member < swim->end && swim->members[member].identity != IDENTITIES_NONE &&
	       frame_read(&reader, swim->cluster, &kind) == SWIM_OK && kind == FRAME_PONG &&
	       stream_ping_read(&reader, &pong) && strcmp(pong.from, name_of(swim, member)) == 0 &&
	       strcmp(pong.to, name_of(swim, SWIM_SELF)) == 0;
}

void swim_on_stream_pong(
	struct swim *swim, uint64_t now_ns, uint32_t member, bool ok, struct swim_output *out)
{
	swim_wake(swim, now_ns);
	if (ok && swim->probe.active && swim->probe.indirect && swim->probe.member == member)
		probe_answered(swim, out);
}
