// Window, loss and timers of a whole connection: the
// law's clauses as an observer of the wire sees them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "tests/unit/dataplane/transport/pair.h"

#define US 1000ull
#define MS 1000000ull

// On a path of so long each way.
static struct pair *opened_far(uint64_t delay_ns)
{
	struct pair *p = pair_new(200);
	p->delay_ns = delay_ns;
	pair_for(p, 3 * delay_ns + 1 * MS);
	return p;
}

static struct pair *opened(void)
{
	return opened_far(20 * US);
}

static struct conn_stats stats(const struct pair *p)
{
	struct conn_stats st;
	conn_stats_get(p->side[0].c, &st);
	return st;
}

// A connection that has a round trip time and no window to speak of.
static void warm(struct pair *p)
{
	assert_true(pair_bulk(p, 0, 0, 3, 1000, 100 * MS));
}

// The window grows by about one segment a round trip while it is the limit.
static void growth__one_a_round_trip(void **state)
{
	(void)state;
	struct pair *p = opened_far(1 * MS); // against which the delay of an ACK is small
	for (int i = 0; i < 100; i++)
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 20 * MS);
	double before = stats(p).cwnd_segments;
	uint64_t srtt = stats(p).srtt_ns;
	pair_for(p, 20 * srtt);
	double grown = stats(p).cwnd_segments - before;
	assert_true(grown > 18 && grown < 21);
	assert_true(srtt >= 2000 * US && srtt < 2100 * US);
	pair_free(p);
}

// (c) single small records, each acknowledged before the next: the application is the limit.
static void growth__not_when_application_limits(void **state)
{
	(void)state;
	struct pair *p = opened();
	for (int i = 0; i < 200; i++) {
		pair_submit(p, 0, 0, 100);
		pair_for(p, 1 * MS);
	}
	assert_int_equal(p->side[1].delivered, 200);
	assert_true(stats(p).cwnd_segments == 4.0);
	assert_int_equal(stats(p).limited_by, LIMITED_APP);
	pair_free(p);
}

// (c) credit is the limit
static void growth__not_when_credit_limits(void **state)
{
	(void)state;
	struct pair *p = pair_new(1);
	pair_for(p, 1 * MS);
	assert_true(pair_bulk(
		p, 0, 0, 200, 1300, 1000 * MS)); // one packet a record, one record of credit
	assert_true(stats(p).cwnd_segments == 4.0);
	pair_free(p);
}

// (b) a run of losses within one window cuts once, and is repaired without a timeout
static void loss__one_cut(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	p->side[0].c->cc.cwnd = 40;
	for (int i = 0; i < 4; i++)
		pair_submit(p, 0, 0, 65536);
	p->side[0].lose_mask = 0x7f0; // seven of the first window
	pair_for(p, 20 * MS);
	assert_int_equal(stats(p).cuts, 1);
	assert_int_equal(stats(p).timeouts, 0);
	assert_int_equal(stats(p).retransmits, 7);
	assert_int_equal(stats(p).spurious, 0);
	assert_int_equal(p->side[1].delivered, 3 + 4);
	pair_free(p);
}

// The last packet is lost: a tail probe carries it again, long before the timeout, and nothing is
// cut for the probe.
static void tail__probe(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	double before = stats(p).cwnd_segments;
	p->side[0].lose_mask = 1;
	pair_submit(p, 0, 0, 1000);
	uint64_t start = p->now_ns;
	while (p->side[1].delivered < 4)
		pair_for(p, 5 * US);
	assert_true(p->now_ns - start < 300 * US);
	assert_int_equal(stats(p).tail_probes, 1);
	assert_int_equal(stats(p).timeouts, 0);
	assert_true(stats(p).cwnd_segments == before);
	assert_true(p->side[0].last.header.flags & WIRE_ACK_NOW);
	pair_free(p);
}

// Nothing comes back at all: timeouts at 1, 2, 4 ... ms, each halving, down to one segment.
static void timeout__doubles_and_halves(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	p->side[0].c->cc.cwnd = 16;
	p->side[1].mute = true;
	pair_submit(p, 0, 0, 65536);
	pair_for(p, 3 * MS);
	assert_int_equal(stats(p).timeouts, 1); // the tail probe went first: about 1.1 ms
	assert_true(stats(p).cwnd_segments == 8.0);
	pair_for(p, 13 * MS);
	assert_int_equal(stats(p).timeouts, 4);
	assert_true(stats(p).cwnd_segments == 1.0);
	pair_for(p, 2000 * MS);
	assert_true(stats(p).cwnd_segments == 1.0);
	assert_true(stats(p).timeouts >= 10 && stats(p).timeouts <= 13);
	p->side[1].mute = false;
	pair_for(p, 1500 * MS);
	assert_int_equal(p->side[0].returned_ok, 4);
	pair_free(p);
}

// The peer gets no CPU for longer than the timer waits, and nothing is lost: it is asked with a few
// packets, not with half a window of what waits for it already; then everything goes on.
static void timeout__late_peer(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	p->side[0].c->cc.cwnd = 64;
	uint64_t delay_ns = p->delay_ns;
	p->delay_ns = 5 * MS;
	for (int i = 0; i < 4; i++)
		pair_submit(p, 0, 0, 65536);
	pair_for(p, 4 * MS);
	assert_int_equal(stats(p).timeouts, 2); // about 1.1 and 3.1 ms
	// The tail probe, and two packets for each timeout.
	assert_true(stats(p).retransmits > 0 && stats(p).retransmits <= 5);
	p->delay_ns = delay_ns;
	pair_for(p, 20 * MS);
	assert_int_equal(p->side[0].returned_ok, 3 + 4);
	pair_free(p);
}

// The turn comes late: the ACK may wait in the port, so the timer looks once more before it acts.
static void timeout__late_turn(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	p->side[1].mute = true;
	pair_submit(p, 0, 0, 1000);
	pair_turn(p);
	p->now_ns += 50 * MS;
	pair_turn(p);
	assert_int_equal(stats(p).tail_probes, 0);
	assert_int_equal(stats(p).timeouts, 0);
	p->now_ns += 50 * MS;
	pair_turn(p); // late again: now it acts
	assert_int_equal(stats(p).tail_probes, 1);
	pair_free(p);
}

// An ACK comes after its packet was given up: counted
// as spurious, the threshold widens, the cut stays.
static void spurious__widens(void **state)
{
	(void)state;
	struct pair *p = opened();
	struct conn *c = p->side[0].c;
	warm(p);
	c->cc.cwnd = 20;
	uint64_t first = c->log.next_pn;
	p->side[0].lose_mask = 1;
	pair_submit(p, 0, 0, 20000);
	pair_for(p, 10 * MS);
	assert_int_equal(stats(p).cuts, 1);
	double after = stats(p).cwnd_segments;
	struct wire_ack late = {.largest = first, .nwords = 1, .words = {1}};
	struct wire_header h = {.type = WIRE_ACK, .flags = WIRE_ACK_BLOCK, .pn = 3000};
	assert_int_equal(
		conn_on_packet(p->side[0].t, c, &h, NULL, 0, &late, p->now_ns), VERDICT_ACCEPT);
	assert_int_equal(stats(p).spurious, 1);
	assert_int_equal(c->loss.later, 6);
	assert_true(stats(p).cwnd_segments == after);
	pair_free(p);
}

// The path becomes slower than the timer: late ACKs teach it.
static void rtt__slower_path(void **state)
{
	(void)state;
	struct pair *p = opened();
	warm(p);
	p->delay_ns = 15 * MS;
	assert_true(pair_bulk(p, 0, 0, 60, 20000, 60000 * MS));
	assert_true(stats(p).srtt_ns > 20 * MS && stats(p).srtt_ns < 40 * MS);
	uint64_t timeouts = stats(p).timeouts;
	assert_true(pair_bulk(p, 0, 0, 20, 20000, 60000 * MS));
	assert_int_equal(stats(p).timeouts, timeouts);
	pair_free(p);
}

// Packets of one window are spread over the round trip.
static void pacing__spreads(void **state)
{
	(void)state;
	struct pair *p = opened_far(5 * MS);
	warm(p);
	p->side[0].c->cc.cwnd = 40;
	p->side[0].c->rtt.srtt_ns = 10 * MS;
	conn_repace(p->side[0].t, p->side[0].c, p->now_ns);
	for (int i = 0; i < 4; i++)
		pair_submit(p, 0, 0, 65536);
	uint64_t before = stats(p).data_packets_sent;
	pair_for(p, 5 * MS); // half a round trip: half a window
	uint64_t sent = stats(p).data_packets_sent - before;
	assert_true(sent >= 18 && sent <= 24);
	assert_int_equal(stats(p).limited_by, LIMITED_PACER);
	pair_free(p);
}

// The span of packet numbers is a limit of its own, and it is shown.
static void span__limits(void **state)
{
	(void)state;
	struct pair *p = pair_new(400);
	pair_for(p, 1 * MS);
	p->side[0].c->cc.cwnd = 100000;
	conn_repace(p->side[0].t, p->side[0].c, p->now_ns);
	p->side[1].mute = true;
	for (uint32_t s = 0; s < 2; s++)
		for (int i = 0; i < RECORD_WINDOW; i++)
			pair_submit(p, 0, s << 2, 65536);
	pair_for(p, 500 * US);
	assert_int_equal(stats(p).limited_by, LIMITED_PN_SPAN);
	assert_true(
		stats(p).in_flight <= IN_FLIGHT_MAX && stats(p).in_flight > IN_FLIGHT_MAX - 100);
	p->side[1].mute = false;
	pair_for(p, 3000 * MS);
	assert_int_equal(p->side[0].returned_ok, 2 * RECORD_WINDOW);
	pair_free(p);
}

// A probe that nobody answered does not hold up data for ever.
static void span__stale_probe(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->side[0].mute = true;
	conn_control(p->side[0].t, p->side[0].c, CONTROL_PROBE);
	pair_for(p, 1 * MS);
	p->side[0].mute = false;
	for (int i = 0; i < IN_FLIGHT_MAX + 100; i++) { // ACKs alone use up the packet numbers
		conn_control(p->side[0].t, p->side[0].c, CONTROL_ACK);
		pair_turn(p);
		p->now_ns += 1 * US;
	}
	pair_submit(p, 0, 0, 1000);
	pair_for(p, 1 * MS);
	assert_int_equal(p->side[0].returned_ok, 1);
	pair_free(p);
}

// FLOOR tells the receiver that holes are final.
static void floor__after_losses(void **state)
{
	(void)state;
	struct pair *p = opened();
	p->loss_permille = 20;
	assert_true(pair_bulk(p, 0, 0, 60, 65536, 60000 * MS));
	assert_true(p->side[0].sent_type[WIRE_FLOOR] > 0);
	assert_true(p->side[1].c->pns.floor > 1000);
	pair_free(p);
}

// Everything is acknowledged, so the lowest that is tracked
// comes after the FLOOR packet itself: no contradiction.
static void floor__with_nothing_tracked(void **state)
{
	(void)state;
	struct pair *p = opened();
	assert_true(pair_bulk(p, 0, 0, 4, 65536, 1000 * MS));
	pair_for(p, 10 * MS);
	assert_int_equal(p->side[0].c->in_flight, 0);
	conn_control(p->side[0].t, p->side[0].c, CONTROL_FLOOR);
	pair_for(p, 1 * MS);
	assert_true(p->side[1].c->pns.floor > 100);
	pair_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth__one_a_round_trip),
		cmocka_unit_test(growth__not_when_application_limits),
		cmocka_unit_test(growth__not_when_credit_limits),
		cmocka_unit_test(loss__one_cut),
		cmocka_unit_test(tail__probe),
		cmocka_unit_test(timeout__doubles_and_halves),
		cmocka_unit_test(timeout__late_peer),
		cmocka_unit_test(timeout__late_turn),
		cmocka_unit_test(spurious__widens),
		cmocka_unit_test(rtt__slower_path),
		cmocka_unit_test(pacing__spreads),
		cmocka_unit_test(span__limits),
		cmocka_unit_test(span__stale_probe),
		cmocka_unit_test(floor__after_losses),
		cmocka_unit_test(floor__with_nothing_tracked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
