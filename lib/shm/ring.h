// SPSC ring over two regions. The slots and the tail lie in the producer's region,
// the head and the asleep flag in the consumer's, so each side writes only memory
// that it created. Offsets and indices are hostile to the other side: each side
// keeps its own index privately and checks what it reads. Batched; release/acquire.
// Source: Lamport's queue with cached indices (as in rte_ring and FastForward).
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_LINE 64

enum ring_asleep {
	RING_AWAKE = 0,
	RING_ASLEEP = 1,      // wants a wake-up for whatever comes
	RING_ASLEEP_DEEP = 2, // not for what can wait
};

// In the producer's region; the producer writes.
struct ring_tail {
	_Alignas(RING_LINE) _Atomic uint32_t tail; // slots ever put, modulo 2^32
};

// In the consumer's region; the consumer writes.
struct ring_head {
	_Alignas(RING_LINE) _Atomic uint32_t head; // slots ever taken, modulo 2^32
	_Atomic uint32_t asleep;                   // enum ring_asleep; set before it blocks, fenced
};

// Private view of the producer.
struct ring_producer {
	uint8_t *slots;
	struct ring_tail *mine;
	const struct ring_head *peer;
	uint32_t slot_size; // multiple of 8
	uint32_t mask;      // slots - 1, a power of two minus one
	uint32_t tail;      // private truth
	uint32_t head_seen;
};

// Private view of the consumer.
struct ring_consumer {
	const uint8_t *slots;
	const struct ring_tail *peer;
	struct ring_head *mine;
	uint32_t slot_size;
	uint32_t mask;
	uint32_t head; // private truth
	uint32_t tail_seen;
};

#define RING_CORRUPT UINT32_MAX // the peer's index is impossible: it broke the contract

void ring_producer_init(struct ring_producer *r, void *slots, struct ring_tail *mine,
	const struct ring_head *peer, uint32_t slot_size, uint32_t slots_count);
void ring_consumer_init(struct ring_consumer *r, const void *slots, const struct ring_tail *peer,
	struct ring_head *mine, uint32_t slot_size, uint32_t slots_count);

// Copies up to `count` slots in and publishes them. Returns how many went in, or RING_CORRUPT.
uint32_t ring_put(struct ring_producer *r, const void *items, uint32_t count);
// Free slots as of now, or RING_CORRUPT.
uint32_t ring_room(struct ring_producer *r);
// True when the consumer sleeps and must be woken (full fence between publish and this load; pairs
// with ring_sleep). `can_wait`: for what was just put a deep sleeper need not get up.
bool ring_wake_needed_for(const struct ring_producer *r, bool can_wait);
static inline bool ring_wake_needed(const struct ring_producer *r)
{
	return ring_wake_needed_for(r, false);
}

// Copies up to `count` slots out (copy, then check, then use)
// and gives them back. Returns how many, or RING_CORRUPT.
uint32_t ring_take(struct ring_consumer *r, void *items, uint32_t count);
// Says "I am going to block". False: something came in
// meanwhile, do not block. Pairs with ring_wake_needed.
bool ring_sleep_as(struct ring_consumer *r, enum ring_asleep how);
static inline bool ring_sleep(struct ring_consumer *r)
{
	return ring_sleep_as(r, RING_ASLEEP);
}
void ring_awake(struct ring_consumer *r);
// Whether there is something to take; a cheap look, no promise.
static inline bool ring_any(const struct ring_consumer *r)
{
	return atomic_load_explicit(&r->peer->tail, memory_order_relaxed) != r->head;
}
