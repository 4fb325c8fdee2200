// Stories of accepting: a peer offers a session.
#include <stdio.h>
#include <string.h>

#include "lib/ipc/door.h"
#include "tests/unit/control/cluster/session/stage.h"

static void accept__a_life(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	stage_offered(s, &offer);
	stage_event(s, PLANE_RESERVED, stage_request_at(s, ATTEMPT_ACCEPTING), 0x01000201, 0, "");
	assert_string_equal(s->story,
		"ch2 OPEN from there cid 0 peer b 301 at 10.77.1.2:7655 link 1 segment 1408 "
		"service "
		"files app 3 request 0 codec 1 controller 2\n"
		"to link 42: accept 55 cid 1000201 boot b007 port 7655 segment 1408\n");
	assert_int_equal(stage_attempts(s), 0);
}

// The keys are made of both connection ids: ours is reserved first, and the peer hears only when
// our end is ready.
static void accept__encrypted(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");
	uint32_t request;

	s->config.security.cipher = CIPHER_AES_256_GCM;
	offer.cipher = CIPHER_AES_256_GCM;
	stage_offered(s, &offer);
	request = stage_request_at(s, ATTEMPT_ACCEPTING);
	stage_event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	assert_string_equal(s->story,
		"ch2 RESERVE app 3.9\n"
		"ch2 OPEN cipher 1 by the secrets of link 42, from there cid 1000201 peer b 301 at "
		"10.77.1.2:7655 link 1 segment 1408 service "
		"files app 3 request 0 codec 1 controller 2\n");
	s->story[0] = 0;
	stage_event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	assert_string_equal(
		s->story, "to link 42: accept 55 cid 1000201 boot b007 port 7655 segment 1408\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void accept__encrypted_end_is_refused(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");
	uint32_t request;

	s->config.security.cipher = CIPHER_AES_256_GCM;
	offer.cipher = CIPHER_AES_256_GCM;
	stage_offered(s, &offer);
	request = stage_request_at(s, ATTEMPT_ACCEPTING);
	stage_event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	s->story[0] = 0;
	stage_event(s, PLANE_REFUSED, request, 0, IPC_INVALID, "this build does not have it");
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 10: this build does not have it\n"
		"ch2 CLOSE cid 1000201 at once\n");
	assert_int_equal(stage_attempts(s), 0);
}

// Nobody is talked into less than its configuration says, nor into more than it can.
static void accept__another_cipher(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	offer.cipher = CIPHER_AES_128_GCM;
	stage_offered(s, &offer);
	s->config.security.cipher = CIPHER_AES_256_GCM;
	stage_offered(s, &offer);
	offer.cipher = CIPHER_NULL;
	stage_offered(s, &offer);
	offer.cipher = 200;
	stage_offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 7: node a has the cipher null, and node b wants "
		"aes-128-gcm; write the same security.cipher on both\n"
		"to link 42: refuse 55 result 7: node a has the cipher aes-256-gcm, and node b "
		"wants aes-128-gcm; write the same security.cipher on both\n"
		"to link 42: refuse 55 result 7: node a has the cipher aes-256-gcm, and node b "
		"wants null; write the same security.cipher on both\n"
		"to link 42: refuse 55 result 7: node a has the cipher aes-256-gcm, and node b "
		"wants unknown; write the same security.cipher on both\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void accept__segment_is_the_smaller(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	offer.segment_size = 9999;
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "segment 8896"));
}

static void accept__a_controller_that_is_not_here(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	offer.controller = CONTROLLER_COUNT;
	stage_offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 10: node a does not have the congestion controller "
		"number 3; ask for aimd\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void accept__nobody_listens(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("chat");

	stage_offered(s, &offer);
	s->shared->listener[0].app_generation = 8; // the row of an application that left
	offer = stage_offer_from_b("files");
	stage_offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 5: no application on node a listens for 'chat'\n"
		"to link 42: refuse 55 result 5: no application on node a listens for 'files'; "
		"start one with: sluice serve "
		"--dir DIR\n");
	assert_int_equal(stage_attempts(s), 0);
}

// Attachments of one application, one to each worker: the one with the fewest sessions, and then
// the one of the opener's worker.
static void accept__shared_listeners_take_turns(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	s->shared->app[5] = (struct plane_app){.pid = 100, .generation = 2, .worker = 0};
	s->shared->listener[0].flags = DOOR_LISTEN_SHARED;
	s->shared->listener[9] = (struct plane_listener){
		.app = 5, .app_generation = 2, .service = "files", .flags = DOOR_LISTEN_SHARED};
	offer.cid = 0x00000301; // of worker 0
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
	s->story[0] = 0;
	stage_offered(s, &offer); // the first is still on its way
	assert_non_null(strstr(s->story, "ch2 OPEN"));
	s->story[0] = 0;
	offer.cid = 0x01000301;
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch2 OPEN"));
	s->story[0] = 0;
	s->shared->session[0][3].stats =
		(struct session_stats){.session = 0x00000301, .state = SESSION_OPEN, .app = 5};
	s->shared->session[0][4].stats =
		(struct session_stats){.session = 0x00000401, .state = SESSION_OPEN, .app = 5};
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch2 OPEN"));
}

static void accept__ordinary_before_fallback(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	s->shared->listener[0].flags = DOOR_LISTEN_FALLBACK;
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "app 3 "));
	s->shared->app[5] = (struct plane_app){.pid = 101, .generation = 2, .worker = 0};
	s->shared->listener[9] =
		(struct plane_listener){.app = 5, .app_generation = 2, .service = "files"};
	s->shared->app[6] = (struct plane_app){.pid = 102, .generation = 1, .worker = 0};
	s->shared->listener[11] = (struct plane_listener){
		.app = 6, .app_generation = 1, .service = "files", .flags = DOOR_LISTEN_FALLBACK};
	s->story[0] = 0;
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
	assert_non_null(strstr(s->story, "app 5 "));
}

static void accept__idle_needs_no_listener(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b(SESSION_SERVICE_IDLE);

	stage_offered(s, &offer);
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
	assert_non_null(strstr(s->story, "ch2 OPEN")); // spread over the workers
	assert_non_null(strstr(s->story, "app 65535 "));
}

// One peer cannot take every place: others are still accepted.
static void accept__a_share_of_the_places(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files"), other = offer;

	for (uint32_t i = 0; i < SESSION_ATTEMPTS_PEER_MAX; i++) {
		s->story[0] = 0;
		stage_offered(s, &offer);
		assert_non_null(strstr(s->story, "ch2 OPEN"));
	}
	s->story[0] = 0;
	stage_offered(s, &offer);
	assert_string_equal(s->story, "to link 42: refuse 55 result 2: node a sets up 64 sessions "
				      "with this peer already; try again\n");
	s->story[0] = 0;
	other.address = address_from_ipv4(0x0a4d0202);
	session_on_offer(&s->core, &s->turn, "c", 43, &other, &s->out);
	stage_tell(s);
	assert_non_null(strstr(s->story, "ch2 OPEN"));
	s->story[0] = 0;
	stage_event(s, PLANE_RESERVED, s->core.attempts[0].request, 0x01000201, 0, "");
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch2 OPEN"));
}

// Sessions without an application: a peer holds a quarter of a worker at most.
static void accept__a_share_of_idle_sessions(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b(SESSION_SERVICE_IDLE);

	for (uint32_t i = 0; i < SESSION_IDLE_PEER_MAX + 1; i++) {
		stage_row(s, 0, i, SESSION_OPEN, i ? "b" : "c", 0xbeef);
		s->shared->session[0][i].stats.app = SESSION_APP_NONE;
	}
	stage_row(s, 0, 900, SESSION_OPEN, "b", 0xbeef); // of an application: not counted
	stage_offered(s, &offer);                        // at worker 0
	assert_string_equal(s->story, "to link 42: refuse 55 result 2: node a holds 256 sessions "
				      "of 'sluice.idle' with node b; close some first\n");
	assert_int_equal(stage_attempts(s), 0);
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch2 OPEN"));
	s->shared->session[0][5].stats.initiator = 1; // ours
	stage_offered(s, &offer);
	assert_non_null(strstr(s->story, "ch1 OPEN"));
}

static void accept__refusals(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	offer.address = address_from_ipv4(0x0a4d0109);
	stage_offered(s, &offer);
	offer = stage_offer_from_b("files");
	offer.cid = 0;
	stage_offered(s, &offer);
	offer = stage_offer_from_b("files");
	s->tables.shared = NULL;
	stage_offered(s, &offer);
	assert_string_equal(s->story,
		"to link 42: refuse 55 result 7: node a knows node b at 10.77.1.2, but the offer "
		"says 10.77.1.9; check "
		"peers[].address\n"
		"to link 42: refuse 55 result 10: the offer lacks a connection id, a port, a size "
		"or a service\n"
		"to link 42: refuse 55 result 8: the dataplane of node a is not running\n");
}

static void accept__worker_refuses(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	stage_offered(s, &offer);
	stage_event(s, PLANE_REFUSED, stage_request_at(s, ATTEMPT_ACCEPTING), 0, IPC_REFUSED_FULL,
		"no room");
	assert_non_null(strstr(s->story, "to link 42: refuse 55 result 2: no room\n"));
}

static void accept__opener_hangs_up(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");
	uint32_t request;

	stage_offered(s, &offer);
	request = stage_request_at(s, ATTEMPT_ACCEPTING);
	session_on_link_down(&s->core, &s->turn, 42, &s->out);
	s->story[0] = 0;
	stage_event(s, PLANE_RESERVED, request, 0x01000201, 0, "");
	assert_string_equal(s->story, "ch2 CLOSE cid 1000201 at once\n");
}

static void accept__worker_is_silent(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	stage_offered(s, &offer); // the opener waits 4 s
	stage_tick(s, 3 * SECOND);
	assert_non_null(strstr(s->story, "to link 42: refuse 55 result 9: the dataplane of node a "
					 "did not answer its control "
					 "process in time\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(accept__a_life),
		STORY(accept__encrypted),
		STORY(accept__encrypted_end_is_refused),
		STORY(accept__another_cipher),
		STORY(accept__segment_is_the_smaller),
		STORY(accept__a_controller_that_is_not_here),
		STORY(accept__nobody_listens),
		STORY(accept__shared_listeners_take_turns),
		STORY(accept__ordinary_before_fallback),
		STORY(accept__idle_needs_no_listener),
		STORY(accept__a_share_of_the_places),
		STORY(accept__a_share_of_idle_sessions),
		STORY(accept__refusals),
		STORY(accept__worker_refuses),
		STORY(accept__opener_hangs_up),
		STORY(accept__worker_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
