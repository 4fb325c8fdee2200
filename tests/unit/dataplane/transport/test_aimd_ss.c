// Slow start in front of the law: doubling, its end by a cut, and its end by a queue.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/cc.h"

#define PATH_NS 100000ull

static struct cc cc;
static uint64_t pn; // highest acknowledged

static int setup(void **state)
{
	(void)state;
	cc = (struct cc){.ops = cc_by_id(CONTROLLER_AIMD_SS)};
	assert_string_equal(cc.ops->name, "aimd-ss");
	cc.ops->init(&cc);
	pn = 0;
	return 0;
}

// One round trip: every segment of the window is acknowledged by an ACK of its own.
static void round_trip(uint64_t rtt_ns, bool limited)
{
	uint32_t window = (uint32_t)cc.cwnd;
	for (uint32_t i = 0; i < window; i++) {
		pn++;
		struct cc_ack ack = {.segments = 1,
			.limited = limited,
			.largest = pn,
			.next_pn = pn + window,
			.sample_ns = rtt_ns,
			.min_ns = PATH_NS,
			.srtt_ns = rtt_ns};
		cc.ops->on_ack(&cc, &ack);
	}
}

static void on_ack__doubles_every_round_trip(void **state)
{
	(void)state;
	for (double window = 4; window < 5000; window *= 2) {
		assert_true(cc.cwnd == window);
		round_trip(PATH_NS, true);
	}
}

static void on_ack__not_limited(void **state)
{
	(void)state;
	round_trip(PATH_NS, false);
	assert_true(cc.cwnd == 4.0);
}

static void on_loss__ends_it_for_good(void **state)
{
	(void)state;
	round_trip(PATH_NS, true);
	assert_true(cc.ops->on_loss(&cc, 3, 13, 0));
	assert_true(cc.cwnd == 4.0);
	round_trip(PATH_NS, true);
	assert_true(cc.cwnd > 4.8 && cc.cwnd < 5.0); // one segment a round trip
	cc.ops->on_timeout(&cc, 40);
	double halved = cc.cwnd;
	round_trip(PATH_NS, true);
	assert_true(cc.cwnd < halved + 1.0);
}

static void on_ack__a_standing_queue_ends_it(void **state)
{
	(void)state;
	round_trip(PATH_NS, true);
	round_trip(PATH_NS, true);
	round_trip(2 * PATH_NS, true); // a queue as long as the path is what one wants
	assert_true(cc.start.on && cc.cwnd == 32.0);
	round_trip(2 * PATH_NS + 1, true);
	assert_false(cc.start.on);
	double window = cc.cwnd;
	assert_true(window < 41.0); // by the eighth sample of that round trip
	round_trip(PATH_NS, true);
	assert_true(cc.cwnd < window + 1.0);
}

// One packet that was quick is enough: the smallest sample of a round says how long the queue is.
static void on_ack__noise_does_not(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		round_trip(PATH_NS, true);
		pn++;
		struct cc_ack quick = {
			.largest = pn, .next_pn = pn + 1, .sample_ns = PATH_NS, .min_ns = PATH_NS};
		cc.ops->on_ack(&cc, &quick);
		for (int late = 0; late < 20; late++) {
			struct cc_ack slow = {.largest = pn,
				.next_pn = pn + 1,
				.sample_ns = 50 * PATH_NS,
				.min_ns = PATH_NS};
			quick.next_pn = pn + 100;
			cc.ops->on_ack(&cc, &quick);
			cc.start.round_end = pn + 100;
			cc.ops->on_ack(&cc, &slow);
		}
	}
	assert_true(cc.start.on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(on_ack__doubles_every_round_trip, setup),
		cmocka_unit_test_setup(on_ack__not_limited, setup),
		cmocka_unit_test_setup(on_loss__ends_it_for_good, setup),
		cmocka_unit_test_setup(on_ack__a_standing_queue_ends_it, setup),
		cmocka_unit_test_setup(on_ack__noise_does_not, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
