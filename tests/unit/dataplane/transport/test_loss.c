// The edge below which packets are suspect.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "dataplane/transport/loss.h"

static void on_ack__third_later(void **state)
{
	(void)state;
	struct loss l;
	loss_init(&l);
	struct wire_ack ack = {.largest = 10, .nwords = 1, .words = {0x3}}; // 10, 9
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 0); // only two
	ack.words[0] = 0x13;         // 10, 9, 6
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 6);
	ack = (struct wire_ack){
		.largest = 8, .nwords = 1, .words = {0x7}}; // an older ACK takes nothing back
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 6);
}

static void on_ack__across_words(void **state)
{
	(void)state;
	struct loss l;
	loss_init(&l);
	struct wire_ack ack = {
		.largest = 1000, .nwords = 3, .words = {1, 0, 0x8001}}; // 1000, 872, 857
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 857);
}

static void on_ack__covered(void **state)
{
	(void)state;
	struct loss l;
	loss_init(&l);
	struct wire_ack ack = {.largest = 1023, .nwords = 1, .words = {1}};
	loss_on_ack(&l, &ack);
	assert_int_equal(l.covered, 0);
	ack.largest = 5000;
	loss_on_ack(&l, &ack);
	assert_int_equal(l.covered, 5000 - 1023); // a full block reaches down to here
}

static void widen__up_to_127(void **state)
{
	(void)state;
	struct loss l;
	loss_init(&l);
	static const uint32_t steps[] = {6, 12, 24, 48, 96, 127, 127};
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		loss_widen(&l);
		assert_int_equal(l.later, steps[i]);
	}
	struct wire_ack ack = {
		.largest = 500, .nwords = 2, .words = {~0ull, ~0ull >> 2}}; // 126 of them
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 0);
	ack.words[1] = ~0ull >> 1;
	loss_on_ack(&l, &ack);
	assert_int_equal(l.edge, 500 - 126);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_ack__third_later),
		cmocka_unit_test(on_ack__across_words),
		cmocka_unit_test(on_ack__covered),
		cmocka_unit_test(widen__up_to_127),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
