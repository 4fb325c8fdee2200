// Members: learners that become voters, joint consensus, sessions, what is cut off again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/raft/stage.h"

static const struct raft_change add_4 = {.kind = RAFT_ADD_VOTER, .id = 4, .name = "n4"};

static const struct raft_member *member(struct stage *stage, uint64_t id, uint64_t who)
{
	const struct raft_conf *conf = raft_conf(stage_raft(stage, id));

	for (uint32_t i = 0; i < conf->members; i++)
		if (conf->member[i].id == who)
			return &conf->member[i];
	return NULL;
}

static void member__a_learner_is_promoted_when_it_has_caught_up(void **state)
{
	struct stage *stage = stage_new(4, 3, 1);
	uint64_t leader = stage_elect(stage);

	for (int i = 0; i < 50; i++)
		stage_propose(stage, leader, "entry");
	stage_isolate(stage, 4, true); // R15: one that is not there counts nowhere
	assert_int_equal(stage_change(stage, leader, &add_4, 1), RAFT_OK);
	stage_pass(stage, 3000);
	assert_int_equal(member(stage, leader, 4)->roles, RAFT_LEARNER | RAFT_PROMOTE);
	stage_isolate(stage, 4, false);
	stage_pass(stage, 1000);
	assert_int_equal(member(stage, leader, 4)->roles, RAFT_VOTER);
	assert_int_equal(member(stage, 4, 4)->roles, RAFT_VOTER);
	assert_int_equal(stage_node(stage, 4)->applied, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// A follower passes it on.
static void member__any_node_may_ask(void **state)
{
	struct stage *stage = stage_new(4, 3, 2);
	uint64_t leader = stage_elect(stage);

	assert_int_equal(stage_change(stage, leader % 3 + 1, &add_4, 1), RAFT_OK);
	stage_pass(stage, 500);
	assert_int_equal(member(stage, leader, 4)->roles, RAFT_VOTER);
	stage_free(stage);
	(void)state;
}

static void member__many_at_once_by_joint_consensus(void **state)
{
	struct stage *stage = stage_new(5, 3, 3);
	uint64_t leader = stage_elect(stage);
	uint64_t a = leader % 3 + 1, b = a % 3 + 1;
	struct raft_change learners[] = {{RAFT_ADD_LEARNER, 4, "n4"}, {RAFT_ADD_LEARNER, 5, "n5"}};
	struct raft_change swap[] = {{RAFT_MAKE_VOTER, 4, ""}, {RAFT_MAKE_VOTER, 5, ""},
		{RAFT_REMOVE, a, ""}, {RAFT_REMOVE, b, ""}};

	assert_int_equal(stage_change(stage, leader, learners, 2), RAFT_OK);
	stage_pass(stage, 500);
	stage_isolate(stage, a, true);
	stage_isolate(stage, b, true); // the old majority decides, too: nothing happens
	assert_int_equal(stage_change(stage, leader, swap, 4), RAFT_OK);
	stage_pass(stage, 300);
	assert_true(stage_status(stage, leader).now.commit <
		    raft_conf(stage_raft(stage, leader))->index);
	stage_isolate(stage, a, false);
	stage_pass(stage, 3000);
	leader = stage_elect(stage);
	assert_int_equal(raft_conf(stage_raft(stage, leader))->members, 3);
	assert_int_equal(member(stage, leader, 4)->roles, RAFT_VOTER);
	assert_null(member(stage, leader, a));
	stage_free(stage);
	(void)state;
}

// R2: what precedes the first entry of the own term may be another change that is not known yet.
static void member__no_change_before_an_entry_of_the_own_term(void **state)
{
	struct stage *stage = stage_new(4, 3, 4);
	uint64_t first = stage_elect(stage), leader;

	stage_pass(stage, 500); // all know that the configuration is committed
	stage_isolate(stage, first, true);
	stage->muted = 1u << RAFT_MSG_APPEND_REPLY;
	for (leader = first; leader == first || leader == 0; leader = stage_leader(stage))
		stage_pass(stage, 10);
	assert_true(stage_status(stage, leader).now.commit >=
		    raft_conf(stage_raft(stage, leader))->index);
	assert_int_equal(stage_change(stage, leader, &add_4, 1), RAFT_CHANGING);
	stage->muted = 0;
	stage_isolate(stage, first, false);
	stage_pass(stage, 500);
	assert_int_equal(stage_change(stage, leader, &add_4, 1), RAFT_OK);
	stage_free(stage);
	(void)state;
}

static void member__one_change_at_a_time(void **state)
{
	struct stage *stage = stage_new(4, 3, 5);
	uint64_t leader = stage_elect(stage);
	struct raft_change remove = {.kind = RAFT_REMOVE, .id = leader % 3 + 1};

	stage->muted = 1u << RAFT_MSG_APPEND_REPLY;
	assert_int_equal(stage_change(stage, leader, &add_4, 1), RAFT_OK);
	assert_int_equal(stage_change(stage, leader, &remove, 1), RAFT_CHANGING);
	stage_free(stage);
	(void)state;
}

// R9.
static void member__what_is_cut_off_never_was(void **state)
{
	struct stage *stage = stage_new(4, 3, 6);
	uint64_t leader = stage_elect(stage);

	stage_isolate(stage, leader, true);
	assert_int_equal(stage_change(stage, leader, &add_4, 1), RAFT_OK);
	assert_non_null(member(stage, leader, 4)); // R6: from the moment it is in the log
	stage_pass(stage, 6000);
	stage_isolate(stage, leader, false);
	stage_pass(stage, 3000);
	assert_null(member(stage, leader, 4));
	stage_free(stage);
	(void)state;
}

// R5: an answer from before the removal says nothing of who was added again.
static void member__answers_of_another_session_are_stale(void **state)
{
	struct stage *stage = stage_new(4, 3, 7);
	uint64_t leader = stage_elect(stage), who = leader % 3 + 1;
	struct raft_change remove = {.kind = RAFT_REMOVE, .id = who};
	struct raft_change add = {.kind = RAFT_ADD_LEARNER, .id = who, .name = "again"};
	struct raft_message late = {.type = RAFT_MSG_APPEND_REPLY, .from = who, .to = leader};
	struct raft_peer peer = {.id = 0};

	assert_int_equal(stage_change(stage, leader, &remove, 1), RAFT_OK);
	stage_pass(stage, 300);
	stage_isolate(stage, who, true);
	assert_int_equal(stage_change(stage, leader, &add, 1), RAFT_OK);
	stage_pass(stage, 300);
	late.term = stage_status(stage, leader).now.term;
	late.session = 1;
	late.index = stage_status(stage, leader).last;
	assert_int_equal(
		raft_on_message(stage_raft(stage, leader), stage->now_ns, &late), RAFT_STALE);
	for (uint32_t i = 0; peer.id != who; i++)
		assert_true(raft_peer(stage_raft(stage, leader), i, &peer));
	assert_true(peer.session > 1);
	assert_int_equal(peer.match, 0);
	stage_free(stage);
	(void)state;
}

static void member__a_leader_that_is_removed_hands_over(void **state)
{
	struct stage *stage = stage_new(3, 3, 8);
	uint64_t leader = stage_elect(stage), next;
	struct raft_change remove = {.kind = RAFT_REMOVE, .id = leader};

	assert_int_equal(stage_change(stage, leader, &remove, 1), RAFT_OK);
	next = stage_leader(stage); // at once, without an election timeout
	assert_int_not_equal(next, 0);
	assert_int_not_equal(next, leader);
	assert_true(stage_propose(stage, next, "x"));
	stage_pass(stage, 10000); // who is removed disturbs nobody
	assert_int_equal(stage_leader(stage), next);
	stage_free(stage);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(member__a_learner_is_promoted_when_it_has_caught_up),
		cmocka_unit_test(member__any_node_may_ask),
		cmocka_unit_test(member__many_at_once_by_joint_consensus),
		cmocka_unit_test(member__no_change_before_an_entry_of_the_own_term),
		cmocka_unit_test(member__one_change_at_a_time),
		cmocka_unit_test(member__what_is_cut_off_never_was),
		cmocka_unit_test(member__answers_of_another_session_are_stale),
		cmocka_unit_test(member__a_leader_that_is_removed_hands_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
