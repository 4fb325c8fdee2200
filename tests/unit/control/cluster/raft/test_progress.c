// One member as its leader sees it: what is sent when, and what answers change.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/cluster/raft/progress.h"

enum { MESSAGES = 3, BYTES = 100 };

static struct progress_message memory[MESSAGES];

static struct progress peer(uint64_t next)
{
	struct progress progress;

	assert_int_equal(progress_size(MESSAGES), sizeof(memory));
	progress_init(&progress, memory, MESSAGES, BYTES);
	progress_reset(&progress, 7, 5, next);
	return progress;
}

static struct progress replicating(uint64_t match)
{
	struct progress progress = peer(match + 1);

	assert_int_equal(progress_accept(&progress, match), match > 0);
	assert_int_equal(progress.state, RAFT_REPLICATE);
	return progress;
}

static void probe__one_message_at_a_time(void **state)
{
	struct progress p = peer(10);

	(void)state;
	assert_false(progress_is_paused(&p));
	progress_sent(&p, 12, 30);
	assert_true(progress_is_paused(&p));
	assert_int_equal(p.next, 10);
	assert_true(progress_accept(&p, 12));
	assert_int_equal(p.state, RAFT_REPLICATE);
	assert_true(p.match == 12 && p.next == 13);
	assert_false(progress_is_paused(&p));
}

// The answer may come in two: what was durable at once, and what the probe carried.
static void probe__what_it_carried_is_not_sent_twice(void **state)
{
	struct progress p = peer(10);

	(void)state;
	progress_sent(&p, 12, 30);
	assert_true(progress_accept(&p, 9));
	assert_int_equal(p.state, RAFT_REPLICATE);
	assert_true(p.match == 9 && p.next == 13);
	assert_true(p.messages == 1 && p.bytes == 30);
	assert_true(progress_accept(&p, 12));
	assert_int_equal(p.messages + p.bytes, 0);

	p = peer(10);
	progress_sent(&p, 12, 30);
	progress_sent(&p, 11, 20); // again, shorter
	assert_true(progress_accept(&p, 9));
	assert_true(p.next == 12 && p.messages == 1 && p.bytes == 20);
	// it was lost after all
	assert_false(progress_on_heartbeat(&p));
	assert_true(progress_on_heartbeat(&p));
	assert_true(progress_reject(&p, 11, 9));
	assert_int_equal(p.next, 10);
}

static void probe__goes_back_to_the_hint_and_not_behind_match(void **state)
{
	struct progress p = peer(10);

	(void)state;
	progress_sent(&p, 9, 0);
	assert_true(progress_reject(&p, 9, 4));
	assert_int_equal(p.next, 5);
	assert_false(progress_is_paused(&p));
	assert_false(progress_reject(&p, 9, 4)); // the same answer again
	assert_true(progress_reject(&p, 4, 20)); // a hint behind what was rejected
	assert_int_equal(p.next, 4);
	assert_true(progress_accept(&p, 3));
	assert_false(progress_reject(&p, 3, 1)); // what it has it does not lose
	assert_int_equal(p.match, 3);
}

static void probe__an_empty_log_is_a_match(void **state)
{
	struct progress p = peer(1);

	(void)state;
	progress_sent(&p, 0, 0);
	assert_false(progress_accept(&p, 0));
	assert_int_equal(p.state, RAFT_REPLICATE);
	assert_int_equal(p.next, 1);
	assert_false(progress_reject(&p, 0, 0)); // nobody lacks what is before everything
}

static void replicate__runs_ahead_within_its_limits(void **state)
{
	struct progress p = replicating(4);

	(void)state;
	progress_sent(&p, 5, 10);
	progress_sent(&p, 7, 10);
	assert_int_equal(p.next, 8);
	progress_sent(&p, 7, 0); // a question is not in flight
	assert_int_equal(p.messages, 2);
	progress_sent(&p, 8, 10);
	assert_true(progress_is_paused(&p)); // messages
	assert_true(progress_accept(&p, 6)); // between two ends
	assert_int_equal(p.messages, 2);
	assert_int_equal(p.bytes, 20);
	progress_sent(&p, 9, 80);
	assert_true(progress_is_paused(&p));
	assert_true(progress_accept(&p, 8));
	assert_int_equal(p.messages, 1);
	assert_int_equal(p.bytes, 80);
	progress_sent(&p, 10, 20);
	assert_true(progress_is_paused(&p)); // bytes
	assert_true(progress_accept(&p, 10));
	assert_int_equal(p.bytes, 0);
	assert_false(progress_accept(&p, 10));
	assert_false(progress_accept(&p, 3));
	assert_int_equal(p.match, 10);
}

static void replicate__a_rejection_begins_again_behind_match(void **state)
{
	struct progress p = replicating(4);

	(void)state;
	progress_sent(&p, 6, 10);
	progress_sent(&p, 8, 10);
	assert_false(progress_reject(&p, 4, 0));
	assert_true(progress_reject(&p, 6, 4));
	assert_int_equal(p.state, RAFT_PROBE);
	assert_int_equal(p.next, 5);
	assert_int_equal(p.messages + p.bytes, 0);
}

// R13: a follower stalled, the messages to it were lost, the window is full: nothing would be sent
// any more, and so nothing answered.
static void replicate__a_full_window_that_was_lost_is_noticed(void **state)
{
	struct progress p = replicating(4);

	(void)state;
	for (uint64_t i = 5; i < 5 + MESSAGES; i++)
		progress_sent(&p, i, 10);
	assert_true(progress_is_paused(&p));
	assert_false(progress_on_heartbeat(&p)); // it may be under way
	assert_true(progress_on_heartbeat(&p));
	assert_true(progress_on_heartbeat(&p)); // the question, too, may be lost
	assert_true(progress_reject(&p, p.next - 1, 4));
	assert_false(progress_is_paused(&p));
	assert_int_equal(p.next, 5);
}

static void replicate__one_that_answers_is_not_asked(void **state)
{
	struct progress p = replicating(4);

	(void)state;
	assert_false(progress_on_heartbeat(&p));
	assert_false(progress_on_heartbeat(&p)); // nothing is in flight
	progress_sent(&p, 5, 1);
	progress_sent(&p, 6, 1);
	assert_false(progress_on_heartbeat(&p));
	assert_true(progress_accept(&p, 5));
	assert_false(progress_on_heartbeat(&p));
	assert_true(progress_on_heartbeat(&p));
}

static void probe__is_sent_again_when_nothing_comes(void **state)
{
	struct progress p = peer(10);

	(void)state;
	progress_sent(&p, 9, 0);
	assert_false(progress_on_heartbeat(&p));
	assert_true(progress_is_paused(&p));
	assert_false(progress_on_heartbeat(&p));
	assert_false(progress_is_paused(&p));
}

static void snapshot__chunk_by_chunk(void **state)
{
	struct progress p = peer(1);

	(void)state;
	progress_start_snapshot(&p, 50, 1000);
	assert_false(progress_is_paused(&p));
	progress_sent_chunk(&p);
	assert_true(progress_is_paused(&p));
	assert_false(progress_wants_chunk(&p, 49, 400)); // R10: of another snapshot
	assert_false(progress_wants_chunk(&p, 50, 1001));
	assert_true(progress_is_paused(&p));
	assert_true(progress_wants_chunk(&p, 50, 400));
	assert_int_equal(p.offset, 400);
	assert_false(progress_is_paused(&p));
	assert_true(progress_wants_chunk(&p, 50, 100)); // it began again
	progress_sent_chunk(&p);
	assert_true(progress_wants_chunk(&p, 50, 1000));
	assert_true(progress_is_paused(&p)); // it has all: it installs
	assert_false(progress_reject(&p, 9, 3));
	assert_false(progress_accept(&p, 0));
	assert_int_equal(p.state, RAFT_SNAPSHOT);
	assert_true(progress_accept(&p, 50));
	assert_int_equal(p.state, RAFT_REPLICATE);
	assert_int_equal(p.next, 51);
	assert_false(progress_wants_chunk(&p, 50, 0));
}

static void snapshot__a_lost_chunk_is_sent_again(void **state)
{
	struct progress p = peer(1);

	(void)state;
	progress_start_snapshot(&p, 50, 1000);
	progress_sent_chunk(&p);
	progress_on_heartbeat(&p);
	assert_true(progress_is_paused(&p));
	progress_on_heartbeat(&p);
	assert_false(progress_is_paused(&p));
	assert_int_equal(p.offset, 0);
}

static void snapshot__ends_in_a_probe(void **state)
{
	struct progress p = peer(1);

	(void)state;
	progress_start_snapshot(&p, 50, 1000);
	progress_end_snapshot(&p, true);
	assert_int_equal(p.state, RAFT_PROBE);
	assert_int_equal(p.next, 51);
	progress_start_snapshot(&p, 60, 1000);
	progress_end_snapshot(&p, false);
	assert_int_equal(p.next, 1);
	p.match = 7;
	progress_start_snapshot(&p, 60, 1000);
	progress_end_snapshot(&p, false);
	assert_int_equal(p.next, 8);
}

// A follower whose log is full, however long: what it has is not asked for again.
static void refuse__waits_where_it_is(void **state)
{
	struct progress p = replicating(4);

	(void)state;
	progress_sent(&p, 6, 10);
	progress_sent(&p, 8, 10);
	progress_refuse(&p, 3); // an old one
	progress_refuse(&p, 9); // of what was not sent
	assert_int_equal(p.state, RAFT_REPLICATE);
	progress_refuse(&p, 6);
	assert_true(p.state == RAFT_PROBE && p.next == 7 && p.messages == 0);
	for (int i = 0; i < 3; i++) {
		assert_true(progress_is_paused(&p));
		progress_on_heartbeat(&p);
		progress_on_heartbeat(&p);
		assert_false(progress_is_paused(&p));
		progress_sent(&p, 8, 10);
		progress_refuse(&p, 6);
		assert_int_equal(p.next, 7);
	}
	progress_on_heartbeat(&p);
	progress_on_heartbeat(&p);
	progress_sent(&p, 8, 10);
	assert_true(progress_reject(&p, 6, 1)); // not behind what it has
	assert_int_equal(p.next, 5);
}

static void set_back__match_goes_back_once(void **state)
{
	struct progress p = replicating(20);

	(void)state;
	progress_sent(&p, 25, 10);
	progress_set_back(&p, 30); // more than it had said
	assert_int_equal(p.state, RAFT_REPLICATE);
	progress_set_back(&p, 12);
	assert_int_equal(p.state, RAFT_PROBE);
	assert_true(p.match == 12 && p.next == 13 && p.messages == 0);
}

static void reset__forgets_whom_it_was(void **state)
{
	struct progress p = replicating(20);

	(void)state;
	p.active = p.quarantined = true;
	progress_sent(&p, 25, 10);
	progress_reset(&p, 8, 21, 30);
	assert_true(p.id == 8 && p.session == 21);
	assert_true(p.match == 0 && p.next == 30 && p.state == RAFT_PROBE);
	assert_false(p.active || p.quarantined || progress_is_paused(&p));
	assert_int_equal(p.messages + p.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe__one_message_at_a_time),
		cmocka_unit_test(probe__what_it_carried_is_not_sent_twice),
		cmocka_unit_test(probe__goes_back_to_the_hint_and_not_behind_match),
		cmocka_unit_test(probe__an_empty_log_is_a_match),
		cmocka_unit_test(replicate__runs_ahead_within_its_limits),
		cmocka_unit_test(replicate__a_rejection_begins_again_behind_match),
		cmocka_unit_test(replicate__a_full_window_that_was_lost_is_noticed),
		cmocka_unit_test(replicate__one_that_answers_is_not_asked),
		cmocka_unit_test(probe__is_sent_again_when_nothing_comes),
		cmocka_unit_test(snapshot__chunk_by_chunk),
		cmocka_unit_test(snapshot__a_lost_chunk_is_sent_again),
		cmocka_unit_test(snapshot__ends_in_a_probe),
		cmocka_unit_test(refuse__waits_where_it_is),
		cmocka_unit_test(set_back__match_goes_back_once),
		cmocka_unit_test(reset__forgets_whom_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
