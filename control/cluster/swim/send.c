// Datagrams on their way out, written in place.
#include "control/cluster/swim/core.h"

struct writer datagram_start(const struct swim *swim, struct swim_output *out)
{
	struct writer writer = {0};

	if (out->sends == SWIM_SENDS_MAX)
		return writer;
	writer.bytes = out->send[out->sends].bytes;
	writer.room = SWIM_DATAGRAM_MAX;
	header_write(&writer, swim->cluster);
	return writer;
}

void datagram_end(struct swim *swim, struct writer *writer, struct address address, uint16_t port,
	struct swim_output *out)
{
	struct swim_send *send = &out->send[out->sends];

	if (!writer->bytes)
		return;
	updates_fill(swim, writer);
	send->address = address;
	send->port = port;
	send->size = (uint16_t)writer->size;
	out->sends++;
	swim->report.datagrams_out++;
	swim->report.bytes_out += send->size;
}

void datagram_end_to(
	struct swim *swim, struct writer *writer, uint32_t member, struct swim_output *out)
{
	const struct identity *identity = member_identity(swim, &swim->members[member]);

	datagram_end(swim, writer, identity->address, identity->port, out);
}
