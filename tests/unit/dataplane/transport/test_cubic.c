// CUBIC against the figures of RFC 9438: the curve, both its regions, cuts, timeouts, pauses.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/cc.h"

#define MS 1000000ull

static struct cc cc;
static uint64_t now_ns, pn;

static int setup(void **state)
{
	(void)state;
	cc = (struct cc){.ops = cc_by_id(CONTROLLER_CUBIC)};
	assert_string_equal(cc.ops->name, "cubic");
	cc.ops->init(&cc);
	now_ns = 1000 * MS;
	pn = 1000;
	return 0;
}

static void acked(uint32_t segments, bool limited, uint64_t rtt_ns)
{
	pn += segments;
	struct cc_ack ack = {.segments = segments,
		.limited = limited,
		.largest = pn,
		.next_pn = pn + (uint64_t)cc.cwnd,
		.sample_ns = rtt_ns,
		.min_ns = rtt_ns,
		.srtt_ns = rtt_ns,
		.now_ns = now_ns};
	cc.ops->on_ack(&cc, &ack);
}

// One round trip in ten ACKs.
static void round_trip(uint64_t rtt_ns)
{
	uint32_t window = (uint32_t)cc.cwnd;
	for (uint32_t i = 0; i < 10; i++) {
		now_ns += rtt_ns / 10;
		acked(window * (i + 1) / 10 - window * i / 10, true, rtt_ns);
	}
}

static void cut_at(double window)
{
	cc.cwnd = window;
	assert_true(cc.ops->on_loss(&cc, pn + 1, pn + 2, now_ns));
	pn += 2;
}

static void on_ack__slow_start_first(void **state)
{
	(void)state;
	assert_true(cc.cwnd == 4.0);
	acked(4, true, MS);
	assert_true(cc.cwnd == 8.0);
	acked(8, false, MS);
	assert_true(cc.cwnd == 8.0);
}

// K = cbrt(30 / 0.4) = 4.217 s after a cut at 100 the window is back there; 2 K after the cut the
// curve has risen by as much as it lay below: 130.
static void on_ack__the_curve(void **state)
{
	(void)state;
	cut_at(100);
	assert_true(fabs(cc.cwnd - 70) < 1e-9);
	assert_true(fabs(cc.cubic.k - cbrt(75)) < 1e-9);
	uint64_t begin_ns = now_ns;
	double before = cc.cwnd, growth = 0;
	while (now_ns < begin_ns + 4217 * MS) {
		round_trip(100 * MS);
		growth = cc.cwnd - before;
		before = cc.cwnd;
	}
	assert_true(fabs(cc.cwnd - 100) < 1.0);
	assert_true(growth < 0.1); // flat where the loss was
	while (now_ns < begin_ns + 2 * 4217 * MS)
		round_trip(100 * MS);
	assert_true(fabs(cc.cwnd - 130) < 3.0);
}

// Where the round trip is short CUBIC grows like Reno with its own decrease: 0.529 segments a round
// trip up to the old window, one a round trip from there.
static void on_ack__reno_friendly(void **state)
{
	(void)state;
	cut_at(20);
	for (int i = 0; i < 10; i++)
		round_trip(1 * MS);
	assert_true(fabs(cc.cwnd - (14 + 10 * 0.529)) < 0.4);
	for (int i = 0; i < 3; i++)
		round_trip(1 * MS);
	double before = cc.cwnd;
	assert_true(before > 20);
	for (int i = 0; i < 10; i++)
		round_trip(1 * MS);
	assert_true(fabs(cc.cwnd - before - 10) < 0.8);
}

static void on_ack__half_as_much_again_at_most(void **state)
{
	(void)state;
	cut_at(10000);
	cc.cubic.stage_ns = 60ull * 1000 * MS; // far out on the curve
	double before = cc.cwnd;
	round_trip(10 * MS);
	assert_true(cc.cwnd > before && cc.cwnd < 1.7 * before);
}

static void on_loss__once_an_event(void **state)
{
	(void)state;
	cc.cwnd = 50;
	assert_true(cc.ops->on_loss(&cc, 990, 1000, now_ns));
	assert_true(cc.cwnd == 35.0);
	assert_false(cc.ops->on_loss(&cc, 999, 1040, now_ns));
	assert_true(cc.cwnd == 35.0);
	assert_true(cc.ops->on_loss(&cc, 1000, 1040, now_ns));
	assert_true(fabs(cc.cwnd - 24.5) < 1e-9);
}

static void on_loss__fast_convergence(void **state)
{
	(void)state;
	cut_at(100);
	cut_at(80); // less than last time: leaves room for others
	assert_true(fabs(cc.cubic.w_max - 80 * 0.85) < 1e-9);
	cut_at(90);
	assert_true(fabs(cc.cubic.w_max - 90) < 1e-9);
}

static void on_loss__two_segments_at_least(void **state)
{
	(void)state;
	cut_at(2.5);
	assert_true(cc.cwnd == 2.0);
	cut_at(1.0); // never more than it was
	assert_true(cc.cwnd == 1.0);
}

static void on_timeout__slow_start_to_the_threshold(void **state)
{
	(void)state;
	cc.cwnd = 100;
	cc.ops->on_timeout(&cc, pn + 1);
	cc.ops->on_timeout(&cc, pn + 1); // in a row: the threshold stays
	assert_true(cc.cwnd == 1.0);
	assert_true(cc.cubic.ssthresh == 70.0);
	for (int i = 0; i < 6; i++) {
		now_ns += 10 * MS;
		acked((uint32_t)cc.cwnd, true, 10 * MS);
	}
	assert_true(cc.cwnd == 64.0);
	acked(64, true, 10 * MS);
	assert_true(cc.cwnd == 70.0);
	assert_true(cc.cubic.k == 0.0 && cc.cubic.w_max == 70.0);
}

// A pause does not move the curve: neither one that shows as ACKs without the window being the
// limit, nor one without any ACK.
static void on_ack__a_pause_does_not_count(void **state)
{
	(void)state;
	cut_at(100);
	for (int i = 0; i < 10; i++)
		round_trip(10 * MS);
	struct cc twin = cc;
	now_ns += 30ull * 1000 * MS;
	acked(1, false, 10 * MS);
	assert_true(cc.cwnd == twin.cwnd && cc.cubic.stage_ns == twin.cubic.stage_ns);
	now_ns += 30ull * 1000 * MS;
	acked(1, true, 10 * MS);
	assert_true(cc.cubic.stage_ns == twin.cubic.stage_ns + 10 * MS);
}

static void root__is_exact(void **state)
{
	(void)state;
	for (double window = 2; window < 1e7; window *= 1.37) {
		setup(NULL);
		cut_at(window);
		double want = cbrt((window - cc.cwnd) / 0.4);
		assert_true(fabs(cc.cubic.k - want) <= 1e-12 * (1 + want));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(on_ack__slow_start_first, setup),
		cmocka_unit_test_setup(on_ack__the_curve, setup),
		cmocka_unit_test_setup(on_ack__reno_friendly, setup),
		cmocka_unit_test_setup(on_ack__half_as_much_again_at_most, setup),
		cmocka_unit_test_setup(on_loss__once_an_event, setup),
		cmocka_unit_test_setup(on_loss__fast_convergence, setup),
		cmocka_unit_test_setup(on_loss__two_segments_at_least, setup),
		cmocka_unit_test_setup(on_timeout__slow_start_to_the_threshold, setup),
		cmocka_unit_test_setup(on_ack__a_pause_does_not_count, setup),
		cmocka_unit_test_setup(root__is_exact, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
