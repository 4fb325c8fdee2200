// Flow control: nothing beyond what was granted, and no deadlock when updates are lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

static struct pair *opened(uint32_t credit)
{
	struct pair *p = pair_new(credit);
	pair_for(p, 1 * MS);
	return p;
}

static void credit__stops_and_goes_on(void **state)
{
	(void)state;
	struct pair *p = opened(5);
	p->side[1].hold = true;
	for (int i = 0; i < 20; i++)
		assert_int_equal(pair_submit(p, 0, 0, 1000), SUBMIT_OK);
	pair_for(p, 200 * MS);
	struct conn_stats st;
	conn_stats_get(p->side[0].c, &st);
	assert_int_equal(st.limited_by, LIMITED_CREDIT);
	assert_int_equal(
		p->side[0].returned_ok, 5); // acknowledged although not taken: they are safe
	assert_int_equal(p->side[1].blocks_out, 5);
	p->side[1].hold = false;
	pair_for(p, 1 * MS); // the update goes at once, no probe is needed
	assert_int_equal(p->side[0].returned_ok, 20);
	pair_free(p);
}

// Every packet of the receiver vanishes while it gives credit back.
static void credit__update_lost(void **state)
{
	(void)state;
	struct pair *p = opened(2);
	p->side[1].hold = true;
	for (int i = 0; i < 4; i++)
		pair_submit(p, 0, 0, 1000);
	pair_for(p, 10 * MS);
	assert_int_equal(p->side[0].returned_ok, 2);
	p->side[1].mute = true;
	p->side[1].hold = false;
	pair_for(p, 20 * MS);
	p->side[1].mute = false;
	assert_int_equal(p->side[1].delivered, 2);
	pair_for(p, 300 * MS);
	assert_int_equal(p->side[1].delivered, 4);
	assert_true(p->side[0].sent_type[WIRE_PROBE] >= 1);
	pair_free(p);
}

static void credit__probes_back_off(void **state)
{
	(void)state;
	struct pair *p = opened(1);
	p->side[1].hold = true;
	pair_submit(p, 0, 0, 1000);
	pair_submit(p, 0, 0, 1000);
	pair_for(p, 4000 * MS);
	assert_true(
		p->side[0].sent_type[WIRE_PROBE] >= 8 && p->side[0].sent_type[WIRE_PROBE] <= 20);
	pair_free(p);
}

// The stream's window, with credit to spare.
static void stream__limit(void **state)
{
	(void)state;
	struct pair *p = opened(400);
	p->side[1].hold = true;
	uint32_t n = 0;
	for (int round = 0; round < 20; round++) {
		while (pair_submit(p, 0, 1u << 2, 100) == SUBMIT_OK)
			n++;
		pair_for(p, 5 * MS);
	}
	assert_int_equal(n, 2 * RECORD_WINDOW); // 128 delivered but not taken, 128 waiting
	struct conn_stats st;
	conn_stats_get(p->side[0].c, &st);
	assert_int_equal(st.limited_by, LIMITED_STREAM);
	assert_int_equal(p->side[1].blocks_out, RECORD_WINDOW);
	pair_submit(p, 0, 2u << 2, 100); // another stream is not held up
	pair_for(p, 5 * MS);
	assert_int_equal(p->side[1].blocks_out, RECORD_WINDOW + 1);
	p->side[1].hold = false;
	pair_for(p, 20 * MS);
	assert_int_equal(p->side[1].delivered, 2 * RECORD_WINDOW + 1);
	assert_true(p->side[0].writable >= 1);
	pair_free(p);
}

// More streams than limits fit in one ACK, all blocked, all updates lost once.
static void stream__all_updated(void **state)
{
	(void)state;
	struct pair *p = opened(2000);
	p->side[1].blocks_max = 2000;
	p->side[1].hold = true;
	for (uint32_t s = 0; s < STREAMS_MAX; s++)
		for (int i = 0; i < RECORD_WINDOW; i++)
			pair_submit(p, 0, s << 2, 10);
	pair_for(p, 300 * MS);
	for (uint32_t s = 0; s < STREAMS_MAX; s++)
		assert_int_equal(pair_submit(p, 0, s << 2, 10), SUBMIT_OK);
	pair_for(p, 10 * MS);
	p->side[1].mute = true;
	p->side[1].hold = false;
	pair_for(p, 2 * MS);
	p->side[1].mute = false;
	pair_for(p, 2000 * MS);
	assert_int_equal(p->side[1].delivered, STREAMS_MAX * (RECORD_WINDOW + 1));
	pair_free(p);
}

// A sender that does not care for credit or window.
static void place__bounds(void **state)
{
	(void)state;
	struct pair *p = opened(2);
	struct pair_side *s = &p->side[1];
	struct conn_place place;
	struct wire_header h = {.type = WIRE_DATA, .pn = 50};
	for (uint32_t r = 0; r < 2; r++) {
		h.offset = wire_offset(r, 0);
		h.pn++;
		assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), VERDICT_ACCEPT);
		assert_int_equal(place.iov_count, 2);
		assert_int_equal(place.iov[0].size, 16);
		assert_int_equal(place.iov[1].size, 1392);
		assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns),
			VERDICT_ACCEPT);
	}
	h.pn++;
	h.offset = wire_offset(2, 0);
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), DROP_CREDIT);
	assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns), DROP_STATE);
	h.offset = wire_offset(1, 1408);
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), VERDICT_ACCEPT);
	assert_ptr_equal(place.iov[0].base, s->c->recv[0].slots[1].block + 1392);
	h.stream = STREAMS_MAX << 2;
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), DROP_STREAM);
	h.stream = STREAM_URGENT; // stream 0 is not urgent
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), DROP_STREAM);
	h.stream = STREAM_UNORDERED; // stream 0 is ordered
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), DROP_STREAM);
	h.stream = 0;
	h.offset = wire_offset(RECORD_WINDOW, 0);
	assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), DROP_OFFSET);
	h.offset = wire_offset(0, 0);
	assert_int_equal(
		conn_place(s->t, s->c, &h, 1408, &place), VERDICT_ACCEPT); // known: to scratch
	assert_int_equal(place.iov_count, 0);
	assert_int_equal(
		conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns), VERDICT_ACCEPT);
	assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns), DROP_REPLAY);
	assert_int_equal(s->blocks_out, 2);
	transport_abort(s->t, s->c, CLOSE_LOCAL, p->now_ns);
	assert_int_equal(s->blocks_out, 0);
	pair_free(p);
}

// Forged packets take blocks for a turn only, no more than were granted, and never the credit.
static void place__forged(void **state)
{
	(void)state;
	struct pair *p = opened(4);
	struct pair_side *s = &p->side[1];
	struct conn_place place;
	struct wire_header h = {.type = WIRE_DATA, .pn = 50};
	for (uint32_t r = 0; r < 100; r++) {
		h.offset = wire_offset(r, 0);
		enum verdict v = conn_place(s->t, s->c, &h, 1408, &place);
		assert_int_equal(v, r < 4 ? VERDICT_ACCEPT : DROP_CREDIT);
	}
	assert_int_equal(s->blocks_out, 4);
	for (uint32_t r = 0; r < 4; r++) { // true ones find the same blocks, in any order
		h.offset = wire_offset(r ^ 1, 0);
		h.pn++;
		assert_int_equal(conn_place(s->t, s->c, &h, 1408, &place), VERDICT_ACCEPT);
		assert_int_equal(conn_on_packet(s->t, s->c, &h, NULL, 1408, NULL, p->now_ns),
			VERDICT_ACCEPT);
		assert_int_equal(s->c->nplaced, 3 - r);
	}
	assert_int_equal(s->blocks_out, 4);
	transport_abort(s->t, s->c, CLOSE_LOCAL, p->now_ns);
	assert_int_equal(s->blocks_out, 0);
	pair_free(p);
}

static void place__forged_with_credit_to_spare(void **state)
{
	(void)state;
	struct pair *p = opened(300);
	struct pair_side *s = &p->side[1];
	struct conn_place place;
	struct wire_header h = {.type = WIRE_DATA, .pn = 50};
	for (uint32_t r = 0; r < 100; r++) {
		h.offset = wire_offset(r, 0);
		enum verdict v = conn_place(s->t, s->c, &h, 1408, &place);
		assert_int_equal(v, r < PLACED_MAX ? VERDICT_ACCEPT : DROP_NO_BUFFER);
	}
	transport_on_time(s->t, p->now_ns);
	assert_int_equal(s->blocks_out, 0);
	assert_true(pair_bulk(p, 0, 0, 20, 65536, 1000 * MS));
	pair_free(p);
}

// One turn with more new records than places that wait for their first segment.
static void place__many_small(void **state)
{
	(void)state;
	struct pair *p = opened(300);
	for (uint32_t s = 0; s < 2; s++)
		for (int i = 0; i < RECORD_WINDOW; i++)
			pair_submit(p, 0, s << 2, 50);
	p->side[0].c->cc.cwnd = 500;
	pair_for(p, 2 * MS);
	assert_int_equal(p->side[1].drops[DROP_NO_BUFFER], 0);
	assert_int_equal(p->side[1].delivered, 2 * RECORD_WINDOW);
	pair_free(p);
}

// The arena is empty although credit was granted: the sender tries again until it is not.
static void place__no_buffer(void **state)
{
	(void)state;
	struct pair *p = opened(4);
	p->side[1].blocks_max = 0;
	pair_submit(p, 0, 0, 5000);
	pair_for(p, 50 * MS);
	assert_true(p->side[1].drops[DROP_NO_BUFFER] > 0);
	p->side[1].blocks_max = 10;
	pair_for(p, 2000 * MS);
	assert_int_equal(p->side[0].returned_ok, 1);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credit__stops_and_goes_on),
		cmocka_unit_test(credit__update_lost),
		cmocka_unit_test(credit__probes_back_off),
		cmocka_unit_test(stream__limit),
		cmocka_unit_test(stream__all_updated),
		cmocka_unit_test(place__bounds),
		cmocka_unit_test(place__forged),
		cmocka_unit_test(place__forged_with_credit_to_spare),
		cmocka_unit_test(place__many_small),
		cmocka_unit_test(place__no_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
