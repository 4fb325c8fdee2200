// Packets that a port has not taken: order, back-pressure,
// a port that is stuck or down, and no buffer lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "dataplane/port/mbuf.h"
#include "dataplane/worker.h"
#include "lib/base/bytes.h"
#include "tests/unit/dataplane/fake_port.h"

// Of backlog.c.
#define STALL_NS      1000000000ull
#define HOLDS_BACK_NS 20000000ull

struct fixture {
	struct worker w;
	struct port port[2], sink; // both give to the sink
	struct port *ports[2];
	uint32_t next; // number of the next packet
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->w.ports = 2;
	f->w.port = f->ports;
	f->w.backlog = calloc(2, sizeof(*f->w.backlog));
	fake_port_init(&f->sink, NULL, 9);
	for (uint32_t i = 0; i < 2; i++) {
		f->ports[i] = &f->port[i];
		fake_port_init(&f->port[i], &f->sink, i + 1);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fake_port_fini(&f->sink);
	assert_int_equal(fake_mbufs(), 0);
	free(f->w.backlog);
	free(f);
	return 0;
}

static void add(struct fixture *f, uint16_t port, uint32_t packets)
{
	for (uint32_t i = 0; i < packets; i++) {
		struct rte_mbuf *mbuf = port_mbuf_get(&f->port[port], 0);

		mbuf->data_len = NET_HEADERS_SIZE + 4;
		be32_put(mbuf_header(mbuf), f->next++);
		backlog_add(&f->w, port, mbuf);
	}
}

// The sink has got packets `first` to `last`, in order; takes them.
static void expect(struct fixture *f, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++) {
		struct rte_mbuf *mbuf = f->sink.queue[f->sink.head++ % FAKE_QUEUE];

		assert_true(f->sink.count-- > 0);
		assert_int_equal(be32_get(mbuf_header(mbuf)), i);
		port_mbuf_put(mbuf);
	}
	assert_int_equal(f->sink.count, 0);
}

static uint64_t dropped(const struct fixture *f)
{
	return f->w.counters.drops[DROP_TX_BACKLOG];
}

static void backlog_flush__keeps_the_order_of_what_is_refused(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 10);
	f->port[0].room = 3;
	assert_int_equal(backlog_flush(&f->w, 1), 3);
	expect(f, 0, 2);
	assert_int_equal(backlog_flush(&f->w, 2), 0); // refused: it waits
	add(f, 0, 1);
	f->port[0].room = UINT32_MAX;
	assert_int_equal(backlog_flush(&f->w, 3), 8);
	expect(f, 3, 10);
	assert_int_equal(f->w.backlog[0].count, 0);
	assert_int_equal(dropped(f), 0);
}

// The array is a ring: what stands on both sides of its end goes out in one flush, in order.
static void backlog_flush__around_the_end(void **state)
{
	struct fixture *f = *state;

	add(f, 0, TX_BACKLOG_MAX - 5);
	backlog_flush(&f->w, 1);
	expect(f, 0, TX_BACKLOG_MAX - 6);
	add(f, 0, 20);
	f->port[0].asked = 0;
	assert_int_equal(backlog_flush(&f->w, 2), 20);
	assert_int_equal(f->port[0].asked, 2);
	expect(f, TX_BACKLOG_MAX - 5, TX_BACKLOG_MAX + 14);
}

// Refused within the first of two pieces: the second must not overtake.
static void backlog_flush__around_the_end_refused(void **state)
{
	struct fixture *f = *state;

	add(f, 0, TX_BACKLOG_MAX - 5);
	backlog_flush(&f->w, 1);
	expect(f, 0, TX_BACKLOG_MAX - 6);
	add(f, 0, 20);
	f->port[0].room = 4;
	assert_int_equal(backlog_flush(&f->w, 2), 4);
	f->port[0].room = UINT32_MAX;
	assert_int_equal(backlog_flush(&f->w, 3), 16);
	expect(f, TX_BACKLOG_MAX - 5, TX_BACKLOG_MAX + 14);
}

static void backlog_add__full_drops_the_newest_and_counts(void **state)
{
	struct fixture *f = *state;

	f->port[0].room = 0;
	assert_true(backlog_room(&f->w));
	add(f, 0, TX_BACKLOG_MAX - BURST);
	assert_true(backlog_room(&f->w)); // exactly one burst more
	add(f, 0, BURST);
	assert_false(backlog_room(&f->w));
	assert_int_equal(dropped(f), 0);
	add(f, 0, 3);
	assert_int_equal(dropped(f), 3);
	f->port[0].room = UINT32_MAX;
	backlog_flush(&f->w, 1);
	expect(f, 0, TX_BACKLOG_MAX - 1);
}

// Full, so that no other port's packets are built either: 20 ms are enough.
static void backlog_flush__a_stuck_port_does_not_hold_back_others(void **state)
{
	struct fixture *f = *state;
	uint64_t start = 5 * STALL_NS;

	backlog_flush(&f->w, start); // empty: its patience starts here
	f->port[0].room = 0;
	add(f, 0, TX_BACKLOG_MAX);
	add(f, 1, 1);
	assert_int_equal(backlog_flush(&f->w, start + 1), 1); // the other port goes on
	expect(f, TX_BACKLOG_MAX, TX_BACKLOG_MAX);
	backlog_flush(&f->w, start + HOLDS_BACK_NS);
	assert_int_equal(f->w.backlog[0].count, TX_BACKLOG_MAX);
	backlog_flush(&f->w, start + HOLDS_BACK_NS + 1);
	assert_int_equal(f->w.backlog[0].count, 0);
	assert_int_equal(dropped(f), TX_BACKLOG_MAX);
	f->port[0].room = UINT32_MAX; // and once it takes again, everything is as before
	add(f, 0, 2);
	assert_int_equal(backlog_flush(&f->w, start + HOLDS_BACK_NS + 2), 2);
	expect(f, TX_BACKLOG_MAX + 1, TX_BACKLOG_MAX + 2);
}

// Nobody is held back: a peer without a CPU is waited for, and nothing is lost.
static void backlog_flush__a_late_peer_is_waited_for(void **state)
{
	struct fixture *f = *state;
	uint64_t start = 5 * STALL_NS;

	for (uint16_t ports = 1; ports <= 2; ports++) {
		uint32_t count = ports == 1 ? TX_BACKLOG_MAX : TX_BACKLOG_MAX - BURST;

		f->w.ports = ports;
		backlog_flush(&f->w, start);
		f->port[0].room = 0;
		add(f, 0, count);
		backlog_flush(&f->w, start + STALL_NS);
		assert_int_equal(f->w.backlog[0].count, count);
		assert_int_equal(dropped(f), 0);
		f->port[0].room = UINT32_MAX;
		assert_int_equal(backlog_flush(&f->w, start + STALL_NS), count);
		expect(f, f->next - count, f->next - 1);
	}
}

// But not for ever: connections wait for their last packets to go before they end.
static void backlog_flush__a_stuck_port_is_given_up(void **state)
{
	struct fixture *f = *state;

	backlog_flush(&f->w, 5 * STALL_NS);
	f->port[0].room = 0;
	add(f, 0, 40);
	backlog_flush(&f->w, 6 * STALL_NS + 1);
	assert_int_equal(f->w.backlog[0].count, 0);
	assert_int_equal(dropped(f), 40);
}

// A port that takes little by little is slow, not stuck.
static void backlog_flush__progress_starts_the_patience_anew(void **state)
{
	struct fixture *f = *state;
	uint64_t now = 5 * STALL_NS;

	backlog_flush(&f->w, now);
	add(f, 0, 10);
	for (int i = 0; i < 5; i++) {
		f->port[0].room = 1;
		now += STALL_NS;
		assert_int_equal(backlog_flush(&f->w, now), 1);
	}
	expect(f, 0, 4);
	assert_int_equal(dropped(f), 0);
	f->port[0].room = UINT32_MAX;
	backlog_flush(&f->w, now + 1);
	expect(f, 5, 9);
}

static void backlog_flush__a_link_that_is_down_keeps_nothing(void **state)
{
	struct fixture *f = *state;

	backlog_flush(&f->w, 1);
	f->port[0].up = false;
	add(f, 0, 7);
	backlog_flush(&f->w, 2);
	assert_int_equal(dropped(f), 7);
	assert_int_equal(f->w.backlog[0].count, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(backlog_flush__keeps_the_order_of_what_is_refused),
		CASE(backlog_flush__around_the_end),
		CASE(backlog_flush__around_the_end_refused),
		CASE(backlog_add__full_drops_the_newest_and_counts),
		CASE(backlog_flush__a_stuck_port_does_not_hold_back_others),
		CASE(backlog_flush__a_late_peer_is_waited_for),
		CASE(backlog_flush__a_stuck_port_is_given_up),
		CASE(backlog_flush__progress_starts_the_patience_anew),
		CASE(backlog_flush__a_link_that_is_down_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
