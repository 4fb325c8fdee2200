// Stories of opening: an application or a person asks for a session with a peer.
#include <stdio.h>
#include <string.h>

#include "tests/unit/control/cluster/session/stage.h"

static void open__a_life(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 1408);
	assert_int_equal(stage_attempts(s), 1);
	stage_event(s, PLANE_OPENED, 0, 0x01000101, 0, "");
	assert_int_equal(stage_attempts(s), 0);
	assert_string_equal(s->story,
		"ch2 RESERVE app 3.9\n"
		"to peer b: offer files cid 1000101 boot b007 at 10.77.1.1:7655 "
		"segment 8896 within 5000 ms\n"
		"ch2 OPEN from here cid 1000101 peer b 501 at 10.77.1.2:7654 "
		"link 1 segment 1408 service files app 3 request 7 "
		"codec 1 controller 1\n");
}

static void open__unknown_node(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "zebra", "files", 7);
	stage_wanted(s, "a", "files", 8);
	assert_string_equal(s->story,
		"ch0 FAILED app 3.9 request 7 result 6: node 'zebra' is not known here; the peers "
		"of node a are: b, c\n"
		"ch0 FAILED app 3.9 request 8 result 6: 'a' is this node itself; name a peer\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void open__worker_refuses_the_reservation(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_REFUSED, stage_request_at(s, ATTEMPT_RESERVING), 0, IPC_REFUSED_FULL,
		"full");
	assert_string_equal(
		s->story, "ch2 RESERVE app 3.9\nch0 FAILED app 3.9 request 7 result 2: full\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void open__peer_refuses(void **state)
{
	struct stage *s = *state;
	struct message refuse = {
		.type = MESSAGE_REFUSE, .result = IPC_REFUSED_SERVICE, .text = "nobody listens"};

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	refuse.request = stage_request_at(s, ATTEMPT_OFFERED);
	session_on_refuse(&s->core, &s->turn, "c", &refuse, &s->out); // another peer has no say
	stage_tell(s);
	assert_int_equal(stage_attempts(s), 1);
	session_on_refuse(&s->core, &s->turn, "b", &refuse, &s->out);
	stage_tell(s);
	assert_non_null(strstr(s->story, "ch0 FAILED app 3.9 request 7 result 5: nobody listens\n"
					 "ch2 CLOSE cid 1000101 at once\n"));
	assert_int_equal(stage_attempts(s), 0);
}

static void open__encrypted(void **state)
{
	struct stage *s = *state;

	s->config.security.cipher = CIPHER_AES_256_GCM;
	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 8896);
	assert_non_null(strstr(s->story, "ch2 OPEN cipher 1 by the secrets of link 17, from here "
					 "cid 1000101 peer b 501 "));
}

// An answer for another cipher than was offered is none.
static void open__answer_with_another_cipher(void **state)
{
	struct stage *s = *state;

	s->config.security.cipher = CIPHER_AES_256_GCM;
	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	s->config.security.cipher = CIPHER_NULL; // what stage_accepted says
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 8896);
	assert_non_null(strstr(s->story, "result 7: the peer's answer makes no sense\n"
					 "ch2 CLOSE cid 1000101 at once\n"));
}

// The offer says how long a connection may be waited for, and how long the answer.
static void open__peer_not_reachable(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	assert_true(s->offer.until_ns == s->turn.now_ns + 1500000000);
	assert_true(s->offer.deadline_ns == s->turn.now_ns + 5 * SECOND);
	session_on_unreachable(&s->core, &s->turn, s->offer.request,
		"node b does not answer at 127.0.0.1:7701: Connection refused", &s->out);
	stage_tell(s);
	assert_non_null(strstr(s->story, "ch0 FAILED app 3.9 request 7 result 8: node b does not "
					 "answer at 127.0.0.1:7701: Connection refused\n"
					 "ch2 CLOSE cid 1000101 at once\n"));
	assert_true(session_next_ns(&s->core) == UINT64_MAX);
}

static void open__patience_ends_with_the_deadline(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	s->turn.now_ns += 4 * SECOND;
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	assert_true(s->offer.until_ns == s->turn.now_ns + SECOND);
}

// The peer's control restarted: nobody loses a session by that.
static void open__is_offered_again_when_the_connection_breaks(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	s->story[0] = 0;
	s->turn.now_ns += SECOND;
	session_on_lost(&s->core, &s->turn, s->offer.request, "closed", &s->out);
	stage_tell(s);
	assert_string_equal(s->story, "to peer b: offer files cid 1000101 boot b007 at "
				      "10.77.1.1:7655 segment 8896 within 4000 ms\n");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 8896);
	stage_event(s, PLANE_OPENED, 0, 0x01000101, 0, "");
	assert_int_equal(stage_attempts(s), 0);
}

// A peer that breaks every connection is not offered to for ever.
static void open__is_not_offered_for_ever(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	for (int i = 1; i < SESSION_OFFERS_MAX; i++) {
		session_on_lost(&s->core, &s->turn, s->offer.request, "closed", &s->out);
		stage_tell(s);
		stage_request_at(s, ATTEMPT_OFFERED);
	}
	s->story[0] = 0;
	session_on_lost(&s->core, &s->turn, s->offer.request, "closed again", &s->out);
	stage_tell(s);
	assert_string_equal(s->story, "ch0 FAILED app 3.9 request 7 result 8: closed again\n"
				      "ch2 CLOSE cid 1000101 at once\n");
	session_on_lost(&s->core, &s->turn, s->offer.request, "late", &s->out);
	session_on_unreachable(&s->core, &s->turn, s->offer.request, "late", &s->out);
	assert_int_equal(s->out.count, 0);
}

// What finds no room among the actions of one call goes out with a later one.
static void open__offer_without_room(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	s->out.count = SESSION_OUTPUT_MAX;
	session_on_event(&s->core, &s->turn,
		&(struct plane_event){.type = PLANE_RESERVED,
			.request = stage_request_at(s, ATTEMPT_RESERVING),
			.cid = 0x01000101},
		&s->out);
	s->out.count = 0;
	assert_true(session_next_ns(&s->core) == 0);
	stage_tick(s, 0);
	assert_non_null(strstr(s->story, "to peer b: offer files cid 1000101 "));
	stage_request_at(s, ATTEMPT_OFFERED);
}

static void open__no_answer(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	stage_tick(s, 5 * SECOND);
	assert_non_null(strstr(s->story,
		"result 9: the control process of node b did not answer the offer in time\n"
		"ch2 CLOSE cid 1000101 at once\n"));
}

static void open__hello_is_not_answered(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 8896);
	stage_event(s, PLANE_CLOSED, 0, 0x01000101, 0, "the peer's dataplane never answered");
	assert_non_null(strstr(s->story, "ch0 FAILED app 3.9 request 7 result 8: the session with "
					 "node b (10.77.1.2) did not "
					 "open: the peer's dataplane never answered\n"));
	assert_null(strstr(s->story, "CLOSE"));
	assert_int_equal(stage_attempts(s), 0);
}

static void open__answer_too_large(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_RESERVING), 0x01000101, 0, "");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 8897);
	assert_non_null(strstr(s->story,
		"result 7: the peer's answer makes no sense\nch2 CLOSE cid 1000101 at once\n"));
}

static void open__late_answers_find_nobody(void **state)
{
	struct stage *s = *state;
	uint32_t request;

	stage_wanted(s, "b", "files", 7);
	request = stage_request_at(s, ATTEMPT_RESERVING);
	stage_tick(s, 6 * SECOND);
	s->story[0] = 0;
	stage_event(s, PLANE_RESERVED, request, 0x01000101, 0, "");
	stage_accepted(s, request, 1408);
	assert_string_equal(s->story, "ch2 CLOSE cid 1000101 at once\n");
}

static void open__asked_again_by_the_dataplane(void **state)
{
	struct stage *s = *state;

	stage_wanted(s, "b", "files", 7);
	stage_wanted(s, "b", "files", 7);
	stage_wanted(s, "b", "files", 8);
	assert_string_equal(s->story, "ch2 RESERVE app 3.9\nch2 RESERVE app 3.9\n");
	assert_int_equal(stage_attempts(s), 2);
}

static void open__too_many(void **state)
{
	struct stage *s = *state;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_MAX; i++) {
		s->story[0] = 0;
		stage_wanted(s, "b", "files", i + 1);
	}
	s->story[0] = 0;
	stage_wanted(s, "b", "files", 9999);
	assert_string_equal(s->story, "ch0 FAILED app 3.9 request 9999 result 2: 256 sessions are "
				      "being set up already; try again\n");
	// More fail in one tick than one output holds: nobody is forgotten.
	for (int i = 0; i < 10 && stage_attempts(s); i++) {
		s->turn.now_ns += 10 * SECOND;
		session_on_tick(&s->core, &s->turn, &s->out);
		assert_true(s->out.count > 0 && s->out.count <= SESSION_OUTPUT_MAX);
		s->out.count = 0;
	}
	assert_int_equal(stage_attempts(s), 0);
}

static void open__command_undelivered(void **state)
{
	struct stage *s = *state;
	struct plane_command command = {.type = PLANE_RESERVE};

	stage_wanted(s, "b", "files", 7);
	command.request = stage_request_at(s, ATTEMPT_RESERVING);
	session_on_undelivered(&s->core, &s->turn, &command, "ring full", &s->out);
	stage_tell(s);
	assert_non_null(strstr(s->story, "FAILED app 3.9 request 7 result 8: ring full\n"));
	assert_int_equal(stage_attempts(s), 0);
}

static void open__by_hand(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};
	uint32_t request;

	request = session_on_admin_open(&s->core, &s->turn, &want, &s->out);
	stage_tell(s);
	stage_event(s, PLANE_RESERVED, request, 0x00000101, 0, "");
	stage_accepted(s, request, 1408);
	stage_event(s, PLANE_OPENED, request, 0x00000101, 0, "");
	assert_string_equal(s->story,
		"ch1 RESERVE app 65535.0\n"
		"to peer b: offer sluice.idle cid 101 boot b007 at "
		"10.77.1.1:7654 segment 8896 within 10000 ms\n"
		"ch1 OPEN from here cid 101 peer b 501 at 10.77.1.2:7654 link "
		"1 segment 1408 service sluice.idle app 65535 "
		"request 0 codec 0 controller 0\n"
		"report result 0 cid 101 \n");
}

static void open__by_hand_without_a_dataplane(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};

	s->tables.shared = NULL;
	assert_int_not_equal(session_on_admin_open(&s->core, &s->turn, &want, &s->out), 0);
	stage_tell(s);
	assert_string_equal(
		s->story, "report result 8 cid 0 the dataplane of this node is not running\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(open__a_life),
		STORY(open__unknown_node),
		STORY(open__worker_refuses_the_reservation),
		STORY(open__peer_refuses),
		STORY(open__encrypted),
		STORY(open__answer_with_another_cipher),
		STORY(open__peer_not_reachable),
		STORY(open__patience_ends_with_the_deadline),
		STORY(open__is_offered_again_when_the_connection_breaks),
		STORY(open__is_not_offered_for_ever),
		STORY(open__offer_without_room),
		STORY(open__no_answer),
		STORY(open__hello_is_not_answered),
		STORY(open__answer_too_large),
		STORY(open__late_answers_find_nobody),
		STORY(open__asked_again_by_the_dataplane),
		STORY(open__too_many),
		STORY(open__command_undelivered),
		STORY(open__by_hand),
		STORY(open__by_hand_without_a_dataplane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
