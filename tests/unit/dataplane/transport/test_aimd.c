// The law: start, growth by segments, one halving per
// event, floor. Clause (c) end to end is in test_law.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/cc.h"

static struct cc cc;

static void acked(uint32_t segments, bool limited)
{
	struct cc_ack ack = {.segments = segments, .limited = limited};
	cc.ops->on_ack(&cc, &ack);
}

static bool lost(uint64_t pn, uint64_t next_pn)
{
	return cc.ops->on_loss(&cc, pn, next_pn, 0);
}

static int setup(void **state)
{
	(void)state;
	cc = (struct cc){.ops = cc_by_id(CONTROLLER_AIMD)};
	assert_string_equal(cc.ops->name, "aimd");
	cc.ops->init(&cc);
	return 0;
}

static void on_ack__one_segment_a_window(void **state)
{
	(void)state;
	assert_true(cc.cwnd == 4.0);
	acked(4, true);
	assert_true(cc.cwnd == 5.0);
	for (int i = 0; i < 5; i++)
		acked(1, true);
	assert_true(cc.cwnd > 5.9 && cc.cwnd < 6.0); // 1/cwnd each, cwnd growing meanwhile
}

// (a) one ACK for 64 packets is worth 64 packets
static void on_ack__counts_segments(void **state)
{
	(void)state;
	cc.cwnd = 64;
	acked(64, true);
	assert_true(cc.cwnd == 65.0);
}

static void on_ack__not_limited(void **state)
{
	(void)state;
	acked(100, false);
	assert_true(cc.cwnd == 4.0);
}

// (b) losses of packets sent before the cut are the same event
static void on_loss__one_event(void **state)
{
	(void)state;
	cc.cwnd = 128;
	assert_true(lost(500, 600));
	assert_true(cc.cwnd == 64.0);
	for (uint64_t pn = 501; pn < 600; pn++)
		assert_false(lost(pn, 640));
	assert_true(cc.cwnd == 64.0);
	assert_true(lost(600, 640));
	assert_true(cc.cwnd == 32.0);
}

static void on_timeout__always_halves(void **state)
{
	(void)state;
	cc.cwnd = 8;
	cc.ops->on_timeout(&cc, 100);
	cc.ops->on_timeout(&cc, 100);
	assert_true(cc.cwnd == 2.0);
	cc.ops->on_timeout(&cc, 100);
	cc.ops->on_timeout(&cc, 100);
	assert_true(cc.cwnd == 1.0);
	assert_false(lost(99, 101)); // sent before the timeout
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(on_ack__one_segment_a_window, setup),
		cmocka_unit_test_setup(on_ack__counts_segments, setup),
		cmocka_unit_test_setup(on_ack__not_limited, setup),
		cmocka_unit_test_setup(on_loss__one_event, setup),
		cmocka_unit_test_setup(on_timeout__always_halves, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
