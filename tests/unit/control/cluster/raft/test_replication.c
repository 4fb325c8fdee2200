// The log and its disk: what is committed, snapshots in chunks, rot, limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/raft/stage.h"

static void propose_many(struct stage *stage, uint64_t id, int count)
{
	for (int i = 0; i < count; i++)
		assert_true(stage_propose(stage, id, "some bytes of an entry"));
}

// R1: an entry of an earlier term that a majority has is not committed by that.
static void log__counting_commits_only_the_own_term(void **state)
{
	struct stage *stage = stage_new(3, 3, 1);
	uint64_t leader = stage_elect(stage), commit, term, first;

	commit = stage_status(stage, leader).now.commit;
	stage_isolate(stage, leader, true);
	assert_true(stage_propose(stage, leader, "alone"));
	first = stage_status(stage, leader).last;
	term = stage_status(stage, leader).now.term;
	stage_crash(stage, leader);
	stage_restart(stage, leader);
	stage_isolate(stage, leader, false);
	stage->muted = 1u << RAFT_MSG_APPEND;
	for (uint32_t i = 0; i < 1000 && stage_leader(stage) != leader; i++)
		stage_pass(stage, 10); // the others' logs are shorter
	assert_int_equal(stage_leader(stage), leader);
	for (uint64_t id = 1; id <= 3; id++) {
		struct raft_message reply = {.type = RAFT_MSG_APPEND_REPLY,
			.from = id,
			.to = leader,
			.term = stage_status(stage, leader).now.term,
			.session = 1,
			.index = first};

		assert_true(reply.term > term);
		if (id != leader)
			assert_int_equal(
				raft_on_message(stage_raft(stage, leader), stage->now_ns, &reply),
				RAFT_OK);
	}
	assert_true(stage_status(stage, leader).now.commit <= commit);
	stage_free(stage);
	(void)state;
}

// The leader sends before its own disk is done, and does not count on it.
static void log__the_leaders_disk_is_one_of_many(void **state)
{
	struct stage *stage = stage_new(3, 3, 2);
	uint64_t leader = stage_elect(stage), before = stage_status(stage, leader).now.commit;

	stage_node(stage, leader)->disk.held = true;
	assert_true(stage_propose(stage, leader, "x"));
	assert_int_equal(stage_status(stage, leader).now.commit, before + 1);
	assert_int_equal(stage_node(stage, leader)->applied, before); // not durable here
	stage_node(stage, leader % 3 + 1)->disk.held = true;          // now one of three has it
	assert_true(stage_propose(stage, leader, "y"));
	assert_int_equal(stage_status(stage, leader).now.commit, before + 1);
	stage_free(stage);
	(void)state;
}

static void log__a_snapshot_goes_in_chunks(void **state)
{
	struct stage *stage = stage_new(3, 3, 3);
	uint64_t leader = stage_elect(stage), late = leader % 3 + 1;

	stage_isolate(stage, late, true);
	propose_many(stage, leader, 50);
	stage_snapshot(stage, leader);
	stage_isolate(stage, late, false);
	stage_pass(stage, 1000);
	assert_int_equal(stage_node(stage, late)->chunks, 4); // 1000 bytes by 300
	assert_int_equal(stage_node(stage, late)->applied, stage->committed_last);
	assert_true(stage_status(stage, late).snapshot_index > 0);
	propose_many(stage, leader, 3);
	assert_int_equal(stage_node(stage, late)->applied, stage->committed_last);
	stage_crash(stage, late);
	stage_restart(stage, late);
	stage_pass(stage, 500);
	assert_int_equal(stage_node(stage, late)->applied, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// Chunks that are lost are sent again; those that arrived are not.
static void log__a_snapshot_is_resumed(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage), late = leader % 3 + 1;

		stage_isolate(stage, late, true);
		propose_many(stage, leader, 50);
		stage_snapshot(stage, leader);
		stage_isolate(stage, late, false);
		stage->loss = 300;
		stage_pass(stage, 5000);
		stage->loss = 0;
		stage_pass(stage, 3000);
		assert_int_equal(stage_node(stage, late)->applied, stage->committed_last);
		if (stage_leader(stage) == leader)
			assert_int_equal(stage_node(stage, late)->chunks, 4);
		stage_free(stage);
	}
	(void)state;
}

static void log__a_snapshot_that_fails_begins_again(void **state)
{
	struct stage *stage = stage_new(3, 3, 4);
	uint64_t leader = stage_elect(stage), late = leader % 3 + 1;
	struct stage_node *node = stage_node(stage, late);

	stage_isolate(stage, late, true);
	propose_many(stage, leader, 50);
	stage_snapshot(stage, leader);
	stage_isolate(stage, late, false);
	node->chunks_fail = true;
	stage_pass(stage, 3000);
	assert_true(node->chunks > 1 && node->chunks < 60); // by heartbeats, no faster
	node->chunks_fail = false;
	stage_pass(stage, 1000);
	assert_int_equal(node->applied, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// R12: what was acknowledged and lost by rot. The one copy that is left is the one that leads.
static void log__rot_heals_from_the_others(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage), other = leader % 3 + 1, late = other % 3 + 1;

		stage_isolate(stage, late, true);
		propose_many(stage, leader, 20); // leader and other have it
		stage_rot(stage, other, stage_status(stage, late).last + 1);
		stage_restart(stage, other);
		stage_isolate(stage, late, false);
		stage_isolate(stage, leader, true); // the others cannot do without it
		stage_pass(stage, 10000);
		assert_true(stage_status(stage, other).quarantined);
		assert_int_not_equal(stage_status(stage, late).now.role, RAFT_LEADER);
		assert_int_not_equal(stage_status(stage, other).now.role, RAFT_LEADER);
		stage_isolate(stage, leader, false);
		stage_pass(stage, 8000);
		assert_false(stage_status(stage, other).quarantined);
		assert_int_equal(stage_node(stage, other)->applied, stage->committed_last);
		stage_free(stage);
	}
	(void)state;
}

// Without a proposal the leader learns by its heartbeats that a member lost what it had.
static void log__rot_is_told_to_a_leader_that_has_nothing_to_say(void **state)
{
	struct stage *stage = stage_new(3, 3, 5);
	uint64_t leader = stage_elect(stage), other = leader % 3 + 1;

	propose_many(stage, leader, 20);
	stage_rot(stage, other, stage->committed_last - 10);
	stage_restart(stage, other);
	stage_pass(stage, 1000);
	assert_false(stage_status(stage, other).quarantined);
	assert_int_equal(stage_node(stage, other)->applied, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// R13: a member that stood still for long is not left behind.
static void log__a_follower_that_stood_still_catches_up(void **state)
{
	struct stage *stage = stage_new(3, 3, 6);
	uint64_t leader = stage_elect(stage), other = leader % 3 + 1;

	stage_node(stage, other)->disk.held = true;
	propose_many(stage, leader, 200);
	stage_pass(stage, 2000);
	assert_true(stage_status(stage, other).durable < stage->committed_last);
	stage_node(stage, other)->disk.held = false;
	stage_pass(stage, 1000);
	assert_int_equal(stage_node(stage, other)->applied, stage->committed_last);
	stage_free(stage);
	(void)state;
}

static void log__proposals_are_refused_when_too_much_is_under_way(void **state)
{
	static uint8_t big[64 * 1024];
	struct stage *stage = stage_new(3, 3, 7);
	uint64_t leader = stage_elect(stage);
	struct stage_node *node = stage_node(stage, leader);
	int taken = 0;

	raft_propose(node->raft, stage->now_ns, 1, big, 32 * 1024 + 1);
	stage_run(stage);
	assert_int_equal(node->refusal, RAFT_TOO_LARGE);
	stage->muted = 1u << RAFT_MSG_APPEND_REPLY;
	node->refusal = RAFT_OK;
	for (; node->refusal == RAFT_OK; taken++) {
		raft_propose(node->raft, stage->now_ns, 1, big, 1024);
		stage_run(stage);
	}
	assert_int_equal(node->refusal, RAFT_FULL);
	assert_int_equal(taken, 65); // 64 KiB, and the one that was too much
	stage->muted = 0;
	stage_pass(stage, 500);
	assert_true(stage_propose(stage, leader, "again"));
	stage_free(stage);
	(void)state;
}

static void log__a_follower_passes_proposals_on(void **state)
{
	struct stage *stage = stage_new(3, 3, 8);
	uint64_t leader = stage_elect(stage), other = leader % 3 + 1;

	assert_true(stage_propose(stage, other, "from afar"));
	assert_int_equal(stage_node(stage, other)->accepted_cookie, 77);
	assert_int_equal(stage_node(stage, other)->accepted_index, stage->committed_last);
	stage_isolate(stage, other, true);
	stage_pass(stage, 5000);
	assert_false(stage_propose(stage, other, "nobody hears"));
	assert_int_equal(stage_node(stage, other)->refusal, RAFT_NO_LEADER);
	stage_free(stage);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log__counting_commits_only_the_own_term),
		cmocka_unit_test(log__the_leaders_disk_is_one_of_many),
		cmocka_unit_test(log__a_snapshot_goes_in_chunks),
		cmocka_unit_test(log__a_snapshot_is_resumed),
		cmocka_unit_test(log__a_snapshot_that_fails_begins_again),
		cmocka_unit_test(log__rot_heals_from_the_others),
		cmocka_unit_test(log__rot_is_told_to_a_leader_that_has_nothing_to_say),
		cmocka_unit_test(log__a_follower_that_stood_still_catches_up),
		cmocka_unit_test(log__proposals_are_refused_when_too_much_is_under_way),
		cmocka_unit_test(log__a_follower_passes_proposals_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
