// Stories of dataplanes that come and go, here and at the peers.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "control/cluster/session/core.h"
#include "dataplane/transport/transport.h"
#include "tests/unit/control/cluster/session/stage.h"

static_assert(CLOSE_REASON_PEER_RESTARTED == CLOSE_PEER_RESTARTED, "control has it by number");

static void gone__only_sessions_with_that_boot(void **state)
{
	struct stage *s = *state;

	stage_row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	stage_row(s, 0, 2, SESSION_OPEN, "b", 0xcafe);   // with its new dataplane
	stage_row(s, 1, 3, SESSION_OPEN, "c", 0xbeef);   // somebody else
	stage_row(s, 1, 4, SESSION_CLOSED, "b", 0xbeef); // over
	stage_row(s, 1, 5, SESSION_CONNECTING, "b", 0xbeef);
	stage_row(s, 1, 6, SESSION_OPEN, "b", 0); // not known
	stage_member(s, "b", 0, 0xbeef);
	session_on_members(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"ch1 CLOSE cid 101 at once, peer restarted\n"
		"ch2 CLOSE cid 1000501 at once, peer restarted\n"
		"log The dataplane of node b is gone: 2 sessions with it aborted.\n");
}

static void boot__another_one_ends_old_sessions(void **state)
{
	struct stage *s = *state;

	stage_row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	stage_row(s, 0, 2, SESSION_OPEN, "b", 0xbeef);
	s->shared->session[0][2].stats.opened_ns =
		s->turn.now_ns - SECOND; // younger than a ping may be late
	stage_row(s, 0, 3, SESSION_OPEN, "b", 0xcafe);
	stage_member(s, "b", 0xcafe, 0);
	session_on_members(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"ch1 CLOSE cid 101 at once, peer restarted\n"
		"log The dataplane of node b is gone: 1 session with it aborted.\n");
	// The young one is looked at once more when it is old enough.
	s->shared->session[0][1].stats.state = SESSION_CLOSED;
	s->story[0] = 0;
	stage_tick(s, SECOND);
	assert_string_equal(s->story, "");
	assert_true(session_next_ns(&s->core) < s->turn.now_ns + 3 * SECOND);
	stage_tick(s, session_next_ns(&s->core) - s->turn.now_ns);
	assert_string_equal(s->story,
		"ch1 CLOSE cid 201 at once, peer restarted\n"
		"log The dataplane of node b is gone: 1 session with it aborted.\n");
	assert_true(session_next_ns(&s->core) == UINT64_MAX);
}

// A control process that starts does not know its dataplane yet: that is no news of its death.
static void boot__not_known(void **state)
{
	struct stage *s = *state;

	stage_row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	stage_row(s, 0, 2, SESSION_OPEN, "c", 0xbeef); // nothing is known of that node at all
	stage_member(s, "b", 0, 0);
	session_on_members(&s->core, &s->turn, &s->out);
	stage_tick(s, 10 * SECOND);
	assert_string_equal(s->story, "");
}

// More than one output holds: the rest is aborted by later ones.
static void boot__many_orphans(void **state)
{
	struct stage *s = *state;
	uint32_t closed = 0;

	for (uint32_t i = 0; i < 200; i++)
		stage_row(s, 0, i, SESSION_OPEN, "b", 0xbeef);
	stage_member(s, "b", 0xcafe, 0xbeef);
	session_on_members(&s->core, &s->turn, &s->out);
	for (int round = 0; round < 4; round++) {
		for (uint32_t i = 0; i < s->out.count; i++) {
			const struct session_action *action = &s->out.actions[i];

			if (action->type != SESSION_COMMAND)
				continue;
			closed++;
			s->shared->session[0][action->command.cid >> 8 & 0xffff].stats.state =
				SESSION_CLOSED;
		}
		s->out.count = 0;
		session_on_tick(&s->core, &s->turn, &s->out);
	}
	assert_int_equal(closed, 200);
}

static void plane_up__leftover_reservations_are_closed(void **state)
{
	struct stage *s = *state;

	stage_row(s, 0, 1, SESSION_OPEN, "b", 0xbeef);
	stage_row(s, 1, 2, SESSION_RESERVED, "", 0);
	// Opened by a control process that died before it heard of it: the worker tells the
	// application, and the dataplane does not ask for it again.
	stage_row(s, 1, 3, SESSION_CONNECTING, "b", 0xbeef);
	session_on_plane_up(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story, "ch2 CLOSE cid 1000201 at once\n");
}

static void plane_down__everybody_is_told(void **state)
{
	struct stage *s = *state;
	const struct session_want want = {.node = "b"};
	struct message offer = stage_offer_from_b("files");

	stage_wanted(s, "b", "files", 7);
	session_on_admin_open(&s->core, &s->turn, &want, &s->out);
	stage_offered(s, &offer);
	s->story[0] = 0;
	s->tables.shared = NULL;
	session_on_plane_down(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"report result 8 cid 0 the dataplane went away during the set-up\n"
		"to link 42: refuse 55 result 8: the dataplane went away during the set-up\n");
	assert_int_equal(stage_attempts(s), 0);
}

static void resync__what_the_events_would_have_said(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	stage_wanted(s, "b", "files", 7);
	stage_offered(s, &offer);
	s->story[0] = 0;
	stage_row(s, 1, 2, SESSION_RESERVED, "", 0);         // of the opener
	stage_row(s, 1, 3, SESSION_CONNECTING, "b", 0xbeef); // of the acceptor, by its session id
	memcpy(s->shared->session[1][3].stats.session_id, offer.session_id, 16);
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"to peer b: offer files cid 1000201 boot b007 at 10.77.1.1:7655 segment 8896 "
		"within "
		"5000 ms\n"
		"to link 42: accept 55 cid 1000301 boot b007 port 7655 segment 1408\n");
	stage_accepted(s, stage_request_at(s, ATTEMPT_OFFERED), 1408);
	s->story[0] = 0;
	s->shared->session[1][2].stats.state = SESSION_FREE; // opened and died unheard
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"ch0 FAILED app 3.9 request 7 result 8: the session ended before it opened\n");
	assert_int_equal(stage_attempts(s), 0);
}

// An end with a cipher says RESERVED twice, and either may be lost: what it would have led to
// happens, and nothing is left at the worker.
static void resync__an_encrypted_end(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");
	struct session_stats *row = &s->shared->session[1][3].stats;

	s->config.security.cipher = CIPHER_AES_256_GCM;
	offer.cipher = CIPHER_AES_256_GCM;
	stage_offered(s, &offer);
	s->story[0] = 0;
	stage_row(s, 1, 3, SESSION_RESERVED, "", 0);
	memcpy(row->session_id, offer.session_id, sizeof(row->session_id));
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(s->story,
		"ch2 OPEN cipher 1 by the secrets of link 42, from there cid 1000301 peer b 301 at "
		"10.77.1.2:7655 link 1 segment 1408 service "
		"files app 3 request 0 codec 1 controller 2\n");
	s->story[0] = 0;
	session_on_resync(&s->core, &s->turn, &s->out); // OPEN is on its way: nothing to do
	stage_tell(s);
	assert_string_equal(s->story, "");
	row->state = SESSION_CONNECTING;
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_string_equal(
		s->story, "to link 42: accept 55 cid 1000301 boot b007 port 7655 segment 1408\n");
	assert_int_equal(stage_attempts(s), 0);
}

// The table was read between the worker's row and its event: the event is no news then.
static void resync__the_event_comes_after_all(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");
	uint32_t request;

	stage_offered(s, &offer);
	request = stage_request_at(s, ATTEMPT_ACCEPTING);
	stage_row(s, 1, 3, SESSION_CONNECTING, "b", 0xbeef);
	memcpy(s->shared->session[1][3].stats.session_id, offer.session_id, 16);
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	s->story[0] = 0;
	stage_event(s, PLANE_RESERVED, request, 0x01000301, 0, "");
	assert_string_equal(s->story, "");
}

// Two ends of one application on one worker are reserved: each attempt takes its own.
static void resync__reservations_are_not_mixed_up(void **state)
{
	struct stage *s = *state;
	struct message offer = stage_offer_from_b("files");

	s->config.security.cipher = CIPHER_AES_256_GCM;
	offer.cipher = CIPHER_AES_256_GCM;
	s->turn.random[0] = 0x77;
	stage_wanted(s, "b", "files", 7);
	stage_offered(s, &offer);
	s->story[0] = 0;
	stage_row(s, 1, 2, SESSION_RESERVED, "", 0); // of the offer
	memcpy(s->shared->session[1][2].stats.session_id, offer.session_id, 16);
	stage_row(s, 1, 3, SESSION_RESERVED, "", 0);
	s->shared->session[1][3].stats.session_id[0] = 0x77;
	stage_row(s, 1, 4, SESSION_RESERVED, "", 0); // its attempt gave up
	s->shared->session[1][4].stats.session_id[0] = 0x78;
	session_on_resync(&s->core, &s->turn, &s->out);
	stage_tell(s);
	assert_non_null(strstr(s->story, "ch2 OPEN cipher 1 by the secrets of link 42, from there "
					 "cid 1000201 "));
	assert_non_null(strstr(s->story, "to peer b: offer files cid 1000301 "));
	assert_non_null(strstr(s->story, "ch2 CLOSE cid 1000401 at once\n"));
}

static void tables__a_row_under_a_dead_writer(void **state)
{
	struct stage *s = *state;
	struct session_stats stats;
	uint32_t cursor = 0;

	stage_row(s, 0, 1, SESSION_OPEN, "b", 1);
	atomic_store(&s->shared->session[0][1].seq, 7); // odd for ever
	assert_false(tables_session(&s->tables, 0x101, &stats));
	assert_false(tables_session_next(&s->tables, &cursor, &stats));
	atomic_store(&s->shared->session[0][1].seq, 8);
	assert_true(tables_session(&s->tables, 0x101, &stats));
	assert_false(tables_session(&s->tables, 0x102, &stats));      // another generation
	assert_false(tables_session(&s->tables, 0x02000101, &stats)); // a worker that is not there
	assert_false(tables_session(&s->tables, 0x00ffff01, &stats));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(gone__only_sessions_with_that_boot),
		STORY(boot__another_one_ends_old_sessions),
		STORY(boot__not_known),
		STORY(boot__many_orphans),
		STORY(plane_up__leftover_reservations_are_closed),
		STORY(plane_down__everybody_is_told),
		STORY(resync__what_the_events_would_have_said),
		STORY(resync__an_encrypted_end),
		STORY(resync__the_event_comes_after_all),
		STORY(resync__reservations_are_not_mixed_up),
		STORY(tables__a_row_under_a_dead_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
