// The ring of packet numbers: duplicates, window, wrap, gaps, and the ACK made from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/recv_pn.h"

static struct recv_pn r;

static bool acked(const struct wire_ack *ack, uint64_t pn)
{
	uint64_t below = ack->largest - pn;
	return pn <= ack->largest && below / 64 < ack->nwords &&
	       (ack->words[below / 64] >> below % 64 & 1);
}

static void check__duplicates(void **state)
{
	(void)state;
	recv_pn_init(&r);
	assert_false(recv_pn_check(&r, 0)); // never sent
	assert_true(recv_pn_check(&r, 1));
	recv_pn_add(&r, 1, true, 0);
	assert_false(recv_pn_check(&r, 1));
	recv_pn_add(&r, 3, true, 0);
	assert_true(recv_pn_check(&r, 2));
	recv_pn_add(&r, 2, true, 0);
	assert_false(recv_pn_check(&r, 2));
	assert_false(recv_pn_check(&r, WIRE_PN_MAX + 1));
}

static void check__window(void **state)
{
	(void)state;
	recv_pn_init(&r);
	recv_pn_add(&r, 10000, true, 0);
	assert_true(recv_pn_check(&r, 10000 - 8191));
	assert_false(recv_pn_check(&r, 10000 - 8192));
}

// Three times around the ring, every third pn missing: nothing of an older round shines through.
static void check__wraps(void **state)
{
	(void)state;
	recv_pn_init(&r);
	for (uint64_t pn = 1; pn < 3 * PN_WINDOW + 77; pn++) {
		if (pn % 3 == 0)
			continue;
		assert_true(recv_pn_check(&r, pn));
		recv_pn_add(&r, pn, true, 0);
	}
	for (uint64_t pn = r.largest - PN_WINDOW + 1; pn <= r.largest; pn++)
		assert_int_equal(recv_pn_check(&r, pn), pn % 3 == 0);
}

// Jumps of every kind clear exactly what they pass.
static void check__jumps(void **state)
{
	(void)state;
	static const uint64_t jumps[] = {
		1, 2, 63, 64, 65, 127, 128, 129, 1000, 8190, 8191, 8192, 8193, 100000};
	for (uint32_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		recv_pn_init(&r);
		uint64_t top = 3 * PN_WINDOW + 5;
		for (uint64_t pn = top - PN_WINDOW + 1; pn <= top; pn++)
			recv_pn_add(&r, pn, true, 0);
		recv_pn_add(&r, top + jumps[i], true, 0);
		for (uint64_t pn = r.largest - PN_WINDOW + 1; pn <= r.largest; pn++)
			assert_int_equal(recv_pn_check(&r, pn), pn > top && pn != r.largest);
	}
}

static void add__gap(void **state)
{
	(void)state;
	recv_pn_init(&r);
	assert_false(recv_pn_add(&r, 1, true, 0));
	assert_true(recv_pn_add(&r, 3, true, 0));
	assert_false(recv_pn_add(&r, 4, true, 0));
	assert_false(recv_pn_add(&r, 2, true, 0));
	assert_false(recv_pn_add(&r, 7, false, 0)); // an ACK makes no gap
	assert_false(recv_pn_add(&r, 8, true, 0));
	assert_int_equal(r.unreported, 5);
}

static void report__words(void **state)
{
	(void)state;
	struct wire_ack ack;
	recv_pn_init(&r);
	for (uint64_t pn = 1; pn <= 2000; pn++)
		if (pn % 7)
			recv_pn_add(&r, pn, true, 5000);
	assert_int_equal(recv_pn_words(&r), ACK_WORDS_MAX);
	recv_pn_report(&r, &ack, ACK_WORDS_MAX, 12000);
	assert_int_equal(ack.largest, 2000);
	assert_int_equal(ack.delay_us, 7);
	assert_int_equal(ack.nwords, 16);
	for (uint64_t pn = 2000 - 1023; pn <= 2000; pn++)
		assert_int_equal(acked(&ack, pn), pn % 7 != 0);
	assert_int_equal(r.unreported, 0);
	recv_pn_add(&r, 2001, true, 0);
	assert_int_equal(recv_pn_words(&r), 1);
	recv_pn_add(&r, 2001 - 200, true,
		0); // would be 4 words away (a duplicate, but the ring does not ask)
	assert_int_equal(recv_pn_words(&r), 4);
}

static void report__floor_shortens(void **state)
{
	(void)state;
	struct wire_ack ack;
	recv_pn_init(&r);
	for (uint64_t pn = 1; pn <= 1000; pn++)
		recv_pn_add(&r, pn, true, 0);
	recv_pn_floor(&r, 5000); // beyond what came: not believed
	recv_pn_report(&r, &ack, ACK_WORDS_MAX, 0);
	assert_int_equal(ack.nwords, 16);
	recv_pn_floor(&r, 950);
	recv_pn_report(&r, &ack, ACK_WORDS_MAX, 0);
	assert_int_equal(ack.nwords, 1);
	assert_true(acked(&ack, 950));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check__duplicates),
		cmocka_unit_test(check__window),
		cmocka_unit_test(check__wraps),
		cmocka_unit_test(check__jumps),
		cmocka_unit_test(add__gap),
		cmocka_unit_test(report__words),
		cmocka_unit_test(report__floor_shortens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
