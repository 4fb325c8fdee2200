// The SPSC ring: private indices, one acquire load and one release store per batch. Every index of
// the peer is checked against what it may be; 32-bit indices run freely and wrap.
#include "lib/shm/ring.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

void ring_producer_init(struct ring_producer *r, void *slots, struct ring_tail *mine,
	const struct ring_head *peer, uint32_t slot_size, uint32_t slots_count)
{
	assert(slots_count != 0 && (slots_count & (slots_count - 1)) == 0);
	assert(slot_size != 0 && slot_size % 8 == 0);
	*r = (struct ring_producer){
		.slots = slots,
		.mine = mine,
		.peer = peer,
		.slot_size = slot_size,
		.mask = slots_count - 1,
	};
}

void ring_consumer_init(struct ring_consumer *r, const void *slots, const struct ring_tail *peer,
	struct ring_head *mine, uint32_t slot_size, uint32_t slots_count)
{
	assert(slots_count != 0 && (slots_count & (slots_count - 1)) == 0);
	assert(slot_size != 0 && slot_size % 8 == 0);
	*r = (struct ring_consumer){
		.slots = slots,
		.peer = peer,
		.mine = mine,
		.slot_size = slot_size,
		.mask = slots_count - 1,
	};
}

// Looks at the consumer's head. False: it went backwards or past what was put.
static bool ring_look_head(struct ring_producer *r)
{
	// Acquire pairs with the release in ring_take: the consumer
	// has copied the slots before we write them again.
	uint32_t head = atomic_load_explicit(&r->peer->head, memory_order_acquire);

	if (head - r->head_seen > r->tail - r->head_seen)
		return false;
	r->head_seen = head;
	return true;
}

uint32_t ring_room(struct ring_producer *r)
{
	if (!ring_look_head(r))
		return RING_CORRUPT;
	return r->mask + 1 - (r->tail - r->head_seen);
}

uint32_t ring_put(struct ring_producer *r, const void *items, uint32_t count)
{
	const uint8_t *from = items;
	uint32_t room = r->mask + 1 - (r->tail - r->head_seen);

	if (room < count) { // the cached head lies behind: only now touch the consumer's cache line
		room = ring_room(r);
		if (room == RING_CORRUPT)
			return RING_CORRUPT;
	}
	if (count > room)
		count = room;
	if (count == 0)
		return 0;

	uint32_t first = r->tail & r->mask;
	uint32_t run = r->mask + 1 - first;

	if (run > count)
		run = count;
	memcpy(r->slots + (size_t)first * r->slot_size, from, (size_t)run * r->slot_size);
	memcpy(r->slots, from + (size_t)run * r->slot_size, (size_t)(count - run) * r->slot_size);
	r->tail += count;
	// Release pairs with the acquire in ring_look_tail:
	// the slots are there before the index says so.
	atomic_store_explicit(&r->mine->tail, r->tail, memory_order_release);
	return count;
}

bool ring_wake_needed_for(const struct ring_producer *r, bool can_wait)
{
	uint32_t asleep;

	// Tail was stored, now look at the flag; the consumer stores the flag, then looks at the
	// tail (ring_sleep). With a full fence on both sides at least one of the two sees the
	// other: no lost wake-up (Dekker).
	atomic_thread_fence(memory_order_seq_cst);
	asleep = atomic_load_explicit(&r->peer->asleep, memory_order_relaxed);
	return asleep != RING_AWAKE && !(can_wait && asleep == RING_ASLEEP_DEEP);
}

// Looks at the producer's tail. False: it went backwards or names more slots than there are.
static bool ring_look_tail(struct ring_consumer *r)
{
	uint32_t tail = atomic_load_explicit(&r->peer->tail, memory_order_acquire);

	if (tail - r->head > r->mask + 1 || tail - r->head < r->tail_seen - r->head)
		return false;
	r->tail_seen = tail;
	return true;
}

uint32_t ring_take(struct ring_consumer *r, void *items, uint32_t count)
{
	uint8_t *to = items;

	if (r->tail_seen - r->head < count && !ring_look_tail(r))
		return RING_CORRUPT;
	if (count > r->tail_seen - r->head)
		count = r->tail_seen - r->head;
	if (count == 0)
		return 0;

	uint32_t first = r->head & r->mask;
	uint32_t run = r->mask + 1 - first;

	if (run > count)
		run = count;
	memcpy(to, r->slots + (size_t)first * r->slot_size, (size_t)run * r->slot_size);
	memcpy(to + (size_t)run * r->slot_size, r->slots, (size_t)(count - run) * r->slot_size);
	r->head += count;
	// Release pairs with ring_look_head: the slots are
	// copied before the producer may write them again.
	atomic_store_explicit(&r->mine->head, r->head, memory_order_release);
	return count;
}

bool ring_sleep_as(struct ring_consumer *r, enum ring_asleep how)
{
	atomic_store_explicit(&r->mine->asleep, how, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst); // pairs with ring_wake_needed
	if (!ring_any(r))
		return true;
	ring_awake(r); // also when the tail is impossible: ring_take will say so
	return false;
}

void ring_awake(struct ring_consumer *r)
{
	atomic_store_explicit(&r->mine->asleep, RING_AWAKE, memory_order_relaxed);
}
