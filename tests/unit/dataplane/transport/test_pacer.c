// The token bucket: rate, burst, bypass.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/pacer.h"

static void wait__no_rate_yet(void **state)
{
	(void)state;
	struct pacer p;
	pacer_init(&p, 1408, 0, 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(pacer_wait(&p, 1408), 0);
		pacer_take(&p, 1408);
	}
}

// Over a long time exactly cwnd segments go per round trip, and never more than a burst ahead.
static void wait__rate(void **state)
{
	(void)state;
	struct pacer p;
	pacer_init(&p, 1000, 0, 0);
	pacer_rate(&p, 10, 1000000, 1000, 0); // 10 segments a ms: 10 MB/s
	assert_true(p.rate == 1e7);
	uint64_t now = 0, sent = 0;
	while (now < 1000000000) {
		pacer_refill(&p, now);
		uint64_t wait = pacer_wait(&p, 1000);
		if (wait) {
			now += wait;
			continue;
		}
		pacer_take(&p, 1000);
		sent += 1000;
		assert_true((double)sent <= p.burst + 1e7 * (double)now * 1e-9 + 1);
	}
	assert_true(sent >= 9990000 && sent <= 10003000);
}

static void rate__burst_is_clamped(void **state)
{
	(void)state;
	struct pacer p;
	pacer_init(&p, 1408, 0, 0);
	pacer_rate(&p, 10, 1000000, 1000, 0);
	assert_true(p.burst == 2.0 * 1408); // two turns of it are 28 bytes
	pacer_rate(&p, 1000, 100000, 1000000, 0);
	assert_true(p.burst == PACER_BURST_MAX);
	pacer_rate(&p, 100, 1000000, 20000, 0);
	assert_true(p.burst > 5631 && p.burst < 5633); // 2 * 140.8 MB/s * 20 us
}

static void wait__bypass_at_port_rate(void **state)
{
	(void)state;
	struct pacer p;
	pacer_init(&p, 1000, 10000000, 0);
	pacer_rate(&p, 9.9, 1000000, 1000, 0);
	pacer_take(&p, 60000);
	assert_true(pacer_wait(&p, 1000) > 0);
	pacer_rate(&p, 10, 1000000, 1000, 0);
	assert_int_equal(pacer_wait(&p, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait__no_rate_yet),
		cmocka_unit_test(wait__rate),
		cmocka_unit_test(rate__burst_is_clamped),
		cmocka_unit_test(wait__bypass_at_port_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
