// Records of a fixed size from one writer to readers that may be too slow: the writer never waits
// and overwrites the oldest; a reader learns how many it missed. The reader maps it read-only.
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

struct broadcast {
	_Alignas(64) _Atomic uint64_t written; // records ever written: the writer's
};

// `slots`: `count` (a power of two) of `size` bytes each.
static inline void broadcast_put(
	struct broadcast *b, uint8_t *slots, size_t size, uint32_t count, const void *record)
{
	uint64_t n = atomic_load_explicit(&b->written, memory_order_relaxed);

	atomic_thread_fence(memory_order_release); // the count, then the slot's next use
	memcpy(slots + (n & (count - 1)) * size, record, size);
	atomic_store_explicit(&b->written, n + 1, memory_order_release); // after every byte
}

enum broadcast_got {
	BROADCAST_NOTHING,
	BROADCAST_RECORD,
	BROADCAST_LOST,    // `lost` were overwritten; the cursor is behind them now
	BROADCAST_CORRUPT, // the count went back: no honest writer does that
};

// `cursor`: records this reader has had; starts at the count it finds.
static inline enum broadcast_got broadcast_take(const struct broadcast *b, const uint8_t *slots,
	size_t size, uint32_t count, uint64_t *cursor, void *record, uint64_t *lost)
{
	uint64_t written = atomic_load_explicit(&b->written, memory_order_acquire);

	if (written == *cursor)
		return BROADCAST_NOTHING;
	if (written > *cursor && written - *cursor < count) {
		memcpy(record, slots + (*cursor & (count - 1)) * size, size);
		atomic_thread_fence(memory_order_acquire); // the record before the second look
		written = atomic_load_explicit(&b->written, memory_order_relaxed);
	}
	if (written <= *cursor)
		return BROADCAST_CORRUPT;
	if (written - *cursor < count) { // nobody was writing into that slot
		++*cursor;
		return BROADCAST_RECORD;
	}
	*lost = written - *cursor - count / 2; // half a ring behind the writer again
	*cursor += *lost;
	return BROADCAST_LOST;
}
