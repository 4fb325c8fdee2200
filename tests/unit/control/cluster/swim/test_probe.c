// Probes: everybody in a bounded time, through others without an answer, and what a failure says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/swim/stage.h"

static struct swim_output out;

static const struct swim_send *last(void)
{
	return &out.send[out.sends - 1];
}

// The first message of what was sent.
static struct control control_of(const struct swim_send *send)
{
	struct reader reader = {.at = send->bytes, .left = send->size};
	struct message message;
	struct control control;

	assert_int_equal(header_read(&reader, codec_cluster("stage")), SWIM_OK);
	assert_true(message_next(&reader, &message));
	assert_true(control_read(&message, &control));
	return control;
}

static void quiet(struct swim *swim)
{
	for (uint32_t i = 0; i < swim->end; i++)
		updates_remove(swim, i);
}

// Runs the timers only of probes, until `ns`.
static void probe_at(struct swim *swim, uint64_t ns)
{
	swim->now_ns = ns;
	swim_output_clear(&out);
	probe_tick(swim, &out);
}

static void order__each_is_probed_once_in_a_round(void **state)
{
	(void)state;
	struct stage *stage = stage_with(50, &out);
	struct swim *swim = stage->nodes[0];
	uint32_t rounds[2][51] = {0};

	quiet(swim);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 50; i++) {
			probe_at(swim, swim->probe_ns);
			assert_true(swim->probe.active);
			rounds[round][i] = swim->probe.member;
			for (uint32_t j = 0; j < i; j++)
				assert_int_not_equal(rounds[round][j], swim->probe.member);
			probe_answered(swim, &out);
		}
	}
	assert_memory_not_equal(rounds[0], rounds[1], sizeof(rounds[0])); // shuffled anew
	stage_free(stage);
}

static void indirect__through_three_others_and_a_connection(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	struct control control;
	struct swim_view view;

	quiet(swim);
	probe_at(swim, swim->probe_ns);
	assert_int_equal(out.sends, 1);
	control = control_of(last());
	swim_member(swim, swim->probe.member, &view);
	assert_int_equal(control.kind, SWIM_PING);
	assert_string_equal(control.target, view.name);
	probe_at(swim, swim->now_ns + STAGE_MS(199));
	assert_int_equal(out.sends, 0);
	probe_at(swim, swim->now_ns + STAGE_MS(1));
	assert_int_equal(out.sends, 3);
	for (uint32_t i = 0; i < 3; i++) {
		control = control_of(&out.send[i]);
		assert_int_equal(control.kind, SWIM_PING_REQ);
		assert_string_equal(control.target, view.name);
		assert_false(address_equal(out.send[i].address, view.address));
	}
	assert_int_equal(out.stream_pings, 1);
	assert_int_equal(out.stream_ping[0], swim->probe.member);
	swim_on_stream_pong(swim, swim->now_ns, swim->probe.member, false, &out);
	assert_true(swim->probe.active);
	swim_on_stream_pong(swim, swim->now_ns, swim->probe.member, true, &out);
	assert_false(swim->probe.active);
	stage_free(stage);
}

static uint32_t fail_with(struct swim *swim, uint32_t nacks)
{
	uint32_t member;

	if (!swim->probe.active)
		probe_at(swim, swim->probe_ns);
	member = swim->probe.member;
	probe_at(swim, swim->probe.timeout_ns);
	for (uint32_t i = 0; i < nacks; i++)
		on_nack(swim, &(struct control){.kind = SWIM_NACK, .number = swim->probe.number});
	probe_at(swim, swim->probe.end_ns);
	return member;
}

static void failure__the_nacks_say_whose_fault_it_is(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint32_t member;

	quiet(swim);
	member = fail_with(swim, 3);
	assert_int_equal(swim->members[member].state, SWIM_SUSPECT);
	assert_int_equal(swim->report.suspected, 1);
	assert_int_equal(swim->health, 0);
	fail_with(swim, 1);
	assert_int_equal(swim->health, 2);
	fail_with(swim, 9); // three were asked: more do not count
	assert_int_equal(swim->health, 2);
	stage_free(stage);
}

// Too late for the timeout and for the end at once: the helpers get time to answer all the same.
static void failure__not_in_the_moment_that_others_are_asked(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];

	quiet(swim);
	probe_at(swim, swim->probe_ns);
	probe_at(swim, swim->probe.end_ns);
	assert_int_equal(out.sends, 3);
	assert_true(swim->probe.active);
	probe_at(swim, swim->probe.end_ns);
	assert_int_equal(swim->counts[SWIM_SUSPECT], 1);
	stage_free(stage);
}

// Through others it would be their round trip, too.
static void probe_answered__tells_the_round_trip_of_direct_ones(void **state)
{
	(void)state;
	struct stage *stage = stage_with(3, &out);
	struct swim *swim = stage->nodes[0];
	struct swim_view view;

	quiet(swim);
	probe_at(swim, swim->probe_ns);
	assert_int_equal(out.probed.rtt_ns, 0);
	swim->now_ns += 1234567;
	probe_answered(swim, &out);
	assert_int_equal(out.probed.member, swim->probe.member);
	assert_int_equal(out.probed.rtt_ns, 1234000);
	assert_true(swim_member(swim, out.probed.member, &view));
	assert_int_equal(view.rtt_ns, 1234000);
	probe_at(swim, swim->probe_ns);
	assert_int_equal(out.probed.rtt_ns, 0); // of a call before
	probe_at(swim, swim->probe.timeout_ns);
	assert_true(swim->probe.indirect);
	probe_answered(swim, &out);
	assert_int_equal(out.probed.rtt_ns, 0);
	stage_free(stage);
}

static void health__stretches_probes_and_heals(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t sent;

	quiet(swim);
	swim->health = 3;
	swim_health_set(swim, 2);
	probe_at(swim, swim->probe_ns);
	sent = swim->now_ns;
	assert_int_equal(swim->probe.timeout_ns - sent, STAGE_MS(6 * 200));
	assert_int_equal(swim->probe_ns - sent, STAGE_MS(6 * 500));
	probe_answered(swim, &out);
	assert_int_equal(swim->health, 2);
	assert_int_equal(health(swim), 4);
	swim_health_set(swim, 1000);
	assert_int_equal(health(swim), SWIM_HEALTH_MAX);
	swim->config.lifeguard = false;
	assert_int_equal(health(swim), 0);
	stage_free(stage);
}

static void sleep__is_ill_health_and_what_was_under_way_gets_its_time_back(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t due, since;

	quiet(swim);
	on_suspect(swim, 7, 1, 3, &out);
	for (uint32_t i = 4; i < 7; i++)
		on_suspect(swim, 7, 1, i, &out);
	due = suspicion_deadline(swim, &swim->members[7]);
	swim_output_clear(&out);
	while (!swim->probe.active)
		swim_on_tick(swim, swim_next_ns(swim), &out);
	swim_output_clear(&out);
	since = swim->members[7].since_ns;
	swim_on_tick(swim, due + STAGE_MS(10000), &out);
	assert_true(swim->members[7].since_ns > since + STAGE_MS(10000));
	assert_true(swim->health > 0);
	assert_true(swim->probe.active);
	assert_int_equal(swim->counts[SWIM_SUSPECT], 1);
	assert_int_equal(swim->counts[SWIM_DEAD], 0);
	assert_true(suspicion_deadline(swim, &swim->members[7]) > due + STAGE_MS(10000));
	stage_free(stage);
}

// The end of a probe that nobody answers is never further away than the longest round.
static void sleep__again_and_again_does_not_put_off_the_end_of_a_probe(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint64_t round = STAGE_MS(swim->config.probe_interval_ms) * (SWIM_HEALTH_MAX + 1), due;

	quiet(swim);
	while (!swim->probe.active)
		swim_on_tick(swim, swim_next_ns(swim), &out);
	for (int sleep = 0; sleep < 100; sleep++) {
		updates_add(swim, SWIM_SELF); // a timer that comes sooner than the end
		swim_output_clear(&out);
		swim_on_tick(swim, swim_next_ns(swim) + STAGE_MS(300), &out);
		assert_true(swim->probe.end_ns <= swim->now_ns + round);
	}
	due = swim->now_ns + round;
	while (swim->report.probes == 1) {
		swim_output_clear(&out);
		swim_on_tick(swim, swim_next_ns(swim), &out);
		assert_true(swim->now_ns <= due);
	}
	stage_free(stage);
}

// An answer puts the next timer off: who waits for that one has not slept.
static void sleep__is_not_a_timer_that_was_put_off(void **state)
{
	(void)state;
	struct stage *stage = stage_with(20, &out);
	struct swim *swim = stage->nodes[0];
	uint8_t bytes[SWIM_DATAGRAM_MAX];

	quiet(swim);
	for (int round = 0; round < 10; round++) {
		struct writer writer = {.bytes = bytes, .room = sizeof(bytes)};
		struct control ack = {.kind = SWIM_ACK};

		while (!swim->probe.active) {
			swim_output_clear(&out);
			swim_on_tick(swim, swim_next_ns(swim), &out);
			assert_int_equal(swim->health, 0);
		}
		ack.number = swim->probe.number;
		header_write(&writer, swim->cluster);
		control_write(&writer, &ack);
		swim_output_clear(&out);
		swim_on_datagram(swim, swim->now_ns + STAGE_MS(1), stage_address(1), STAGE_PORT,
			bytes, writer.size, &out);
		assert_false(swim->probe.active);
	}
	assert_int_equal(swim->health, 0);
	stage_free(stage);
}

static void buddy__the_suspect_is_told_in_its_ping(void **state)
{
	(void)state;
	struct stage *stage = stage_with(1, &out);
	struct swim *swim = stage->nodes[0];
	struct reader reader;
	struct message message;
	struct rumour rumour;

	on_suspect(swim, 1, 1, SWIM_SELF, &out);
	quiet(swim);
	probe_at(swim, swim->probe_ns);
	reader = (struct reader){.at = last()->bytes, .left = last()->size};
	header_read(&reader, codec_cluster("stage"));
	assert_true(message_next(&reader, &message) && message.kind == SWIM_PING);
	assert_true(message_next(&reader, &message) && message.kind == SWIM_SAY_SUSPECT);
	assert_true(rumour_read(&message, &rumour));
	assert_string_equal(rumour.name, "m1");
	stage_free(stage);
}

static void relay__answers_nack_in_time_and_an_ack_that_comes_later(void **state)
{
	(void)state;
	struct stage *stage = stage_with(3, &out);
	struct swim *swim = stage->nodes[0];
	struct control request = {.kind = SWIM_PING_REQ, .number = 77, .target = "m2"}, control;
	uint32_t number;

	quiet(swim);
	on_ping_req(swim, stage_address(50), 9, &request, &out);
	assert_int_equal(out.sends, 1);
	number = control_of(last()).number;
	assert_int_not_equal(number, 77);
	assert_true(address_equal(last()->address, stage_address(102)));
	swim_output_clear(&out);
	swim->now_ns = relay_next_ns(swim);
	relay_tick(swim, &out);
	control = control_of(last());
	assert_true(control.kind == SWIM_NACK && control.number == 77);
	assert_true(address_equal(last()->address, stage_address(50)) && last()->port == 9);
	on_ack(swim, &(struct control){.kind = SWIM_ACK, .number = number}, &out);
	control = control_of(last());
	assert_true(control.kind == SWIM_ACK && control.number == 77);
	assert_int_equal(out.sends, 2);
	on_ack(swim, &(struct control){.kind = SWIM_ACK, .number = number}, &out); // again
	assert_int_equal(out.sends, 2);
	assert_true(relay_next_ns(swim) == UINT64_MAX);
	stage_free(stage);
}

static void relay__strangers_are_not_pinged_and_the_table_is_bounded(void **state)
{
	(void)state;
	struct stage *stage = stage_with(3, &out);
	struct swim *swim = stage->nodes[0];
	struct control request = {.kind = SWIM_PING_REQ, .number = 77, .target = "unknown"};

	quiet(swim);
	on_ping_req(swim, stage_address(50), 9, &request, &out);
	assert_int_equal(control_of(last()).kind, SWIM_NACK);
	memcpy(request.target, "m2", 3);
	for (int i = 0; i < RELAYS_MAX; i++) {
		swim_output_clear(&out);
		on_ping_req(swim, stage_address(50), 9, &request, &out);
		assert_int_equal(control_of(last()).kind, SWIM_PING);
	}
	on_ping_req(swim, stage_address(50), 9, &request, &out);
	assert_int_equal(control_of(last()).kind, SWIM_NACK);
	swim->now_ns += STAGE_MS(1000);
	for (int i = 0; i < 4; i++) {
		swim_output_clear(&out);
		relay_tick(swim, &out);
	}
	assert_int_equal(swim->relays_used, 0);
	stage_free(stage);
}

// A wire that is cut between two of them only: the others ask for one of them and nobody is
// suspected.
static void detour__a_cut_between_two_kills_nobody(void **state)
{
	(void)state;
	struct stage *stage = stage_new(8, 16);

	stage_join_all(stage);
	stage_run(stage, 5000);
	stage->cut[0] = 1;
	stage->cut[1] = 2;
	stage_run(stage, 120000);
	assert_int_equal(stage->changes[SWIM_SUSPECT], 0);
	assert_true(stage_full_mesh(stage));
	assert_true(stage->nodes[1]->report.probes_indirect > 0);
	stage_free(stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order__each_is_probed_once_in_a_round),
		cmocka_unit_test(indirect__through_three_others_and_a_connection),
		cmocka_unit_test(failure__the_nacks_say_whose_fault_it_is),
		cmocka_unit_test(failure__not_in_the_moment_that_others_are_asked),
		cmocka_unit_test(probe_answered__tells_the_round_trip_of_direct_ones),
		cmocka_unit_test(health__stretches_probes_and_heals),
		cmocka_unit_test(sleep__is_ill_health_and_what_was_under_way_gets_its_time_back),
		cmocka_unit_test(sleep__again_and_again_does_not_put_off_the_end_of_a_probe),
		cmocka_unit_test(sleep__is_not_a_timer_that_was_put_off),
		cmocka_unit_test(buddy__the_suspect_is_told_in_its_ping),
		cmocka_unit_test(relay__answers_nack_in_time_and_an_ack_that_comes_later),
		cmocka_unit_test(relay__strangers_are_not_pinged_and_the_table_is_bounded),
		cmocka_unit_test(detour__a_cut_between_two_kills_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
