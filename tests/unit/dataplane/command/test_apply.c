// RESERVE, OPEN, CLOSE as a worker carries them out:
// what control sees, what is refused, what comes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/worker_pair.h"

static int setup(void **state)
{
	*state = pair_new();
	return 0;
}

static int teardown(void **state)
{
	pair_free(*state); // nothing is left over
	return 0;
}

static uint32_t reserve(struct worker_pair *pair, struct pair_end *e)
{
	pair_command(e, (struct plane_command){
				.type = PLANE_RESERVE, .request = 6, .session_id = {0x5e, 0x55}});
	pair_turn(pair, e);
	return pair_expect(e, PLANE_RESERVED).cid;
}

static struct session_stats row(const struct pair_end *e, uint32_t cid)
{
	return e->tables->session[0][wire_cid_slot(cid)].stats;
}

static void expect_refused(struct pair_end *e, const char *part)
{
	struct plane_event event = pair_expect(e, PLANE_REFUSED);

	assert_int_not_equal(event.result, IPC_OK);
	if (strstr(event.text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", event.text, part);
}

// A control process that died between RESERVE and OPEN: the next one finds the row and closes it.
// The row has its id from the first: a list never shows a session that cannot be named.
static void reserve__is_in_the_tables_at_once(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	uint32_t cid = reserve(pair, a);

	assert_int_equal(row(a, cid).state, SESSION_RESERVED);
	assert_int_equal(row(a, cid).session, cid);
	assert_int_equal(row(a, cid).session_id[0], 0x5e);
	pair_command(a, (struct plane_command){.type = PLANE_CLOSE, .cid = cid});
	pair_turn(pair, a);
	assert_int_equal(pair_expect(a, PLANE_CLOSED).cid, cid);
	assert_int_equal(row(a, cid).state, SESSION_FREE);
	assert_int_equal(a->w.sessions_count, 0);
}

// Control lost the event, or died: a reservation that nobody opens goes back by itself, later than
// any attempt of control's lasts. One that was opened does not.
static void reserve__is_given_back_in_the_end(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	uint32_t forgotten = reserve(pair, a), opened = reserve(pair, a);

	pair->now_ns += PLANE_RESERVED_MS * 1000000ull - 2000000000ull;
	a->port.resolves = false;
	pair_command(a, pair_open_command(pair, a, opened, 99));
	pair_turn(pair, a);
	assert_int_equal(row(a, forgotten).state, SESSION_RESERVED);
	pair->now_ns += 4000000000ull;
	pair_turn(pair, a);
	assert_int_equal(row(a, forgotten).state, SESSION_FREE);
	assert_int_equal(row(a, opened).session, opened);
	pair_command(a, (struct plane_command){.type = PLANE_CLOSE, .cid = opened, .flags = 1});
	pair_turn(pair, a);
}

static void open__is_in_the_tables_at_once(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	uint32_t cid = reserve(pair, a);

	a->port.resolves = false; // the next hop is being asked for: not one packet has gone
	pair_command(a, pair_open_command(pair, a, cid, 99));
	pair_turn(pair, a);
	assert_int_equal(row(a, cid).state, SESSION_CONNECTING);
	assert_int_equal(row(a, cid).connect_request, 3);
	assert_int_equal(a->w.unrouted, 1);
	pair_command(a, (struct plane_command){.type = PLANE_CLOSE, .cid = cid});
	pair_turn(pair, a);
	assert_int_equal(a->w.unrouted, 0);
	assert_int_equal(pair_expect(a, PLANE_CLOSED).cid, cid);
}

// An accepting end that was reserved first, for its keys: control answers the peer when it is
// ready.
static void open__accepting_end_says_that_it_is_ready(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *b = &pair->b;
	uint32_t cid = reserve(pair, b);

	b->port.resolves = false;
	pair_command(b, pair_open_command(pair, b, cid, 99));
	pair_turn(pair, b);
	assert_int_equal(pair_expect(b, PLANE_RESERVED).cid, cid);
	assert_int_equal(row(b, cid).peer_cid, 99);
	pair_command(b, (struct plane_command){.type = PLANE_CLOSE, .cid = cid, .flags = 1});
	pair_turns(pair, 3);
	assert_int_equal(pair_expect(b, PLANE_CLOSED).cid, cid);
}

static void open__twice_is_refused_and_harms_nobody(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	pair_command(&pair->a, pair_open_command(pair, &pair->a, s.a, s.b));
	pair_turn(pair, &pair->a);
	expect_refused(&pair->a, "no such reserved connection");
	pair_send(&pair->a, s.a, 0, 5000); // the session goes on
	pair_app_expect(pair, &pair->a, APP_RX_SENT, 1000);

	uint32_t cid = reserve(pair, &pair->a); // and while it is not routed yet
	pair->a.port.resolves = false;
	pair_command(&pair->a, pair_open_command(pair, &pair->a, cid, 99));
	pair_command(&pair->a, pair_open_command(pair, &pair->a, cid, 98));
	pair_turn(pair, &pair->a);
	expect_refused(&pair->a, "no such reserved connection");
	assert_int_equal(pair->a.w.unrouted, 1);
	assert_int_equal(row(&pair->a, cid).peer_cid, 99);
	pair->a.port.resolves = true;
}

static void open__wrong_arithmetic_gives_the_reservation_back(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	struct plane_command wrong;
	static const char *const parts[] = {"link", "segment", "segment", "codec", "cipher",
		"connection id", "reachable", "controller"};

	for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		wrong = pair_open_command(pair, a, reserve(pair, a), 99);
		if (i == 0)
			wrong.port = 1;
		if (i == 1)
			wrong.segment_size = wire_segment_size(MTU_MIN) + 64;
		if (i == 2)
			wrong.segment_size = 0;
		if (i == 3)
			wrong.codec = 200;
		if (i == 4)
			wrong.cipher = 7;
		if (i == 5)
			wrong.peer_cid = 0;
		if (i == 6)
			wrong.peer_address = a->port.config.address;
		if (i == 7)
			wrong.controller = CONTROLLER_COUNT;
		pair_command(a, wrong);
		pair_turn(pair, a);
		expect_refused(a, parts[i]);
		assert_int_equal(a->w.sessions_count, 0);
		assert_int_equal(a->w.unrouted, 0);
	}
	pair_command(a, (struct plane_command){.type = 77});
	pair_turn(pair, a);
	expect_refused(a, "unknown command");
}

// Its sessions were ended when the letter came: another one would end with nobody, and hold the
// application's memory for ever.
static void reserve__refuses_an_application_that_leaves(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	a->port.room = 0; // so that it does not leave within this turn
	pair_send(a, s.a, 0, 65536);
	pair_turns(pair, 2);
	pair_mail(a, MAIL_APP_DETACH, a->app.channel);
	pair_command(a, (struct plane_command){.type = PLANE_RESERVE, .request = 8});
	pair_command(a, pair_open_command(pair, a, 0, 99));
	pair_turn(pair, a);
	expect_refused(a, "gone");
	expect_refused(a, "gone");
	a->port.room = UINT32_MAX;
	pair_turns(pair, 50);
	assert_true(a->gone);
}

static void reserve__all_of_them_and_back(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_end *a = &pair->a;
	const struct plane_command one = {
		.type = PLANE_RESERVE, .request = 1, .app = SESSION_NO_APP};
	uint32_t cids[CONNS_MAX];

	for (uint32_t i = 0; i < CONNS_MAX; i++) {
		pair_command(a, one);
		pair_turn(pair, a);
		cids[i] = pair_expect(a, PLANE_RESERVED).cid;
	}
	pair_command(a, one);
	pair_turn(pair, a);
	expect_refused(a, "as many connections");
	for (uint32_t i = 0; i < CONNS_MAX; i++) {
		pair_command(a, (struct plane_command){.type = PLANE_CLOSE, .cid = cids[i]});
		pair_turn(pair, a);
		assert_int_equal(pair_expect(a, PLANE_CLOSED).cid, cids[i]);
	}
	pair_command(a, (struct plane_command){.type = PLANE_CLOSE, .cid = cids[0]}); // stale
	pair_turn(pair, a);
	assert_int_equal(pair_event(a).type, 0);
	assert_int_equal(a->w.sessions_count, 0);
}

static void close__at_once_with_a_reason_of_nobodys(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	pair_command(
		&pair->a, (struct plane_command){
				  .type = PLANE_CLOSE, .cid = s.a, .flags = 1, .result = 4000});
	pair_turns(pair, 20);
	assert_int_equal(pair_expect(&pair->a, PLANE_CLOSED).reason, CLOSE_LOCAL);
	assert_int_equal(pair_expect(&pair->b, PLANE_CLOSED).reason, CLOSE_PEER_RESET);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(reserve__is_in_the_tables_at_once),
		CASE(reserve__is_given_back_in_the_end),
		CASE(open__is_in_the_tables_at_once),
		CASE(open__accepting_end_says_that_it_is_ready),
		CASE(open__twice_is_refused_and_harms_nobody),
		CASE(open__wrong_arithmetic_gives_the_reservation_back),
		CASE(reserve__refuses_an_application_that_leaves),
		CASE(reserve__all_of_them_and_back),
		CASE(close__at_once_with_a_reason_of_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
