// How a stream is named, in the API, in descriptors and on the wire: number << 2 | urgent << 1 |
// unordered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { STREAMS_MAX = 8 }; // of one connection

enum stream_kind {
	STREAM_ORDERED = 0,   // records are delivered in order
	STREAM_UNORDERED = 1, // each record is delivered as soon as it is complete
	STREAM_URGENT = 2,    // either of them, ahead of the connection's other streams
};

static inline uint32_t stream_id(uint32_t number, enum stream_kind kind)
{
	return number << 2 | (uint32_t)kind;
}

static inline uint32_t stream_number(uint32_t stream)
{
	return stream >> 2;
}

static inline bool stream_ordered(uint32_t stream)
{
	return (stream & STREAM_UNORDERED) == 0;
}

static inline bool stream_urgent(uint32_t stream)
{
	return (stream & STREAM_URGENT) != 0;
}

static inline bool stream_valid(uint32_t stream)
{
	return stream_number(stream) < STREAMS_MAX;
}
