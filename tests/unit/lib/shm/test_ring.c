// The ring by one thread: order, wrap-around of slots and of indices, and what a hostile index
// does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/shm/ring.h"

#define SLOTS 8u

struct fixture {
	struct ring_tail tail;
	struct ring_head head;
	uint64_t slots[SLOTS];
	struct ring_producer producer;
	struct ring_consumer consumer;
};

// Both sides as if `start` slots had passed already.
static void fixture_init(struct fixture *f, uint32_t start)
{
	memset(f, 0, sizeof(*f));
	atomic_store(&f->tail.tail, start);
	atomic_store(&f->head.head, start);
	ring_producer_init(&f->producer, f->slots, &f->tail, &f->head, sizeof(uint64_t), SLOTS);
	ring_consumer_init(&f->consumer, f->slots, &f->tail, &f->head, sizeof(uint64_t), SLOTS);
	f->producer.tail = f->producer.head_seen = start;
	f->consumer.head = f->consumer.tail_seen = start;
}

static void put_take__keeps_order_over_the_wrap(void **state)
{
	struct fixture f;
	uint64_t next_in = 0, next_out = 0;

	(void)state;
	fixture_init(&f, UINT32_MAX - 20); // indices wrap on the way
	for (uint32_t round = 0; round < 200; round++) {
		uint64_t in[SLOTS], out[SLOTS];
		uint32_t batch = round % SLOTS + 1;

		for (uint32_t i = 0; i < batch; i++)
			in[i] = next_in + i;
		uint32_t put = ring_put(&f.producer, in, batch);
		assert_true(put <= batch);
		next_in += put;
		uint32_t taken = ring_take(&f.consumer, out, (round * 5) % SLOTS + 1);
		assert_true(taken != RING_CORRUPT);
		for (uint32_t i = 0; i < taken; i++)
			assert_int_equal(out[i], next_out++);
	}
	assert_true(next_out > 300);
	assert_true(next_in - next_out <= SLOTS);
}

static void put__takes_what_fits(void **state)
{
	struct fixture f;
	uint64_t items[SLOTS + 3] = {0}, out[SLOTS];

	(void)state;
	fixture_init(&f, 3);
	assert_int_equal(ring_room(&f.producer), SLOTS);
	assert_int_equal(ring_put(&f.producer, items, SLOTS + 3), SLOTS);
	assert_int_equal(ring_put(&f.producer, items, 1), 0);
	assert_int_equal(ring_room(&f.producer), 0);
	assert_int_equal(ring_take(&f.consumer, out, 2), 2);
	assert_int_equal(ring_put(&f.producer, items, 5), 2);
	assert_int_equal(ring_put(&f.producer, items, 0), 0);
}

static void take__nothing_there(void **state)
{
	struct fixture f;
	uint64_t out;

	(void)state;
	fixture_init(&f, 0);
	assert_int_equal(ring_take(&f.consumer, &out, 1), 0);
	assert_int_equal(ring_take(&f.consumer, &out, 0), 0);
}

static void take__tail_too_far_is_corrupt(void **state)
{
	struct fixture f;
	uint64_t out[SLOTS];

	(void)state;
	fixture_init(&f, UINT32_MAX - 2);
	atomic_store(&f.tail.tail, UINT32_MAX - 2 + SLOTS + 1);
	assert_int_equal(ring_take(&f.consumer, out, 1), RING_CORRUPT);
	atomic_store(&f.tail.tail, UINT32_MAX - 2 + 0x80000000u);
	assert_int_equal(ring_take(&f.consumer, out, 1), RING_CORRUPT);
	atomic_store(&f.tail.tail, UINT32_MAX - 2 + SLOTS); // just full is legal
	assert_int_equal(ring_take(&f.consumer, out, SLOTS), SLOTS);
}

static void take__tail_backwards_is_corrupt(void **state)
{
	struct fixture f;
	uint64_t items[SLOTS] = {0}, out[SLOTS];

	(void)state;
	fixture_init(&f, 100);
	assert_int_equal(ring_put(&f.producer, items, 6), 6);
	assert_int_equal(ring_take(&f.consumer, out, 2), 2);
	atomic_store(&f.tail.tail, 103); // 106 was seen
	assert_int_equal(ring_take(&f.consumer, out, SLOTS), RING_CORRUPT);
	atomic_store(&f.tail.tail, 99); // behind the head
	assert_int_equal(ring_take(&f.consumer, out, SLOTS), RING_CORRUPT);
}

static void room__head_out_of_range_is_corrupt(void **state)
{
	struct fixture f;
	uint64_t items[SLOTS] = {0}, out[SLOTS];

	(void)state;
	fixture_init(&f, 50);
	assert_int_equal(ring_put(&f.producer, items, 4), 4);
	atomic_store(&f.head.head, 55); // past the tail
	assert_int_equal(ring_room(&f.producer), RING_CORRUPT);
	assert_int_equal(ring_put(&f.producer, items, SLOTS), RING_CORRUPT);
	atomic_store(&f.head.head, 49); // backwards
	assert_int_equal(ring_room(&f.producer), RING_CORRUPT);
	atomic_store(&f.head.head, 50);
	assert_int_equal(ring_take(&f.consumer, out, 2), 2);
	assert_int_equal(ring_room(&f.producer), SLOTS - 2);
}

static void sleep__only_when_empty(void **state)
{
	struct fixture f;
	uint64_t item = 7;

	(void)state;
	fixture_init(&f, 0);
	assert_false(ring_wake_needed(&f.producer));
	assert_true(ring_sleep(&f.consumer));
	assert_true(ring_wake_needed(&f.producer));
	ring_awake(&f.consumer);
	assert_false(ring_wake_needed(&f.producer));
	assert_int_equal(ring_put(&f.producer, &item, 1), 1);
	assert_false(ring_sleep(&f.consumer));
	assert_false(ring_wake_needed(&f.producer)); // it did not go to sleep after all
	assert_int_equal(ring_take(&f.consumer, &item, 1), 1);
	assert_true(ring_sleep(&f.consumer));
}

static void sleep__deep_is_woken_for_what_cannot_wait(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, 0);
	assert_true(ring_sleep_as(&f.consumer, RING_ASLEEP_DEEP));
	assert_false(ring_wake_needed_for(&f.producer, true));
	assert_true(ring_wake_needed_for(&f.producer, false));
	assert_true(ring_sleep_as(&f.consumer, RING_ASLEEP));
	assert_true(ring_wake_needed_for(&f.producer, true));
	atomic_store(&f.head.asleep, 77); // whatever it means: rather once too often
	assert_true(ring_wake_needed_for(&f.producer, true));
}

static void sleep__corrupt_tail_is_no_sleep(void **state)
{
	struct fixture f;
	uint64_t out;

	(void)state;
	fixture_init(&f, 0);
	atomic_store(&f.tail.tail, 1000);
	assert_false(ring_sleep(&f.consumer));
	assert_int_equal(ring_take(&f.consumer, &out, 1), RING_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_take__keeps_order_over_the_wrap),
		cmocka_unit_test(put__takes_what_fits),
		cmocka_unit_test(take__nothing_there),
		cmocka_unit_test(take__tail_too_far_is_corrupt),
		cmocka_unit_test(take__tail_backwards_is_corrupt),
		cmocka_unit_test(room__head_out_of_range_is_corrupt),
		cmocka_unit_test(sleep__only_when_empty),
		cmocka_unit_test(sleep__deep_is_woken_for_what_cannot_wait),
		cmocka_unit_test(sleep__corrupt_tail_is_no_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
