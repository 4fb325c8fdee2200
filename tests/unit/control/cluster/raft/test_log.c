// The log against a naive one: a plain array of entries, over random operations; and what each
// question about it means.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/cluster/raft/log.h"

enum { ENTRIES = 16, ROOM = 1024, SIZE_MAX_RANDOM = 200, STEPS = 200000 };

static uint64_t memory[(ENTRIES * sizeof(struct raft_log_slot) + ROOM) / 8];

static struct raft_log log_empty(uint64_t index, uint64_t term)
{
	struct raft_log log;

	assert_true(raft_log_size(ENTRIES, ROOM) <= sizeof(memory));
	raft_log_init(&log, memory, ENTRIES, ROOM, index, term);
	return log;
}

static void append(struct raft_log *log, uint64_t term, uint32_t size)
{
	uint8_t bytes[ROOM];
	struct raft_entry entry = {.index = log->last + 1,
		.term = term,
		.kind = RAFT_DATA,
		.size = size,
		.data = bytes};

	memset(bytes, (int)entry.index, sizeof(bytes));
	assert_true(raft_log_append(log, &entry));
}

// Terms of entries 1, 2, ...
static struct raft_log log_of(const uint64_t *terms)
{
	struct raft_log log = log_empty(0, 0);

	for (; *terms; terms++)
		append(&log, *terms, 8);
	return log;
}

static void raft_log__is_empty_behind_its_base(void **state)
{
	struct raft_log log = log_empty(7, 3);
	struct raft_entry entry;
	uint64_t term;

	(void)state;
	assert_int_equal(raft_log_first(&log), 8);
	assert_int_equal(log.last, 7);
	assert_int_equal(raft_log_last_term(&log), 3);
	assert_true(raft_log_matches(&log, 7, 3));
	assert_false(raft_log_matches(&log, 7, 2));
	assert_false(raft_log_term(&log, 6, &term));
	assert_false(raft_log_term(&log, 8, &term));
	assert_false(raft_log_entry(&log, 7, &entry));
	assert_int_equal(raft_log_bytes(&log, 8, 7), 0);
	assert_int_equal(raft_log_used(&log), 0);
}

static void raft_log_append__is_bounded_in_entries_and_bytes(void **state)
{
	struct raft_log log = log_empty(0, 0);
	struct raft_entry entry = {.term = 1, .kind = RAFT_NOOP};
	uint8_t bytes[ROOM + 1] = {0};

	(void)state;
	for (entry.index = 1; entry.index <= ENTRIES; entry.index++)
		assert_true(raft_log_append(&log, &entry));
	assert_false(raft_log_has_room(&log, 0));
	assert_false(raft_log_append(&log, &entry));
	assert_int_equal(log.last, ENTRIES);

	log = log_empty(0, 0);
	entry = (struct raft_entry){.index = 1, .term = 1, .kind = RAFT_DATA, .data = bytes};
	entry.size = ROOM + 1;
	assert_false(raft_log_append(&log, &entry));
	entry.size = ROOM;
	assert_true(raft_log_append(&log, &entry));
	entry.index = 2;
	entry.size = 1;
	assert_false(raft_log_has_room(&log, 1));
	assert_false(raft_log_append(&log, &entry));
	raft_log_compact(&log, 1, 0);
	assert_true(raft_log_append(&log, &entry));
}

static void raft_log_is_behind__last_term_first_then_length(void **state)
{
	struct raft_log log = log_of((uint64_t[]){1, 2, 2, 0});

	(void)state;
	assert_true(raft_log_is_behind(&log, 3, 2));
	assert_true(raft_log_is_behind(&log, 4, 2));
	assert_true(raft_log_is_behind(&log, 1, 3));
	assert_false(raft_log_is_behind(&log, 2, 2));
	assert_false(raft_log_is_behind(&log, 100, 1));
}

static void raft_log_known__ends_at_the_first_other_term(void **state)
{
	struct raft_log log = log_of((uint64_t[]){1, 1, 2, 0});
	struct raft_entry entry[] = {
		{.index = 1, .term = 1}, {.index = 2, .term = 1}, {.index = 3, .term = 3}};

	(void)state;
	assert_int_equal(raft_log_known(&log, entry, 3), 2);
	entry[2].term = 2;
	assert_int_equal(raft_log_known(&log, entry, 3), 3);
	entry[2].index = 4; // behind the last
	assert_int_equal(raft_log_known(&log, entry + 2, 1), 0);
	raft_log_compact(&log, 2, 0);
	entry[0].term = entry[1].term = 99; // what the base covers is committed, and the same
	assert_int_equal(raft_log_known(&log, entry, 2), 2);
}

static void raft_log_hint__skips_terms_not_entries(void **state)
{
	struct raft_log log = log_of((uint64_t[]){1, 1, 4, 4, 5, 5, 6, 6, 6, 0});
	uint64_t term;

	(void)state;
	// the follower has 2 and 3 where we have 4 and more: they meet at 2 at the latest
	assert_int_equal(raft_log_hint(&log, 9, 3, &term), 2);
	assert_int_equal(term, 1);
	assert_int_equal(raft_log_hint(&log, 100, 6, &term), 9);
	assert_int_equal(term, 6);
	assert_int_equal(raft_log_hint(&log, 7, 5, &term), 6);
	assert_int_equal(raft_log_hint(&log, 3, 0, &term), 0);
	assert_int_equal(term, 0);
	raft_log_compact(&log, 4, 0);
	assert_int_equal(raft_log_hint(&log, 9, 4, &term), 4);
	assert_int_equal(term, 4);
	// before the base nobody knows
	assert_int_equal(raft_log_hint(&log, 9, 3, &term), 3);
	assert_int_equal(term, 0);
	assert_int_equal(raft_log_hint(&log, 2, 9, &term), 2);
	assert_int_equal(term, 0);
}

static void raft_log_batch__at_least_one_then_bounded(void **state)
{
	struct raft_log log = log_empty(0, 0);
	struct raft_entry entry[8];

	(void)state;
	append(&log, 1, 100);
	append(&log, 1, 50);
	append(&log, 1, 50);
	append(&log, 1, 10);
	assert_int_equal(raft_log_batch(&log, 1, 10, 8, entry), 1);
	assert_int_equal(raft_log_batch(&log, 2, 100, 8, entry), 2);
	assert_int_equal(entry[1].index, 3);
	assert_int_equal(raft_log_batch(&log, 2, 110, 8, entry), 3);
	assert_int_equal(raft_log_batch(&log, 1, 1000, 3, entry), 3);
	assert_int_equal(raft_log_batch(&log, 5, 1000, 8, entry), 0);
	raft_log_compact(&log, 2, 0);
	assert_int_equal(raft_log_batch(&log, 2, 1000, 8, entry), 0);
}

static void raft_log_compact__keeps_the_newest_of_them(void **state)
{
	struct raft_log log = log_of((uint64_t[]){1, 1, 2, 2, 3, 0});

	(void)state;
	raft_log_compact(&log, 4, 10);
	assert_int_equal(raft_log_first(&log), 1);
	raft_log_compact(&log, 4, 2);
	assert_int_equal(raft_log_first(&log), 3);
	assert_true(raft_log_matches(&log, 2, 1));
	raft_log_compact(&log, 4, 3); // it does not come back
	assert_int_equal(raft_log_first(&log), 3);
	raft_log_compact(&log, 5, 0);
	assert_int_equal(raft_log_first(&log), 6);
	assert_int_equal(raft_log_last_term(&log), 3);
	assert_int_equal(raft_log_used(&log), 0);
}

static void raft_log_newest__of_a_kind(void **state)
{
	struct raft_log log = log_of((uint64_t[]){1, 1, 0});
	struct raft_entry conf = {.index = 3, .term = 1, .kind = RAFT_CONF};

	(void)state;
	assert_int_equal(raft_log_newest(&log, RAFT_CONF, 9), 0);
	assert_true(raft_log_append(&log, &conf));
	append(&log, 1, 1);
	assert_int_equal(raft_log_newest(&log, RAFT_CONF, 9), 3);
	assert_int_equal(raft_log_newest(&log, RAFT_CONF, 2), 0);
	raft_log_compact(&log, 3, 0); // the base is no entry
	assert_int_equal(raft_log_newest(&log, RAFT_CONF, 9), 0);
}

// ---- against a naive one ----------------------------------------------------------------------

struct naive {
	struct {
		uint64_t term;
		uint32_t size;
		uint8_t bytes[SIZE_MAX_RANDOM];
	} entry[STEPS + 1]; // by index
	uint64_t base, base_term, last;
};

static struct naive naive;
static uint64_t rng = 88172645463325252ull;

static uint32_t below(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

static uint64_t naive_term(uint64_t index)
{
	return index == naive.base ? naive.base_term : naive.entry[index].term;
}

static void same(const struct raft_log *log)
{
	uint64_t sum = 0, term;

	assert_int_equal(raft_log_first(log), naive.base + 1);
	assert_int_equal(log->last, naive.last);
	assert_int_equal(raft_log_last_term(log), naive_term(naive.last));
	assert_true(raft_log_term(log, naive.base, &term) && term == naive.base_term);
	for (uint64_t i = naive.base + 1; i <= naive.last; i++) {
		struct raft_entry entry;

		assert_true(raft_log_entry(log, i, &entry));
		assert_true(entry.index == i && entry.term == naive.entry[i].term);
		assert_int_equal(entry.size, naive.entry[i].size);
		assert_memory_equal(entry.data, naive.entry[i].bytes, entry.size);
		sum += entry.size;
		assert_int_equal(raft_log_bytes(log, naive.base + 1, i), sum);
	}
	assert_int_equal(raft_log_used(log), sum);
}

static void append_random(struct raft_log *log)
{
	uint64_t index = naive.last + 1;
	uint32_t size = below(4) ? below(SIZE_MAX_RANDOM) : 0;
	struct raft_entry entry = {.index = index,
		.term = naive_term(naive.last) + !below(8),
		.kind = RAFT_DATA,
		.size = size,
		.data = naive.entry[index].bytes};
	bool room = raft_log_has_room(log, size);

	entry.term += entry.term == 0;
	for (uint32_t i = 0; i < size; i++)
		naive.entry[index].bytes[i] = (uint8_t)below(256);
	assert_int_equal(raft_log_append(log, &entry), room);
	// A gap at the end of the ring is smaller than what goes behind it.
	if (naive.last - naive.base < ENTRIES && raft_log_used(log) + 2 * SIZE_MAX_RANDOM <= ROOM)
		assert_true(room);
	if (!room)
		return;
	naive.entry[index].term = entry.term;
	naive.entry[index].size = size;
	naive.last = index;
}

static void step(struct raft_log *log)
{
	uint64_t held = naive.last - naive.base;
	uint32_t what = below(10);

	if (what == 0) {
		uint64_t from = naive.base + 1 + below((uint32_t)held + 2);

		raft_log_truncate(log, from);
		if (from <= naive.last)
			naive.last = from - 1;
	} else if (what <= 2) {
		uint64_t index = naive.base + below((uint32_t)held + 1);
		uint32_t keep = below(4);

		raft_log_compact(log, index, keep);
		if (index > naive.base + keep) {
			naive.base_term = naive_term(index - keep);
			naive.base = index - keep;
		}
	} else {
		append_random(log);
	}
}

static void raft_log__is_as_a_naive_one(void **state)
{
	struct raft_log log = log_empty(0, 0);

	(void)state;
	for (uint32_t i = 0; i < STEPS; i++) {
		step(&log);
		same(&log);
	}
	assert_true(naive.base > STEPS / 10); // it went around many times
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raft_log__is_empty_behind_its_base),
		cmocka_unit_test(raft_log_append__is_bounded_in_entries_and_bytes),
		cmocka_unit_test(raft_log_is_behind__last_term_first_then_length),
		cmocka_unit_test(raft_log_known__ends_at_the_first_other_term),
		cmocka_unit_test(raft_log_hint__skips_terms_not_entries),
		cmocka_unit_test(raft_log_batch__at_least_one_then_bounded),
		cmocka_unit_test(raft_log_compact__keeps_the_newest_of_them),
		cmocka_unit_test(raft_log_newest__of_a_kind),
		cmocka_unit_test(raft_log__is_as_a_naive_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
