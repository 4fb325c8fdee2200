// The table of the dataplane's states: what may follow what, and that every state can be left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/plane/state.h"

static void state_next__a_life(void **state)
{
	static const struct {
		enum plane_input input;
		const char *name;
	} life[] = {
		{PLANE_ON_LAUNCHED, "starting"},
		{PLANE_ON_CONNECTED, "attaching"},
		{PLANE_ON_WELCOME, "running"},
		{PLANE_ON_LOST, "backoff"},
		{PLANE_ON_RETRY, "absent"},
		{PLANE_ON_CONNECTED, "attaching"},
		{PLANE_ON_REFUSED, "backoff"},
		{PLANE_ON_RETRY, "absent"},
		{PLANE_ON_LOST, "backoff"},
		{PLANE_ON_STOP, "stopping"},
		{PLANE_ON_GONE, "absent"},
	};
	enum plane_state now = PLANE_ABSENT;

	(void)state;
	for (size_t i = 0; i < sizeof(life) / sizeof(life[0]); i++) {
		now = plane_state_next(now, life[i].input);
		assert_string_equal(plane_state_name(now), life[i].name);
	}
}

// A command line that was refused would be refused again.
static void state_next__usage_is_final(void **state)
{
	(void)state;
	assert_string_equal(
		plane_state_name(plane_state_next(PLANE_STARTING, PLANE_ON_USAGE)), "failed");
	for (int i = 0; i < PLANE_INPUT_COUNT; i++)
		assert_int_equal(
			plane_state_legal(PLANE_FAILED, (enum plane_input)i), i == PLANE_ON_STOP);
}

static void state_legal__only_attaching_is_welcomed(void **state)
{
	(void)state;
	for (int s = 0; s < PLANE_STATE_COUNT; s++)
		assert_int_equal(plane_state_legal((enum plane_state)s, PLANE_ON_WELCOME),
			s == PLANE_ATTACHING);
}

static void state_legal__every_state_but_stopping_can_be_stopped(void **state)
{
	(void)state;
	for (int s = 0; s < PLANE_STATE_COUNT; s++)
		assert_int_equal(
			plane_state_legal((enum plane_state)s, PLANE_ON_STOP), s != PLANE_STOPPING);
}

static void state_legal__out_of_range(void **state)
{
	(void)state;
	assert_false(plane_state_legal(PLANE_STATE_COUNT, PLANE_ON_STOP));
	assert_false(plane_state_legal(PLANE_ABSENT, PLANE_INPUT_COUNT));
}

static void state_legal__impossible_pairs(void **state)
{
	(void)state;
	assert_false(plane_state_legal(PLANE_RUNNING, PLANE_ON_LAUNCHED));
	assert_false(plane_state_legal(PLANE_STOPPING, PLANE_ON_RETRY));
	assert_false(plane_state_legal(PLANE_BACKOFF, PLANE_ON_CONNECTED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_next__a_life),
		cmocka_unit_test(state_next__usage_is_final),
		cmocka_unit_test(state_legal__only_attaching_is_welcomed),
		cmocka_unit_test(state_legal__every_state_but_stopping_can_be_stopped),
		cmocka_unit_test(state_legal__out_of_range),
		cmocka_unit_test(state_legal__impossible_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
