// Quiet connections: keep-alive, idle timeout, hints
// that the peer forgot us; and nothing to do when idle.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define US 1000ull
#define MS 1000000ull

static struct pair *opened(void)
{
	struct pair *p = pair_new(16);
	pair_for(p, 1 * MS);
	return p;
}

static void keepalive__holds(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_for(p, 60000 * MS);
	assert_false(p->side[0].closed || p->side[1].closed);
	uint32_t probes = p->side[0].sent_type[WIRE_PROBE] + p->side[1].sent_type[WIRE_PROBE];
	assert_true(probes >= 55 && probes <= 125);
	assert_true(p->side[0].c->cc.cwnd == 4.0);
	assert_true(pair_bulk(p, 0, 0, 5, 65536, 100 * MS));
	pair_free(p);
}

static void idle__costs_nothing(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_for(p, 10 * MS);
	struct send_packet out[4];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(transport_send(p->side[i].t, out, 4, p->now_ns), 0);
		assert_true(transport_deadline(p->side[i].t) >= p->now_ns + 900 * MS);
		assert_true(list_empty(&p->side[i].t->data) && list_empty(&p->side[i].t->control));
	}
	pair_free(p);
}

static void idle__timeout(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_submit(p, 1, 0, 100);
	p->side[0].mute = p->side[1].mute = true;
	pair_for(p, 9900 * MS);
	assert_false(p->side[0].closed || p->side[1].closed);
	pair_for(p, 300 * MS);
	for (int i = 0; i < 2; i++) {
		assert_true(p->side[i].closed);
		assert_int_equal(p->side[i].reason, CLOSE_TIMEOUT);
	}
	assert_int_equal(p->side[1].returned_failed, 1);
	pair_free(p);
}

// A forged hint: the peer is there, answers the probe, and nothing happens.
static void hint__forged(void **state)
{
	(void)state;
	struct pair *p = opened();
	uint32_t probes = p->side[0].sent_type[WIRE_PROBE];
	for (int i = 0; i < 100; i++) {
		transport_on_reset_hint(p->side[0].t, conn_peer_cid(p->side[0].c), p->now_ns);
		transport_on_reset_hint(p->side[0].t, conn_peer_cid(p->side[0].c) + 1, p->now_ns);
		pair_for(p, 10 * US);
	}
	assert_true(p->side[0].sent_type[WIRE_PROBE] > probes);
	assert_true(p->side[0].sent_type[WIRE_PROBE] <= probes + 30); // one a round trip at most
	pair_for(p, 1000 * MS);
	assert_false(p->side[0].closed);
	pair_free(p);
}

static void hint__peer_restarted(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_submit(p, 0, 0, 65536);
	p->side[1].mute = true;
	pair_for(p, 5 * MS);
	uint64_t start = p->now_ns;
	transport_on_reset_hint(p->side[0].t, conn_peer_cid(p->side[0].c), p->now_ns);
	pair_for(p, 140 * MS); // three more probes at 50 ms each
	assert_false(p->side[0].closed);
	pair_for(p, 100 * MS);
	assert_true(p->side[0].closed && p->now_ns - start < 300 * MS);
	assert_int_equal(p->side[0].reason, CLOSE_PEER_RESTARTED);
	assert_int_equal(p->side[0].returned_failed, 1);
	assert_int_equal(p->side[0].sent_type[WIRE_RESET], 0);
	pair_free(p);
}

// All data is acknowledged, FIN is on its way, the peer
// has forgotten the connection: that is a good end.
static void hint__while_closing(void **state)
{
	(void)state;
	struct pair *p = opened();
	pair_submit(p, 0, 0, 65536);
	pair_for(p, 10 * MS);
	p->side[1].mute = true;
	transport_close(p->side[0].t, p->side[0].c, p->now_ns);
	pair_for(p, 5 * MS);
	transport_on_reset_hint(p->side[0].t, conn_peer_cid(p->side[0].c), p->now_ns);
	pair_for(p, 500 * MS);
	assert_true(p->side[0].closed);
	assert_int_equal(p->side[0].reason, CLOSE_LOCAL);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keepalive__holds),
		cmocka_unit_test(idle__costs_nothing),
		cmocka_unit_test(idle__timeout),
		cmocka_unit_test(hint__forged),
		cmocka_unit_test(hint__peer_restarted),
		cmocka_unit_test(hint__while_closing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
