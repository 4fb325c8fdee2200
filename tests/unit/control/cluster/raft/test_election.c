// Who leads: terms, votes, pre-votes, check-quorum, transfer, and disks that do not answer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/raft/stage.h"

static void election__one_of_three_leads(void **state)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage);

		stage_pass(stage, 5000);
		assert_int_equal(stage_leader(stage), leader);
		for (uint64_t id = 1; id <= 3; id++)
			assert_int_equal(stage_status(stage, id).now.leader, leader);
		stage_free(stage);
	}
	(void)state;
}

static void election__a_cluster_of_one(void **state)
{
	struct stage *stage = stage_new(1, 1, 1);

	assert_int_equal(stage_elect(stage), 1);
	assert_true(stage_propose(stage, 1, "x"));
	assert_int_equal(stage_node(stage, 1)->applied, 3); // configuration, no-op, x
	stage_free(stage);
	(void)state;
}

// Nobody to wait for: neither when the cluster begins nor when its only node starts again. And
// while its disk keeps nothing it stands once, not with a new term each time it is looked at.
static void election__a_cluster_of_one_leads_at_once(void **state)
{
	struct stage *stage = stage_new(1, 1, 1);
	uint64_t term;

	stage_pass(stage, 1);
	assert_int_equal(stage_leader(stage), 1);
	term = stage_status(stage, 1).now.term;
	stage_crash(stage, 1);
	stage_restart(stage, 1);
	stage_node(stage, 1)->disk.held = true;
	for (int i = 0; i < 50; i++)
		stage_pass(stage, 1);
	assert_int_equal(stage_leader(stage), 0);
	assert_int_equal(stage_status(stage, 1).now.term, term + 1);
	stage_node(stage, 1)->disk.held = false;
	stage_written(stage, 1, RAFT_WRITES_MAX);
	stage_pass(stage, 1);
	assert_int_equal(stage_leader(stage), 1);
	assert_int_equal(stage_status(stage, 1).now.term, term + 1);
	stage_free(stage);
	(void)state;
}

static void election__two_of_three_go_on_after_the_leader(void **state)
{
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage), next;

		assert_true(stage_propose(stage, leader, "before"));
		stage_isolate(stage, leader, true);
		stage_pass(stage, 6000);
		next = stage_leader(stage);
		assert_int_not_equal(next, leader);
		assert_int_not_equal(stage_status(stage, leader).now.role, RAFT_LEADER);
		assert_true(stage_propose(stage, next, "after"));
		stage_isolate(stage, leader, false);
		stage_pass(stage, 3000);
		assert_int_equal(stage_leader(stage), next); // who comes back does not disturb
		assert_int_equal(stage_node(stage, leader)->applied, stage->committed_last);
		stage_free(stage);
	}
	(void)state;
}

// R8, R14: nothing leaves before our own vote and log are durable.
static void election__no_request_before_our_vote_is_durable(void **state)
{
	struct stage *stage = stage_new(3, 3, 1);

	for (uint64_t id = 1; id <= 3; id++)
		stage_node(stage, id)->disk.held = true;
	stage_pass(stage, 400);
	for (uint32_t i = 0; i < 100; i++)
		stage_pass(stage, 100);
	assert_int_equal(stage_leader(stage), 0);
	for (uint64_t id = 1; id <= 3; id++)
		stage_node(stage, id)->disk.held = false;
	assert_int_not_equal(stage_elect(stage), 0);
	stage_free(stage);
	(void)state;
}

static void election__transfer(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage), to = leader % 3 + 1;

		assert_int_equal(stage_transfer(stage, leader, 9), RAFT_NO_MEMBER);
		assert_int_equal(stage_transfer(stage, leader, to), RAFT_OK);
		stage_run(stage);
		assert_int_equal(stage_leader(stage), to);
		assert_int_equal(stage_status(stage, leader).now.leader, to);
		stage_free(stage);
	}
	(void)state;
}

static void election__a_transfer_to_nobody_is_given_up(void **state)
{
	struct stage *stage = stage_new(3, 3, 3);
	uint64_t leader = stage_elect(stage), to = leader % 3 + 1;

	stage_isolate(stage, to, true);
	assert_true(stage_propose(stage, leader, "x")); // the target lacks it
	assert_int_equal(stage_transfer(stage, leader, to), RAFT_OK);
	assert_false(stage_propose(stage, leader, "y"));
	assert_int_equal(stage_node(stage, leader)->refusal, RAFT_TRANSFERRING);
	stage_pass(stage, 1200);
	assert_int_equal(stage_status(stage, leader).transfer, RAFT_NOBODY);
	assert_true(stage_propose(stage, leader, "z"));
	stage_free(stage);
	(void)state;
}

// R7.
static void election__a_stalled_leader_hands_over(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage), next;

		stage_node(stage, leader)->disk.held = true;
		assert_true(stage_propose(stage, leader, "x")); // the others make it durable
		stage_pass(stage, 700);
		next = stage_leader(stage);
		assert_int_not_equal(next, 0);
		assert_int_not_equal(next, leader);
		stage_pass(stage, 5000);
		assert_int_equal(stage_leader(stage), next);
		stage_node(stage, leader)->disk.held = false;
		stage_pass(stage, 1000);
		assert_int_equal(stage_node(stage, leader)->applied, stage->committed_last);
		stage_free(stage);
	}
	(void)state;
}

static void election__who_failed_leads_no_more(void **state)
{
	struct stage *stage = stage_new(3, 3, 5);
	uint64_t leader = stage_elect(stage), next;

	raft_on_failed(stage_raft(stage, leader), stage->now_ns);
	stage_run(stage);
	next = stage_leader(stage);
	assert_int_not_equal(next, 0);
	assert_int_not_equal(next, leader);
	assert_true(stage_propose(stage, next, "x"));
	stage_isolate(stage, next, true);
	stage_pass(stage, 10000); // the other one does not get the vote of the failed one
	assert_true(stage_leader(stage) == 0 || stage_leader(stage) == next);
	stage_free(stage);
	(void)state;
}

// R16-like: a removed or cut-off node that comes back has no higher term (pre-vote).
static void election__who_was_cut_off_has_no_higher_term(void **state)
{
	struct stage *stage = stage_new(3, 3, 9);
	uint64_t leader = stage_elect(stage), other = leader % 3 + 1;
	uint64_t term = stage_status(stage, leader).now.term;

	stage_isolate(stage, other, true);
	stage_pass(stage, 20000);
	assert_int_equal(stage_status(stage, other).now.term, term);
	stage_isolate(stage, other, false);
	stage_pass(stage, 3000);
	assert_int_equal(stage_leader(stage), leader);
	assert_int_equal(stage_status(stage, leader).now.term, term);
	stage_free(stage);
	(void)state;
}

// A leader removes itself, and the only one with that configuration is it: the others cannot lead,
// for its log is longer, and it must not think that it has no part in it (4.2.2).
static void election__who_removed_itself_stands_until_that_is_committed(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct stage *stage = stage_new(2, 2, seed);
		uint64_t leader = stage_elect(stage), other = 3 - leader;
		const struct raft_change remove = {.kind = RAFT_REMOVE, .id = leader};

		stage_isolate(stage, leader, true);
		stage_change(stage, leader, &remove, 1);
		stage_crash(stage, leader);
		stage_isolate(stage, leader, false);
		stage_restart(stage, leader);
		stage_pass(stage, 20000);
		assert_int_equal(stage_leader(stage), other);
		assert_true(stage_propose(stage, other, "alone"));
		assert_int_equal(raft_conf(stage_raft(stage, other))->members, 1);
		stage_free(stage);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(election__one_of_three_leads),
		cmocka_unit_test(election__a_cluster_of_one),
		cmocka_unit_test(election__a_cluster_of_one_leads_at_once),
		cmocka_unit_test(election__two_of_three_go_on_after_the_leader),
		cmocka_unit_test(election__no_request_before_our_vote_is_durable),
		cmocka_unit_test(election__transfer),
		cmocka_unit_test(election__a_transfer_to_nobody_is_given_up),
		cmocka_unit_test(election__a_stalled_leader_hands_over),
		cmocka_unit_test(election__who_failed_leads_no_more),
		cmocka_unit_test(election__who_was_cut_off_has_no_higher_term),
		cmocka_unit_test(election__who_removed_itself_stands_until_that_is_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
