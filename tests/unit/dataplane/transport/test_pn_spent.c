// Packet numbers come to their end: the connection closes before, and none is used twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/dataplane/transport/pair.h"

#define MS 1000000ull

// Both are open, and side i sends its next packet as number pn[i].
static struct pair *opened_at(uint64_t pn0, uint64_t pn1)
{
	struct pair *p = pair_new(16);
	const uint64_t pn[2] = {pn0, pn1};
	pair_for(p, 1 * MS);
	assert_true(p->side[0].opened && p->side[1].opened);
	for (int i = 0; i < 2; i++)
		p->side[i].c->log.next_pn = p->side[i].c->log.lowest = pn[i];
	return p;
}

static void pn_spent__delivers_first(void **state)
{
	(void)state;
	struct pair *p = opened_at(PN_CLOSE - 20, 1000);
	p->loss_permille = 50;
	for (int i = 0; i < 12; i++)
		assert_int_equal(pair_submit(p, 0, 0, 65536), SUBMIT_OK);
	assert_int_equal(pair_submit(p, 1, 0, 65536), SUBMIT_OK);
	pair_for(p, 12000 * MS);
	assert_true(p->side[0].closed && p->side[1].closed);
	assert_int_equal(p->side[0].reason, CLOSE_PN_SPENT);
	assert_int_equal(p->side[1].reason, CLOSE_PEER);
	assert_int_equal(p->side[1].delivered, 12);
	assert_int_equal(p->side[0].returned_ok, 12);
	assert_int_equal(p->side[1].returned_ok, 1);
	pair_free(p);
}

// A connection that only acknowledges spends its packet numbers too.
static void pn_spent__of_acks(void **state)
{
	(void)state;
	struct pair *p = opened_at(1000, PN_CLOSE - 20);
	for (int i = 0; i < 12; i++)
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 1000 * MS);
	assert_int_equal(p->side[1].reason, CLOSE_PN_SPENT);
	assert_int_equal(p->side[0].reason, CLOSE_PEER);
	assert_int_equal(p->side[1].delivered, 12);
	pair_free(p);
}

static void pn_spent__of_both(void **state)
{
	(void)state;
	struct pair *p = opened_at(PN_CLOSE - 20, PN_CLOSE - 20);
	for (int i = 0; i < 12; i++) {
		pair_submit(p, 0, 0, 65536);
		pair_submit(p, 1, 0, 65536);
	}
	pair_for(p, 1000 * MS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p->side[i].reason, CLOSE_PN_SPENT);
		assert_int_equal(p->side[i].returned_ok, 12);
	}
	pair_free(p);
}

static void pn_spent__quiet_below_the_limit(void **state)
{
	(void)state;
	struct pair *p = opened_at(PN_CLOSE - 200, 1000);
	pair_submit(p, 0, 0, 65536);
	pair_for(p, 1000 * MS);
	assert_false(p->side[0].closed || p->side[1].closed);
	assert_int_equal(p->side[0].returned_ok, 1);
	pair_free(p);
}

// The peer takes nothing, so the close cannot end well: before the last number it ends at once.
static void pn_spent__stops_before_the_last(void **state)
{
	(void)state;
	struct pair *p = opened_at(PN_STOP - 20, 1000);
	p->side[1].hold = true;
	for (int i = 0; i < 30; i++) // credit for 16
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 1000 * MS);
	p->side[1].hold = false;
	pair_for(p, 1 * MS);
	assert_int_equal(p->side[0].reason, CLOSE_PN_SPENT);
	assert_int_equal(p->side[1].reason, CLOSE_PEER_RESET);
	assert_int_equal(p->side[0].returned_ok + p->side[0].returned_failed, 30);
	assert_true(p->side[1].delivered >= p->side[0].returned_ok);
	assert_int_equal(p->side[0].last.header.type, WIRE_RESET);
	assert_true(p->side[0].last.header.pn < WIRE_PN_MAX);
	pair_free(p);
}

// A slot whose connection ended so starts its next one from 1.
static void pn_spent__slot_starts_anew(void **state)
{
	(void)state;
	struct pair *p = opened_at(PN_CLOSE + 1, 1000);
	pair_for(p, 3000 * MS);
	assert_int_equal(p->side[0].reason, CLOSE_PN_SPENT);
	pair_open(p, 16);
	pair_for(p, 1 * MS);
	pair_submit(p, 0, 0, 65536);
	pair_for(p, 3000 * MS);
	assert_true(p->side[0].opened && !p->side[0].closed);
	assert_true(p->side[0].c->log.next_pn < 200);
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 1000 * MS);
	assert_int_equal(p->side[0].reason, CLOSE_LOCAL);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pn_spent__delivers_first),
		cmocka_unit_test(pn_spent__of_acks),
		cmocka_unit_test(pn_spent__of_both),
		cmocka_unit_test(pn_spent__quiet_below_the_limit),
		cmocka_unit_test(pn_spent__stops_before_the_last),
		cmocka_unit_test(pn_spent__slot_starts_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
