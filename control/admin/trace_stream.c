// Records of a trace become lines. The dataplane's memory is not believed: what is no number, no
// name and no event of ours becomes null.
#include "control/admin/trace_stream.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "control/admin/rpc.h"
#include "control/node.h"

int trace_stream_start(struct trace_stream *stream, struct node *node, uint32_t cid,
	uint64_t seconds, uint64_t count, uint64_t now_ns)
{
	int error;

	*stream = (struct trace_stream){.node = node,
		.end_ns = seconds ? now_ns + seconds * 1000000000u : 0,
		.lines_max = count};
	error = traces_open(&node->plane, cid, &stream->reader);
	stream->on = error == 0;
	return error;
}

// A name of the other side's memory as a JSON string, or null.
static const char *name_quoted(const char *name, char text[32])
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz_");

	if (size == 0 || name[size] || size > 24)
		return "null";
	snprintf(text, 32, "\"%s\"", name);
	return text;
}

size_t trace_stream_line(
	const struct tables *tables, const struct trace_record *record, char *text, size_t size)
{
	static const char *const events[TRACE_EVENT_COUNT] = {
		"null", "\"start\"", "\"ack\"", "\"cut\"", "\"path\""};
	static const char *const cuts[TRACE_CUT_COUNT] = {"null", "\"loss\"", "\"timeout\""};
	double cwnd = isfinite(record->cwnd_segments) ? record->cwnd_segments : 0;
	char limited[32];
	int used = snprintf(text, size,
		RPC_TRACE_HEAD
		"{\"t_ns\":%" PRId64 ",\"event\":%s,\"cwnd_segments\":%.17g,\"rate_Bps\":%" PRId64
		",\"rtt_ns\":%" PRId64 ",\"srtt_ns\":%" PRId64
		",\"in_flight\":%u,\"newly_acked\":%u,\"segment_bytes\":%u,\"limited_by\":%s"
		",\"cut_reason\":%s}}\n",
		(int64_t)record->t_ns,
		record->event < TRACE_EVENT_COUNT ? events[record->event] : "null", cwnd,
		(int64_t)record->rate_Bps, (int64_t)record->rtt_ns, (int64_t)record->srtt_ns,
		record->in_flight, record->newly_acked, record->segment_bytes,
		name_quoted(tables_limited_name(tables, record->limited_by), limited),
		record->cut_reason < TRACE_CUT_COUNT ? cuts[record->cut_reason] : "null");

	return (size_t)used < size ? (size_t)used : 0;
}

// One step: bytes written, 0 when there is nothing more now or the end has come.
static size_t stream_one(struct trace_stream *stream, char *text, size_t size)
{
	struct trace_record record;
	uint64_t lost;

	switch (traces_take(&stream->reader, &record, &lost)) {
	case TRACES_RECORD:
		return trace_stream_line(&stream->node->plane.tables, &record, text, size);
	case TRACES_LOST:
		stream->lost += lost;
		return (size_t)snprintf(text, size,
			RPC_TRACE_HEAD "{\"event\":\"lost\",\"count\":%" PRIu64 "}}\n", lost);
	case TRACES_GONE:
		stream->ended = "the dataplane went away";
		break;
	case TRACES_NOTHING:
		break;
	}
	return 0;
}

size_t trace_stream_take(struct trace_stream *stream, uint64_t now_ns, char *text, size_t size)
{
	struct session_stats row;
	// Looked at first: what the session did before it ended is in the ring by then.
	bool there = tables_session(&stream->node->plane.tables, stream->reader.cid, &row);
	size_t used = 0, line;

	if (stream->end_ns && now_ns >= stream->end_ns)
		stream->ended = "the time is over";
	while (!stream->ended && size - used > TRACE_STREAM_LINE_MAX) {
		line = stream_one(stream, text + used, size - used);
		if (line == 0)
			break;
		used += line;
		if (++stream->lines == stream->lines_max)
			stream->ended = "so many lines were asked for";
	}
	if (used || stream->ended)
		return used;
	if (!there)
		stream->ended = "the session is closed";
	return 0;
}

json_t *trace_stream_result(struct trace_stream *stream)
{
	json_t *result = json_pack("{s:I, s:I, s:s}", "lines", (json_int_t)stream->lines, "lost",
		(json_int_t)stream->lost, "ended", stream->ended);

	trace_stream_stop(stream);
	return result;
}

void trace_stream_stop(struct trace_stream *stream)
{
	if (stream->on)
		traces_close(&stream->reader);
	stream->on = false;
}
