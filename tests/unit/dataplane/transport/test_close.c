// The end: graceful, simultaneous, at once, corrupt, and with packets lost on the way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

static struct pair *opened(void)
{
	struct pair *p = pair_new(16);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].opened && p->side[1].opened);
	return p;
}

static void clean(struct pair *p)
{
	assert_int_equal(p->side[0].blocks_out, 0);
	assert_int_equal(p->side[1].blocks_out, 0);
	assert_true(transport_deadline(p->side[0].t) == UINT64_MAX &&
		    transport_deadline(p->side[1].t) == UINT64_MAX);
	pair_free(p);
}

static void close__delivers_first(void **state)
{
	(void)state;
	struct pair *p = opened();
	for (int i = 0; i < 10; i++)
		pair_submit(p, 0, 0, 65536);
	pair_submit(p, 1, 0, 30000); // the other direction is delivered too
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	assert_int_equal(pair_submit(p, 0, 0, 10), SUBMIT_CLOSED);
	pair_for(p, 500 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[0].reason, CLOSE_LOCAL);
	assert_int_equal(p->side[1].reason, CLOSE_PEER);
	assert_int_equal(p->side[1].delivered, 10);
	assert_int_equal(p->side[0].returned_ok, 10);
	assert_int_equal(p->side[1].returned_ok, 1);
	clean(p);
}

static void close__simultaneous(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		struct pair *p = opened();
		p->seed = seed * 99991;
		p->loss_permille = seed == 1 ? 0 : 200;
		for (int i = 0; i < 5; i++) {
			pair_submit(p, 0, 0, 20000);
			pair_submit(p, 1, 4, 20000);
		}
		for (int i = 0; i < 2; i++)
			transport_close(p->side[i].t, p->side[i].c, p->now_ns);
		// Longer than the patience of a side whose peer's FINs were all lost.
		pair_for(p, 11000 * MS);
		for (int i = 0; i < 2; i++) {
			assert_true(p->side[i].closed);
			assert_int_equal(p->side[i].reason, CLOSE_LOCAL);
			assert_int_equal(p->side[i].returned_ok, 5);
			assert_int_equal(p->side[i].delivered, 5);
		}
		clean(p);
	}
}

// The application takes its records late: CLOSED waits for that.
static void close__records_wait(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->side[1].hold = true;
	for (int i = 0; i < 5; i++)
		pair_submit(p, 0, 0, 5000);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 100 * MS);
	assert_true(p->side[0].closed && !p->side[1].closed);
	assert_int_equal(p->side[0].returned_ok, 5);
	p->side[1].hold = false;
	pair_turn(p);
	assert_true(p->side[1].closed);
	assert_int_equal(p->side[1].delivered, 5);
	clean(p);
}

// The peer's slot is gone and its last ACK was lost: a few FINs later that is enough.
static void close__last_ack_lost(void **state)
{
	(void)state;
	struct pair *p = opened();
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	while (!p->side[0].closed) {
		p->side[0].mute = p->side[0].c->peer_fin; // its ACK of the peer's FIN vanishes
		pair_for(p, 5000);
	}
	assert_false(p->side[1].closed);
	p->side[0].mute = false;
	pair_for(p, 500 * MS);
	assert_true(p->side[1].closed);
	assert_int_equal(p->side[1].reason, CLOSE_PEER);
	clean(p);
}

// The peer's application never reads: its credit ends, and the close does not wait for ever.
static void close__peer_never_ends(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->side[0].hold = true;
	p->side[0].credit_back = false;
	for (int i = 0; i < 30; i++)
		pair_submit(p, 1, 0, 65536); // credit for 16 only
	pair_for(p, 100 * MS);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 9000 * MS);
	assert_false(p->side[0].closed);
	pair_for(p, 2000 * MS);
	p->side[0].hold = false;
	pair_for(p, 100 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[0].reason, CLOSE_LOCAL);
	assert_int_equal(p->side[1].reason, CLOSE_PEER_RESET);
	assert_int_equal(p->side[0].delivered, 16); // acknowledged, so delivered
	assert_int_equal(p->side[1].returned_ok, 16);
	assert_int_equal(p->side[1].returned_failed, 14);
	clean(p);
}

static void abort__resets(void **state)
{
	(void)state;
	struct pair *p = opened();
	for (int i = 0; i < 10; i++)
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 60000); // under way
	transport_abort(p->side[0].t, p->side[0].c, CLOSE_APPLICATION, p->now_ns);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[0].reason, CLOSE_APPLICATION);
	assert_int_equal(p->side[1].reason, CLOSE_PEER_RESET);
	assert_int_equal(p->side[0].returned_ok + p->side[0].returned_failed, 10);
	assert_true(p->side[0].returned_failed > 0);
	assert_int_equal(p->side[0].sent_type[WIRE_RESET], 1);
	clean(p);
}

// The application died while records waited for it: they go back to the arena.
static void abort__application_dead(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->side[1].hold = true;
	for (int i = 0; i < 10; i++)
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 100 * MS);
	assert_int_equal(p->side[1].blocks_out, 10);
	transport_abort(p->side[1].t, p->side[1].c, CLOSE_APPLICATION, p->now_ns);
	pair_for(p, 1 * MS);
	assert_true(p->side[1].closed);
	assert_int_equal(p->side[1].delivered, 0);
	clean(p);
}

static void abort__after_close_waits(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->side[1].hold = true;
	pair_submit(p, 0, 0, 5000);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 100 * MS);
	assert_false(p->side[1].closed);
	transport_abort(p->side[1].t, p->side[1].c, CLOSE_APPLICATION, p->now_ns);
	pair_turn(p);
	assert_true(p->side[1].closed);
	assert_int_equal(p->side[1].reason, CLOSE_PEER);
	clean(p);
}

// Packets authenticate, but the block header does not describe what came.
static void data__corrupt(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_submit(p, 0, 0, 5000);
	p->side[0].forged_crc = true;
	pair_submit(p, 0, 0, 5000);
	pair_for(p, 10 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[1].reason, CLOSE_CORRUPT);
	assert_int_equal(p->side[0].reason, CLOSE_PEER_RESET);
	assert_int_equal(p->side[1].delivered, 1);
	clean(p);
}

static void close__before_open(void **state)
{
	(void)state;
	struct pair *p = pair_new(8);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 1 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[1].reason, CLOSE_PEER_RESET);
	struct conn *c = transport_reserve(p->side[0].t);
	transport_close(p->side[0].t, c, p->now_ns);
	p->side[0].closed = false;
	pair_turn(p);
	assert_true(p->side[0].closed);
	clean(p);
}

// A slot is used again and again, and nothing of the connection before shines through.
static void reopen__many(void **state)
{
	(void)state;
	struct pair *p = opened();
	for (int i = 0; i < 20; i++) {
		uint32_t before = p->side[0].returned_ok;
		p->loss_permille = 10;
		for (int k = 0; k < 10; k++)
			pair_submit(p, 0, 0, 65536);
		if (i % 3 == 2) {
			pair_for(p, 200000);
			transport_abort(p->side[0].t, p->side[0].c, CLOSE_LOCAL, p->now_ns);
		} else {
			transport_close(p->side[0].t, p->side[0].c, p->now_ns);
		}
		pair_for(p, 12000 * MS);
		assert_true(p->side[0].closed && p->side[1].closed);
		if (i % 3 != 2)
			assert_int_equal(p->side[0].returned_ok - before, 10);
		assert_int_equal(p->side[1].blocks_out, 0);
		p->loss_permille = 0;
		pair_open(p, 16);
		pair_for(p, 1 * MS);
		assert_true(p->side[0].opened && p->side[1].opened);
	}
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(close__delivers_first),
		cmocka_unit_test(close__simultaneous),
		cmocka_unit_test(close__records_wait),
		cmocka_unit_test(close__last_ack_lost),
		cmocka_unit_test(close__peer_never_ends),
		cmocka_unit_test(abort__resets),
		cmocka_unit_test(abort__application_dead),
		cmocka_unit_test(abort__after_close_waits),
		cmocka_unit_test(data__corrupt),
		cmocka_unit_test(close__before_open),
		cmocka_unit_test(reopen__many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
