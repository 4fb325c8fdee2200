// What a read may see, and when: leases, rounds of heartbeats, followers that ask, new leaders.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/raft/stage.h"

static struct stage *without_lease(uint64_t seed)
{
	struct raft_config config;

	stage_config(&config);
	config.lease = false;
	return stage_new_with(3, 3, seed, &config);
}

static void read__a_lease_answers_at_once(void **state)
{
	struct stage *stage = stage_new(3, 3, 1);
	uint64_t leader = stage_elect(stage);
	struct raft_read read;

	stage_pass(stage, 200);
	assert_true(stage_status(stage, leader).lease_until_ns > stage->now_ns);
	raft_read(stage_raft(stage, leader), stage->now_ns, 5);
	assert_true(raft_take_read(stage_raft(stage, leader), &read));
	assert_int_equal(read.cookie, 5);
	assert_int_equal(read.index, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// R4: as long as nobody else can be elected by a clock that is faster by the drift.
static void read__a_lease_is_shorter_by_the_drift(void **state)
{
	struct stage *stage = stage_new(3, 3, 1);
	uint64_t leader = stage_elect(stage), longest = 0;
	const struct raft_config *config = &stage_node(stage, leader)->config;

	for (uint32_t i = 0; i < 50; i++) {
		uint64_t until = stage_status(stage, leader).lease_until_ns;

		if (until > stage->now_ns + longest)
			longest = until - stage->now_ns;
		stage_pass(stage, 10);
	}
	assert_int_equal(longest,
		config->election_ms * 1000ull * (1000 - config->drift_permille)); // of the round
	stage_free(stage);
	(void)state;
}

// R4: it ends before anybody else can be elected, though the leader does not hear of that.
static void read__a_lease_is_over_before_the_next_leader(void **state)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct stage *stage = stage_new(3, 3, seed);
		uint64_t leader = stage_elect(stage);

		stage_node(stage, leader)->drift = -45; // its clock is slow
		stage_pass(stage, 500);
		stage_isolate(stage, leader, true);
		for (uint32_t i = 0; i < 600; i++) {
			stage_pass(stage, 2);
			stage_read(stage, leader); // the stage finds old answers
		}
		stage_pass(stage, 3000);
		assert_int_not_equal(stage_leader(stage), leader);
		stage_free(stage);
	}
	(void)state;
}

static void read__a_round_confirms(void **state)
{
	struct stage *stage = without_lease(2);
	uint64_t leader = stage_elect(stage);
	struct stage_node *node = stage_node(stage, leader);

	stage->muted = 1u << RAFT_MSG_HEARTBEAT_REPLY;
	stage_read(stage, leader);
	stage_run(stage);
	assert_int_equal(node->reads, 0);
	stage->muted = 0;
	stage_pass(stage, 200);
	assert_int_equal(node->reads, 1);
	assert_int_equal(node->reads_failed, 0);
	assert_int_equal(node->read_index, stage->committed_last);
	stage_free(stage);
	(void)state;
}

// A round that began before the read says nothing about the time after it.
static void read__an_older_round_does_not_confirm(void **state)
{
	struct stage *stage = without_lease(3);
	uint64_t leader = stage_elect(stage);
	struct stage_node *node = stage_node(stage, leader);
	struct raft_message message, reply = {.type = RAFT_MSG_HEARTBEAT_REPLY, .to = leader};
	struct raft_read read;

	stage_pass(stage, 200);
	stage_read(stage, leader);
	while (raft_take_message(node->raft, &message)) { // its heartbeats are under way
		assert_int_equal(message.type, RAFT_MSG_HEARTBEAT);
		reply.from = message.to;
		reply.term = message.term;
		reply.session = message.session;
		reply.context = message.context;
	}
	stage_read(stage, leader);
	assert_int_equal(raft_on_message(node->raft, stage->now_ns, &reply), RAFT_OK);
	assert_true(raft_take_read(node->raft, &read)); // the first
	assert_false(raft_take_read(node->raft, &read));
	stage_run(stage);
	assert_int_equal(node->reads, 1); // the second, by the next round
	stage_free(stage);
	(void)state;
}

static void read__a_leader_that_is_cut_off_answers_nothing(void **state)
{
	struct stage *stage = without_lease(4);
	uint64_t leader = stage_elect(stage);
	struct stage_node *node = stage_node(stage, leader);

	stage_isolate(stage, leader, true);
	stage_read(stage, leader);
	stage_pass(stage, 5000);
	assert_int_equal(node->reads, 1);
	assert_int_equal(node->reads_failed, 1);
	stage_free(stage);
	(void)state;
}

static void read__a_follower_asks_the_leader(void **state)
{
	struct stage *stage = stage_new(3, 3, 5);
	uint64_t leader = stage_elect(stage), follower = leader % 3 + 1;
	struct stage_node *node = stage_node(stage, follower);

	assert_true(stage_propose(stage, leader, "x"));
	stage_read(stage, follower);
	stage_run(stage);
	assert_int_equal(node->reads, 1);
	assert_int_equal(node->read_index, stage->committed_last);
	stage->muted = 1u << RAFT_MSG_READ_REPLY; // lost: given up, once
	stage_read(stage, follower);
	stage_pass(stage, 1500);
	assert_int_equal(node->reads, 2);
	assert_int_equal(node->reads_failed, 1);
	stage_free(stage);
	(void)state;
}

// R3: the new leader has it all, but does not know yet what of it is committed.
static void read__not_before_an_entry_of_the_own_term(void **state)
{
	struct stage *stage = without_lease(6);
	uint64_t leader = stage_elect(stage), next;
	struct stage_node *node;

	stage->muted = 1u << RAFT_MSG_HEARTBEAT; // nobody hears that x is committed
	assert_true(stage_propose(stage, leader, "x"));
	assert_int_equal(stage_node(stage, leader)->applied, stage->committed_last);
	stage_isolate(stage, leader, true);
	stage->muted = 1u << RAFT_MSG_APPEND_REPLY;
	for (uint32_t i = 0; i < 500 && (stage_leader(stage) == leader || !stage_leader(stage));
		i++)
		stage_pass(stage, 10);
	next = stage_leader(stage);
	assert_int_not_equal(next, 0);
	node = stage_node(stage, next);
	stage_read(stage, next);
	stage_pass(stage, 300);
	assert_int_equal(node->reads, 0);
	stage->muted = 0;
	stage_pass(stage, 500);
	assert_int_equal(node->reads, 1);
	assert_true(node->read_index >= stage_status(stage, leader).now.commit);
	stage_free(stage);
	(void)state;
}

// R4: who was told to stand may do so at any time until the term ends.
static void read__no_lease_after_a_transfer(void **state)
{
	struct stage *stage = stage_new(3, 3, 7);
	uint64_t leader = stage_elect(stage), to = leader % 3 + 1;

	stage_pass(stage, 200);
	stage->muted = 1u << RAFT_MSG_TIMEOUT_NOW;
	assert_int_equal(stage_transfer(stage, leader, to), RAFT_OK);
	stage_pass(stage, 1500);
	assert_int_equal(stage_status(stage, leader).transfer, RAFT_NOBODY);
	assert_int_equal(stage_leader(stage), leader);
	assert_int_equal(stage_status(stage, leader).lease_until_ns, 0);
	stage_read(stage, leader);
	stage_run(stage);
	assert_int_equal(stage_node(stage, leader)->reads, 1); // by a round
	stage_free(stage);
	(void)state;
}

// A member that came back with an empty disk is asked as if it still led: it refuses, in no term,
// and that is no malformed message (raft-sim's seed 2956).
static void read__refused_by_one_with_an_empty_log(void **state)
{
	struct stage *stage = stage_new(4, 3, 1);
	uint64_t leader = stage_elect(stage), other = leader % 3 + 1;
	const enum raft_message_type types[] = {RAFT_MSG_READ_REPLY, RAFT_MSG_PROPOSE_REPLY};

	for (int i = 0; i < 2; i++) {
		const struct raft_message refusal = {.type = types[i],
			.from = 4,
			.to = other,
			.reject = true,
			.result = i ? RAFT_NO_LEADER : 0};

		assert_int_not_equal(
			raft_on_message(stage_raft(stage, other), stage->now_ns, &refusal),
			RAFT_MALFORMED);
	}
	stage_free(stage);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read__a_lease_answers_at_once),
		cmocka_unit_test(read__a_lease_is_shorter_by_the_drift),
		cmocka_unit_test(read__a_lease_is_over_before_the_next_leader),
		cmocka_unit_test(read__a_round_confirms),
		cmocka_unit_test(read__an_older_round_does_not_confirm),
		cmocka_unit_test(read__a_leader_that_is_cut_off_answers_nothing),
		cmocka_unit_test(read__a_follower_asks_the_leader),
		cmocka_unit_test(read__not_before_an_entry_of_the_own_term),
		cmocka_unit_test(read__no_lease_after_a_transfer),
		cmocka_unit_test(read__refused_by_one_with_an_empty_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
