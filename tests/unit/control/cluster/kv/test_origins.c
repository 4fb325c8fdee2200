// A request that comes twice is done once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/control/cluster/kv/stage.h"

static enum kv_status put_as(struct stage *s, uint64_t origin, uint64_t boot, uint64_t sequence)
{
	s->request.origin = origin;
	s->request.boot = boot;
	s->request.sequence = sequence;
	return put(s, "a", "");
}

static void admit__a_repetition_does_nothing(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	assert_int_equal(put_as(s, 1, 7, 1), KV_OK);
	assert_int_equal(put_as(s, 1, 7, 1), KV_REPEATED);
	assert_int_equal(s->applied.sequence, 1);    // whose it is
	assert_int_equal(put_as(s, 1, 7, 3), KV_OK); // in any order
	assert_int_equal(put_as(s, 1, 7, 2), KV_OK);
	assert_int_equal(put_as(s, 1, 7, 2), KV_REPEATED);
	assert_int_equal(put_as(s, 2, 7, 1), KV_OK); // another node, another process
	assert_int_equal(put_as(s, 1, 8, 1), KV_OK);
	assert_int_equal(put_as(s, 1, 7, 3), KV_REPEATED); // of the process before
	assert_int_equal(state_of(s->kv).revision, 5);
	assert_int_equal(put_as(s, 1, 7, 0), KV_OK); // without a number
	assert_int_equal(put_as(s, 1, 7, 0), KV_OK);
	assert_int_equal(state_of(s->kv).revision, 7);
	stage_free(s);
}

// An answer went out for it: to do it later would be to do it after that answer.
static void admit__what_was_refused_stays_refused(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	add_then(s, op_limits(1, KV_QUOTA_DEFAULT));
	stage_apply(s);
	s->request.sequence = 5;
	assert_int_equal(put(s, "a", "22"), KV_TOO_LARGE);
	add_then(s, op_limits(2, KV_QUOTA_DEFAULT));
	stage_apply(s);
	s->request.sequence = 5;
	assert_int_equal(put(s, "a", "22"), KV_REPEATED);
	stage_free(s);
}

static void admit__remembers_a_window(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (uint64_t i = 1; i <= 3 * KV_WINDOW; i += 2) {
		assert_int_equal(put_as(s, 1, 1, i), KV_OK);
		assert_int_equal(put_as(s, 1, 1, i), KV_REPEATED);
	}
	assert_int_equal(put_as(s, 1, 1, 2 * KV_WINDOW), KV_OK); // the oldest it knows
	assert_int_equal(put_as(s, 1, 1, 2 * KV_WINDOW), KV_REPEATED);
	assert_int_equal(put_as(s, 1, 1, 2 * KV_WINDOW + 1), KV_REPEATED);
	assert_int_equal(put_as(s, 1, 1, 2 * KV_WINDOW - 1), KV_EXPIRED);
	assert_int_equal(put_as(s, 1, 1, UINT64_MAX), KV_OK);
	assert_int_equal(put_as(s, 1, 1, UINT64_MAX), KV_REPEATED);
	assert_int_equal(put_as(s, 1, 1, 3 * KV_WINDOW), KV_EXPIRED);
	assert_int_equal(put_as(s, 1, 1, UINT64_MAX - KV_WINDOW + 1), KV_OK);
	stage_free(s);
}

static void admit__forgets_who_was_quiet_longest(void **state)
{
	struct stage *s = stage_new(NULL);

	(void)state;
	for (uint64_t i = 1; i <= KV_ORIGINS_MAX; i++)
		assert_int_equal(put_as(s, i, 1, 1), KV_OK);
	assert_int_equal(put_as(s, 1, 1, 2), KV_OK);
	assert_int_equal(put_as(s, 100, 1, 1), KV_OK); // instead of 2
	assert_int_equal(put_as(s, 1, 1, 1), KV_REPEATED);
	assert_int_equal(put_as(s, 3, 1, 1), KV_REPEATED);
	assert_int_equal(put_as(s, 2, 1, 1), KV_OK);
	stage_free(s);
}

static void hash__knows_who_was_admitted(void **state)
{
	struct stage *s = stage_new(NULL);
	uint64_t hash;

	(void)state;
	put_as(s, 1, 1, 1);
	hash = kv_hash(s->kv);
	s->request.origin = s->request.boot = 1;
	s->request.sequence = 2;
	delete_range(s, key_range("none")); // changes nothing but that
	assert_int_equal(s->result.revision, 1);
	assert_int_not_equal(kv_hash(s->kv), hash);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admit__a_repetition_does_nothing),
		cmocka_unit_test(admit__what_was_refused_stays_refused),
		cmocka_unit_test(admit__remembers_a_window),
		cmocka_unit_test(admit__forgets_who_was_quiet_longest),
		cmocka_unit_test(hash__knows_who_was_admitted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
