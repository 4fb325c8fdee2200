// What the codec `auto` is told: of every line both sides.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/worker.h"

static struct auto_signs signs(uint32_t busy, uint32_t codec, enum limited_by limited_by)
{
	const struct worker_load load = {.busy = busy, .codec = codec};

	return load_signs(&load, limited_by);
}

static void load_signs__blocked(void **state)
{
	(void)state;
	assert_false(signs(0, 0, LIMITED_NOTHING).blocked);
	assert_false(signs(0, 0, LIMITED_APP).blocked);
	assert_true(signs(0, 0, LIMITED_CWND).blocked);
	assert_true(signs(0, 0, LIMITED_PACER).blocked);
	assert_true(signs(0, 0, LIMITED_CREDIT).blocked);
}

// Busy for under 70 %, codecs for under 25 %.
static void load_signs__idle(void **state)
{
	(void)state;
	assert_true(signs(0, 0, LIMITED_PACER).idle);
	assert_true(signs(699, 249, LIMITED_PACER).idle);
	assert_false(signs(700, 249, LIMITED_PACER).idle);
	assert_false(signs(699, 250, LIMITED_PACER).idle);
}

// Codecs for over 50 %; or the worker for over 95 %, and the flow has nothing to send.
static void load_signs__late(void **state)
{
	(void)state;
	assert_false(signs(500, 500, LIMITED_PACER).late);
	assert_true(signs(501, 501, LIMITED_PACER).late);
	assert_false(signs(950, 0, LIMITED_APP).late);
	assert_true(signs(951, 0, LIMITED_APP).late);
	assert_false(signs(1000, 0, LIMITED_PACER).late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load_signs__blocked),
		cmocka_unit_test(load_signs__idle),
		cmocka_unit_test(load_signs__late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
