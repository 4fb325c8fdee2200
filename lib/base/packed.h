// Many small messages in one record: a record of messages is one prefix and one body after the
// other, to its end. Pure. Both sides and the worker's own source and sink use these functions.
#pragma once

#include <stdint.h>
#include <string.h>

#include "lib/base/bytes.h"

// One message: its size, u32 big-endian; its bytes; zeros up to a multiple of 4. So a body starts
// at a multiple of 4 when its record does, and nothing that lay in the buffer before leaks.
enum {
	PACKED_PREFIX = 4,
	PACKED_RECORD_MAX = 65536,
	PACKED_MESSAGE_MAX = PACKED_RECORD_MAX - PACKED_PREFIX,
};

// Bytes that a message of `size` (<= PACKED_MESSAGE_MAX) takes within a record.
static inline uint32_t packed_size(uint32_t size)
{
	return (PACKED_PREFIX + size + 3u) & ~3u;
}

// Appends a message behind the `used` bytes of a record that has `room` bytes in all (both
// multiples of 4). Returns what is used then, or 0 when the message does not fit.
static inline uint32_t packed_add(
	uint8_t *record, uint32_t used, uint32_t room, const void *message, uint32_t size)
{
	uint32_t end;

	if (size > PACKED_MESSAGE_MAX || packed_size(size) > room - used)
		return 0;
	end = used + packed_size(size);
	be32_put(record + end - 4, 0); // the padding; the rest of this word is written over
	be32_put(record + used, size);
	if (size > 0)
		memcpy(record + used + PACKED_PREFIX, message, size);
	return end;
}

enum packed_step {
	PACKED_END = 0,
	PACKED_MESSAGE,
	PACKED_MALFORMED, // a size that the record does not hold: its writer is not one of ours
};

struct packed_message {
	const uint8_t *data; // borrowed from the record
	uint32_t size;
};

// The message at `*at` of a record of `size` bytes, which may come from anybody; `*at` starts at 0
// and moves behind it. Nothing beyond `size` is read.
static inline enum packed_step packed_next(
	const uint8_t *record, uint32_t size, uint32_t *at, struct packed_message *message)
{
	uint32_t left = size - *at;

	if (left == 0)
		return PACKED_END;
	if (left < PACKED_PREFIX)
		return PACKED_MALFORMED;
	message->size = be32_get(record + *at);
	message->data = record + *at + PACKED_PREFIX;
	if (message->size > PACKED_MESSAGE_MAX || packed_size(message->size) > left)
		return PACKED_MALFORMED;
	*at += packed_size(message->size);
	return PACKED_MESSAGE;
}
