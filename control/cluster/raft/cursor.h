// Bytes that are read one field after another: the first that is missing spoils all that follow.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/bytes.h"

struct cursor {
	const uint8_t *at;
	size_t left;
	bool bad;
};

// NULL: so many are not left.
static inline const uint8_t *cursor_take(struct cursor *cursor, size_t size)
{
	const uint8_t *at = cursor->at;

	if (cursor->bad || cursor->left < size) {
		cursor->bad = true;
		return NULL;
	}
	cursor->at += size;
	cursor->left -= size;
	return at;
}

static inline uint8_t cursor_u8(struct cursor *cursor)
{
	const uint8_t *at = cursor_take(cursor, 1);

	return at ? *at : 0;
}

static inline uint64_t cursor_u64(struct cursor *cursor)
{
	const uint8_t *at = cursor_take(cursor, 8);

	return at ? be64_get(at) : 0;
}
