// Rot: a bit flipped in what was durable is never taken for a torn end; and writes that went
// elsewhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/rng.h"
#include "tests/unit/control/store/stage.h"

static struct stage stage_copy(const struct stage *from)
{
	struct stage stage = *from;

	stage.sim = disk_sim_copy(from->sim);
	stage.disk = disk_sim_disk(stage.sim);
	stage.store = NULL;
	return stage;
}

// Three groups in a small segment, all acknowledged, nothing after them.
static void stage_small(struct stage *stage)
{
	stage_init(stage, 21);
	stage->config.segment_bytes = 16 * 1024;
	stage->config.group_bytes = 8 * 1024;
	stage_open(stage);
	stage_vote(stage, 4, 3);
	stage_append(stage, 1, 10, 4);
	stage_append(stage, 11, 12, 4);
	stage_append(stage, 13, 30, 4);
}

static void expect_rotten(struct stage *stage, uint64_t good, uint64_t acknowledged)
{
	const struct store_recovered *found = &stage->found;

	assert_int_equal(found->verdict, STORE_ROTTEN);
	assert_true(found->why[0] != 0);
	assert_int_equal(found->last, good);
	assert_int_equal(found->rotten_index, good + 1);
	assert_true(found->boot.quarantined);
	assert_true(found->boot.last_term >= 4 && found->boot.last_index >= acknowledged);
	assert_int_equal(found->boot.term, 4);
	assert_int_equal(found->boot.vote, 3);
	stage_expect(stage, 1, good, 4);
}

static uint64_t good_before(uint64_t bit)
{
	static const uint64_t last[] = {0, 10, 12};

	return last[bit / 8 / 4096];
}

// Every bit of a group of its own block, the last one; others in steps.
static void store_recover__every_flipped_bit_is_rot(void **state)
{
	struct stage stage;

	(void)state;
	stage_small(&stage);
	for (uint64_t bit = 0; bit < 3 * 4096 * 8; bit += bit < 2 * 4096 * 8 ? 61 : 1) {
		struct stage copy = stage_copy(&stage);

		assert_true(disk_sim_rot(copy.sim, "log.0000000000000001", bit));
		stage_open(&copy);
		expect_rotten(&copy, good_before(bit), 30);
		stage_fini(&copy);
	}
	stage_fini(&stage);
}

static void store_recover__keeps_the_evidence(void **state)
{
	struct stage stage;
	const uint8_t *bytes;

	(void)state;
	stage_small(&stage);
	stage_run(&stage);
	stage_close(&stage);
	assert_true(disk_sim_rot(stage.sim, "log.0000000000000001", 4096 * 8 + 3000));
	stage_open(&stage);
	expect_rotten(&stage, 10, 30);
	assert_int_equal(
		disk_sim_bytes(stage.sim, "log.0000000000000001.damaged", true, &bytes), 16 * 1024);
	assert_true(bytes[0] != 0 && bytes[8192] != 0);
	stage_fini(&stage);
}

// A rotten node is one until it has its log again, however often it starts.
static void store_recover__quarantine_outlives_restarts(void **state)
{
	struct stage stage;

	(void)state;
	stage_small(&stage);
	stage_close(&stage);
	assert_true(disk_sim_rot(stage.sim, "log.0000000000000001", 4096 * 8 + 3000));
	for (int i = 0; i < 3; i++) {
		stage_open(&stage);
		expect_rotten(&stage, 10, 30);
		stage_crash(&stage);
		expect_rotten(&stage, 10, 30);
	}
	stage_append(&stage, 11, 29, 4);
	stage_crash(&stage);
	expect_rotten(&stage, 29, 30);
	stage_append(&stage, 30, 30, 4);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 30);
	stage_fini(&stage);
}

// The way of a follower whose leader has other entries: fewer, of a later term, are as good.
static void store_recover__quarantine_ends_with_a_later_term(void **state)
{
	struct stage stage;

	(void)state;
	stage_small(&stage);
	stage_close(&stage);
	assert_true(disk_sim_rot(stage.sim, "log.0000000000000001", 100));
	stage_open(&stage);
	expect_rotten(&stage, 0, 30);
	stage_append(&stage, 1, 5, 5);
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 5);
	stage_fini(&stage);
}

// Rot in what a snapshot covers is no loss.
static void store_recover__rot_under_a_snapshot_hurts_nobody(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 22);
	stage_open(&stage);
	for (uint64_t i = 0; i < 100; i++)
		stage_append(&stage, i * 20 + 1, i * 20 + 20, 4);
	assert_int_equal(stage_snapshot(&stage, 1900, 4, 1000, false), 0);
	stage_run(&stage);
	stage_close(&stage);
	assert_true(disk_sim_rot(stage.sim, "log.0000000000000001", 9999));
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 2000);
	assert_true(stage.found.first <= 1901);
	stage_fini(&stage);
}

static void store_recover__one_slot_of_the_metadata_is_enough(void **state)
{
	struct stage stage;

	(void)state;
	stage_small(&stage);
	for (uint64_t bit = 0; bit < 2 * 4096 * 8; bit += bit % (4096 * 8) < 1024 ? 1 : 997) {
		struct stage copy = stage_copy(&stage);

		assert_true(disk_sim_rot(copy.sim, "meta", bit));
		stage_open(&copy);
		assert_int_equal(copy.found.verdict, STORE_CLEAN);
		assert_int_equal(copy.found.boot.term, 4);
		assert_int_equal(copy.found.boot.vote, 3);
		stage_close(&copy);
		// It was repaired: the other one may go now.
		assert_true(disk_sim_rot(copy.sim, "meta", bit < 4096 * 8 ? 4096 * 8 + 100 : 100));
		stage_open(&copy);
		assert_int_equal(copy.found.verdict, STORE_CLEAN);
		assert_int_equal(copy.found.boot.vote, 3);
		stage_fini(&copy);
	}
	stage_fini(&stage);
}

static void store_recover__refuses_without_metadata(void **state)
{
	struct stage stage, other;

	(void)state;
	stage_small(&stage);
	stage_close(&stage);
	other = stage_copy(&stage);
	other.config.node = 8;
	stage_open(&other);
	assert_int_equal(other.found.verdict, STORE_REFUSED);
	stage_fini(&other);
	other = stage_copy(&stage);
	other.config.cluster[3] ^= 1;
	stage_open(&other);
	assert_int_equal(other.found.verdict, STORE_REFUSED);
	stage_fini(&other);
	assert_true(disk_sim_rot(stage.sim, "meta", 100));
	assert_true(disk_sim_rot(stage.sim, "meta", 4096 * 8 + 100));
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_REFUSED);
	stage_fini(&stage);
}

// A damaged snapshot: the one before it, with the log if that reaches back so far.
static void store_recover__a_damaged_snapshot_is_none(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, 23);
	stage_open(&stage);
	for (uint64_t i = 0; i < 100; i++)
		stage_append(&stage, i * 20 + 1, i * 20 + 20, 4);
	assert_int_equal(stage_snapshot(&stage, 1000, 4, 100000, false), 0);
	stage_run(&stage);
	assert_int_equal(stage_snapshot(&stage, 1900, 4, 100000, false), 0);
	stage_run(&stage);
	stage_close(&stage);
	for (uint64_t bit = 5; bit < 100000 * 8; bit += 40009) {
		struct stage copy = stage_copy(&stage);

		assert_true(disk_sim_rot(copy.sim, "snap.000000000000076c", bit));
		stage_open(&copy);
		assert_int_equal(copy.found.verdict, STORE_CLEAN);
		assert_int_equal(copy.found.boot.snapshot_index, 1000);
		assert_int_equal(copy.found.first, 1);
		assert_int_equal(copy.found.last, 2000);
		stage_fini(&copy);
	}
	stage_open(&stage);
	store_compact(stage.store, 1900);
	stage_run(&stage);
	stage_close(&stage);
	assert_true(disk_sim_rot(stage.sim, "snap.000000000000076c", 70000));
	stage_open(&stage);
	assert_int_equal(stage.found.verdict, STORE_ROTTEN);
	assert_int_equal(stage.found.boot.snapshot_index, 1000);
	assert_int_equal(stage.found.last, 1000);
	assert_int_equal(stage.found.boot.last_index, 2000);
	stage_append(&stage, 1001, 2001, 4); // what the leader sends
	stage_crash(&stage);
	assert_int_equal(stage.found.verdict, STORE_CLEAN);
	assert_int_equal(stage.found.last, 2001);
	stage_fini(&stage);
}

// A write that ended well, elsewhere: whatever it hit and whatever it left out, nothing that was
// acknowledged is missing without a word.
static void store_recover__misdirected_writes(void **state)
{
	uint32_t rotten = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct stage stage;
		struct rng rng = {seed};
		uint64_t last = 0, at = rng_below(&rng, 30);

		stage_init(&stage, seed);
		stage_open(&stage);
		stage_run(&stage);
		for (uint64_t i = 0; i < 30; i++) {
			uint64_t count = 1 + rng_below(&rng, 40);

			if (i == at)
				disk_sim_misdirect(stage.sim, true);
			stage_append(&stage, last + 1, last + count, 4);
			last += count;
			if (i == at && rng_percent(&rng, 50))
				break;
		}
		stage_crash(&stage);
		if (stage.found.verdict == STORE_ROTTEN) {
			rotten++;
			assert_true(stage.found.boot.last_term > 4 ||
				    stage.found.boot.last_index >= last);
		} else {
			assert_int_equal(stage.found.last, last);
		}
		stage_expect(&stage, 1, stage.found.last, 4);
		stage_append(&stage, stage.found.last + 1, last + 100, 4);
		stage_crash(&stage);
		assert_int_equal(stage.found.verdict, STORE_CLEAN);
		assert_int_equal(stage.found.last, last + 100);
		stage_fini(&stage);
	}
	assert_true(rotten > 200);
}

// The same flips after a clean stop, when the metadata knows how far the log goes: even zeros are
// no torn end.
static void store_recover__a_clean_stop_knows_its_end(void **state)
{
	struct stage stage;
	const uint8_t *bytes;

	(void)state;
	stage_small(&stage);
	store_stop(stage.store);
	stage_run(&stage);
	assert_true(store_idle(stage.store));
	stage_close(&stage);
	assert_int_equal(
		disk_sim_bytes(stage.sim, "log.0000000000000001", true, &bytes), 16 * 1024);
	for (uint64_t bit = 8192 * 8; bit < 12288 * 8; bit++) // the last group goes
		if (bytes[bit / 8] >> bit % 8 & 1)
			assert_true(disk_sim_rot(stage.sim, "log.0000000000000001", bit));
	stage_open(&stage);
	expect_rotten(&stage, 12, 30);
	stage_fini(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_recover__every_flipped_bit_is_rot),
		cmocka_unit_test(store_recover__keeps_the_evidence),
		cmocka_unit_test(store_recover__quarantine_outlives_restarts),
		cmocka_unit_test(store_recover__quarantine_ends_with_a_later_term),
		cmocka_unit_test(store_recover__rot_under_a_snapshot_hurts_nobody),
		cmocka_unit_test(store_recover__one_slot_of_the_metadata_is_enough),
		cmocka_unit_test(store_recover__refuses_without_metadata),
		cmocka_unit_test(store_recover__a_damaged_snapshot_is_none),
		cmocka_unit_test(store_recover__misdirected_writes),
		cmocka_unit_test(store_recover__a_clean_stop_knows_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
