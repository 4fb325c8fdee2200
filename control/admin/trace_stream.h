// session.trace: a trace as lines for one client, until something ends it. Private to admin.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "control/plane/tables.h"
#include "control/plane/traces.h"

struct node;

enum trace_stream_limits {
	TRACE_STREAM_LINE_MAX = 512,    // bytes of one line
	TRACE_STREAM_BATCH = 16384,     // bytes taken at once: all that waits for a slow client
	TRACE_STREAM_BATCHES = 8,       // in one turn of the loop, which has other guests
	TRACE_STREAM_POLL_NS = 2000000, // how often an empty ring is looked at
};

struct trace_stream {
	bool on;
	struct node *node;
	struct trace_reader reader;
	uint64_t end_ns;           // 0: none
	uint64_t lines, lines_max; // 0: no maximum
	uint64_t lost;
	const char *ended; // why it is over; NULL: it is not
};

// 0, or an error for traces_strerror. `seconds`, `count`: 0 for no end.
int trace_stream_start(struct trace_stream *stream, struct node *node, uint32_t cid,
	uint64_t seconds, uint64_t count, uint64_t now_ns);
// Lines of what there is now, at most `size` bytes (and a zero); 0: nothing, or it has ended.
size_t trace_stream_take(struct trace_stream *stream, uint64_t now_ns, char *text, size_t size);
// The last word, once `ended` is set; stops.
json_t *trace_stream_result(struct trace_stream *stream);
void trace_stream_stop(struct trace_stream *stream);

// One line with its newline: a JSON-RPC notification. The size. For tests too.
size_t trace_stream_line(
	const struct tables *tables, const struct trace_record *record, char *text, size_t size);
