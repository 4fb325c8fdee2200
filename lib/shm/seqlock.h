// A row that one writer updates and any reader copies
// without a lock. The reader maps it read-only and checks.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// `seq` is odd while the writer is inside.
static inline void seqlock_write(_Atomic uint32_t *seq, void *row, const void *value, size_t size)
{
	uint32_t s = atomic_load_explicit(seq, memory_order_relaxed);

	atomic_store_explicit(seq, s + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release); // odd before any byte of the row
	memcpy(row, value, size);
	atomic_store_explicit(seq, s + 2, memory_order_release); // even after every byte
}

// False after `tries` collisions (a dead or hostile writer may leave it odd for ever).
static inline bool seqlock_read(
	const _Atomic uint32_t *seq, const void *row, void *value, size_t size, int tries)
{
	while (tries-- > 0) {
		uint32_t before = atomic_load_explicit(seq, memory_order_acquire);

		if (before & 1)
			continue;
		memcpy(value, row, size);
		atomic_thread_fence(memory_order_acquire); // row read before the second look
		if (atomic_load_explicit(seq, memory_order_relaxed) == before)
			return true;
	}
	return false;
}
