// More than there is room for: no buffers, a full port, an application that does not read. What is
// short is short for those who use it; what completed is delivered, everything is counted.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dataplane/worker_pair.h"

#define SESSIONS 9u
#define RECORD   65536u

// A bulk sender at a, a receiver at b, both as applications see it.
struct load {
	struct worker_pair *pair;
	struct pair_session session[SESSIONS];
	uint32_t sessions;
	uint32_t sent[SESSIONS], answered[SESSIONS]; // records of each; each has one on its way
	uint32_t received[SESSIONS];
	uint32_t slow; // this one's blocks do not come back; SESSIONS: all do
	uint32_t most; // records that each may send
};

static void load_open(struct load *load, uint32_t sessions)
{
	load->pair = pair_new();
	load->sessions = sessions;
	load->slow = SESSIONS;
	load->most = UINT32_MAX;
	for (uint32_t i = 0; i < sessions; i++)
		load->session[i] = pair_open(load->pair, CODEC_NONE);
}

static uint32_t load_find(const struct load *load, uint32_t cid)
{
	for (uint32_t i = 0; i < load->sessions; i++)
		if (load->session[i].a == cid || load->session[i].b == cid)
			return i;
	fail_msg("an event of session %u, which nobody opened", cid);
	return 0;
}

static void load_take(struct load *load)
{
	struct app_rx rx;

	while ((rx = fake_app_event(&load->pair->b.app)).type != 0) {
		uint32_t i = load_find(load, rx.session);

		assert_int_equal(rx.type, APP_RX_DATA);
		load->received[i]++;
		if (i != load->slow)
			fake_app_return(&load->pair->b.app, rx.offset, rx.session);
	}
	while ((rx = fake_app_event(&load->pair->a.app)).type != 0) {
		assert_int_equal(rx.type, APP_RX_SENT);
		assert_int_equal(rx.flags & APP_RX_FAILED, 0);
		load->answered[load_find(load, rx.session)]++;
	}
}

// Each session keeps four records going.
static void load_step(struct load *load)
{
	for (uint32_t i = 0; i < load->sessions; i++)
		for (; load->sent[i] < load->most && load->sent[i] < load->answered[i] + 4;
			load->sent[i]++)
			pair_send(&load->pair->a, load->session[i].a, 4 * i + load->sent[i] % 4,
				RECORD);
	pair_turns(load->pair, 1);
	load_take(load);
}

static bool load_done(const struct load *load)
{
	for (uint32_t i = 0; i < load->sessions; i++)
		if (load->answered[i] < load->most)
			return false;
	return true;
}

static void load_finish(struct load *load)
{
	for (uint32_t turns = 0; turns < 400000 && !load_done(load); turns++)
		load_step(load);
	for (uint32_t i = 0; i < load->sessions; i++) {
		assert_int_equal(load->answered[i], load->most);
		assert_int_equal(load->received[i], load->most);
	}
	pair_free(load->pair);
}

// The pool gives a buffer now and then. A packet without one is lost as on a link: counted, and
// sent again.
static void overload__no_packet_buffers(void **state)
{
	struct load load = {0};

	(void)state;
	load_open(&load, 4);
	load.most = 20;
	load.pair->a.port.mbufs = load.pair->b.port.mbufs = 0;
	for (uint32_t turn = 0; turn < 4000; turn++) {
		load.pair->a.port.mbufs = load.pair->b.port.mbufs = turn % 8 == 0 ? 4 : 0;
		load_step(&load);
	}
	assert_true(load.pair->a.w.counters.drops[DROP_NO_MBUF] > 0);
	assert_true(load.pair->a.w.backlog[0].count <= TX_BACKLOG_MAX);
	load.pair->a.port.mbufs = load.pair->b.port.mbufs = UINT32_MAX;
	load_finish(&load);
}

// The port takes a packet a turn. That is back-pressure: nothing is lost, nothing is sent again
// because of it, and every session has its turn.
static void overload__port_full(void **state)
{
	struct load load = {0};
	struct conn_stats stats;
	uint32_t least = UINT32_MAX, most = 0;

	(void)state;
	load_open(&load, 4);
	load.most = 40;
	for (uint32_t turn = 0; turn < 6000; turn++) {
		load.pair->a.port.room = 1;
		load_step(&load);
	}
	for (uint32_t i = 0; i < 4; i++) {
		least = load.received[i] < least ? load.received[i] : least;
		most = load.received[i] > most ? load.received[i] : most;
		conn_stats_get(session_of(&load.pair->a.w, load.session[i].a)->conn, &stats);
		assert_int_equal(stats.timeouts, 0);
	}
	assert_true(load.pair->a.port.counters.tx_refused > 0);
	assert_int_equal(load.pair->a.w.counters.drops[DROP_TX_BACKLOG], 0);
	assert_true(least > 0 && most - least <= 2 + most / 10);
	load.pair->a.port.room = UINT32_MAX;
	load_finish(&load);
}

// Records that eight sessions receive in so many turns, beside a ninth whose application keeps its
// buffers or does not.
static uint32_t eight(uint32_t slow, uint32_t *ninth)
{
	struct load load = {0};
	uint32_t sum = 0;

	load_open(&load, SESSIONS);
	load.slow = slow;
	for (uint32_t turn = 0; turn < 3000; turn++)
		load_step(&load);
	for (uint32_t i = 1; i < SESSIONS; i++) {
		assert_true(load.received[i] > 0);
		sum += load.received[i];
	}
	*ninth = load.received[0];
	for (uint32_t v = 1; v < DROP_COUNT; v++)
		assert_int_equal(load.pair->b.w.counters.drops[v], 0);
	pair_free(load.pair);
	return sum;
}

static void overload__a_receiver_that_does_not_read(void **state)
{
	uint32_t ninth_reading, ninth_slow;
	uint32_t beside_reading = eight(SESSIONS, &ninth_reading);
	uint32_t beside_slow = eight(0, &ninth_slow);

	(void)state;
	assert_true(ninth_slow < ninth_reading);    // its credit ended
	assert_true(beside_slow >= beside_reading); // and nobody else had less
}

// Sessions beyond what an application's buffers allow are refused and counted; those that are there
// go on.
static void overload__more_sessions_than_buffers(void **state)
{
	struct load load = {0};
	struct pair_end *a;
	uint32_t opened = 0;

	(void)state;
	load_open(&load, 1);
	load.most = 10;
	a = &load.pair->a;
	for (; opened < APP_SESSIONS_MAX; opened++) {
		struct plane_event event;

		pair_command(a, (struct plane_command){.type = PLANE_RESERVE, .request = 9});
		pair_turn(load.pair, a);
		event = pair_event(a);
		if (event.type == PLANE_REFUSED)
			break;
		assert_int_equal(event.type, PLANE_RESERVED);
	}
	assert_in_range(opened, 8, APP_SESSIONS_MAX - 1);
	assert_int_equal(a->w.counters.sessions_refused, 1);
	for (uint32_t turns = 0; turns < 20000 && !load_done(&load); turns++)
		load_step(&load);
	assert_int_equal(load.received[0], 10);
	pair_mail(a, MAIL_APP_DETACH, a->app.channel);
	pair_turns(load.pair, 100);
	pair_free(load.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overload__no_packet_buffers),
		cmocka_unit_test(overload__port_full),
		cmocka_unit_test(overload__a_receiver_that_does_not_read),
		cmocka_unit_test(overload__more_sessions_than_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
