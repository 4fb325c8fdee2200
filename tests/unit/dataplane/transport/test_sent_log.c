// The log of sent packets: tracking, ACK words, wrap, lowest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/sent_log.h"

static struct sent_log l;

static uint64_t add(uint8_t kind)
{
	struct sent_entry e = {.sent_ns = l.next_pn * 10, .kind = kind};
	return sent_log_add(&l, &e);
}

static void take__words(void **state)
{
	(void)state;
	uint64_t late;
	sent_log_init(&l);
	for (int i = 0; i < 100; i++)
		add(i % 10 == 9 ? SENT_NOTHING : SENT_DATA); // pn 10, 20, ... elicit nothing
	assert_int_equal(l.lowest, 1);
	uint64_t newly = sent_log_take(&l, 64, ~0ull, &late); // 1..64
	assert_int_equal(__builtin_popcountll(newly), 58);
	assert_int_equal(late, 0);
	assert_int_equal(sent_log_take(&l, 64, ~0ull, &late), 0); // only once
	sent_log_settle(&l);
	assert_int_equal(l.lowest, 65);
	assert_int_equal(sent_log_take(&l, 101, ~0ull, &late), 0); // never sent
	assert_int_equal(__builtin_popcountll(sent_log_take(&l, 100, ~0ull, &late)), 32);
	sent_log_settle(&l);
	assert_int_equal(l.lowest, l.next_pn);
}

static void take__late(void **state)
{
	(void)state;
	uint64_t late;
	sent_log_init(&l);
	for (int i = 0; i < 10; i++)
		add(SENT_DATA);
	sent_log_lose(&l, 4);
	assert_int_equal(sent_log_take(&l, 4, 1, &late), 0);
	assert_int_equal(late, 1);
	sent_log_take(&l, 4, 1, &late);
	assert_int_equal(late, 0);
}

// An ACK of long ago names places that newer packets hold: it must not touch them.
static void take__alias(void **state)
{
	(void)state;
	uint64_t late;
	sent_log_init(&l);
	for (int i = 0; i < 3 * IN_FLIGHT_MAX; i++) {
		uint64_t pn = add(SENT_DATA);
		if (pn > 100) {
			sent_log_take(&l, pn - 100, 1, &late);
			sent_log_settle(&l);
		}
	}
	uint64_t old = l.next_pn - IN_FLIGHT_MAX - 50; // alias of packets in flight
	assert_int_equal(sent_log_take(&l, old, ~0ull, &late), 0);
	uint64_t edge =
		l.next_pn - IN_FLIGHT_MAX + 3; // only 4 of the word are held, all acknowledged
	assert_int_equal(sent_log_take(&l, edge, ~0ull, &late), 0);
	assert_int_equal(late, 0);
	assert_int_equal(sent_log_span(&l), 100);
	assert_int_equal(sent_log_flight(&l, 0, l.next_pn), l.next_pn - 100);
}

static void flight__skips_holes(void **state)
{
	(void)state;
	uint64_t late;
	sent_log_init(&l);
	for (int i = 0; i < 1000; i++)
		add(SENT_DATA);
	for (uint64_t pn = 1; pn <= 1000; pn++)
		if (pn % 333)
			sent_log_take(&l, pn, 1, &late);
	sent_log_settle(&l);
	assert_int_equal(l.lowest, 333);
	assert_int_equal(sent_log_flight(&l, 334, 1001), 666);
	assert_int_equal(sent_log_flight(&l, 667, 990), 990);
	assert_int_equal(sent_log_flight(&l, 667, 1001), 999);
	assert_int_equal(sent_log_flight(&l, 1000, 1001), 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(take__words),
		cmocka_unit_test(take__late),
		cmocka_unit_test(take__alias),
		cmocka_unit_test(flight__skips_holes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
