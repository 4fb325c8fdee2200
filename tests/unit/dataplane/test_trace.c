// A worker tells the steps of a session's congestion control while control asks, and not otherwise.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/dataplane/worker_pair.h"

static int setup(void **state)
{
	*state = pair_new();
	return 0;
}

static int teardown(void **state)
{
	pair_free(*state);
	return 0;
}

static void trace(struct worker_pair *pair, uint32_t cid, uint8_t ring, uint32_t number, bool on)
{
	pair_command(&pair->a, (struct plane_command){.type = PLANE_TRACE,
				       .flags = on,
				       .request = number,
				       .cid = cid,
				       .ring = ring});
	pair_turn(pair, &pair->a);
}

static uint64_t written(const struct worker_pair *pair, uint8_t ring)
{
	return atomic_load(&pair->a.tables->trace[ring].written.written);
}

static uint32_t owner(const struct worker_pair *pair, uint8_t ring)
{
	return atomic_load(&pair->a.tables->trace[ring].number);
}

static struct plane_trace_slot slot(const struct worker_pair *pair, uint8_t ring, uint64_t n)
{
	struct plane_trace_slot s;

	memcpy(&s, pair->a.tables->trace[ring].slots + n % PLANE_TRACE_SLOTS * sizeof(s),
		sizeof(s));
	return s;
}

static void transfer(struct worker_pair *pair, uint32_t cid)
{
	pair_send(&pair->a, cid, 0, 50000);
	pair_app_expect(pair, &pair->a, APP_RX_SENT, 1000);
}

static void trace__while_it_is_on(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	transfer(pair, s.a);
	for (uint8_t ring = 0; ring < PLANE_TRACES_MAX; ring++)
		assert_int_equal(written(pair, ring), 0);
	trace(pair, s.a, 5, 77, true);
	assert_int_equal(owner(pair, 5), 77);
	assert_int_equal(slot(pair, 5, 0).record.event, TRACE_START);
	transfer(pair, s.a);
	uint64_t n = written(pair, 5);
	assert_true(n > 2);
	for (uint64_t i = 1; i < n; i++) {
		assert_int_equal(slot(pair, 5, i).number, 77);
		assert_int_equal(slot(pair, 5, i).record.event, TRACE_ACK);
		assert_true(slot(pair, 5, i).record.newly_acked > 0);
		assert_true(slot(pair, 5, i).record.cwnd_segments >= 4);
	}
	trace(pair, s.a, 5, 76, false); // somebody else's
	assert_int_equal(owner(pair, 5), 77);
	trace(pair, s.a, 5, 77, false);
	assert_int_equal(owner(pair, 5), 0);
	transfer(pair, s.a);
	assert_int_equal(written(pair, 5), n);
}

static void trace__two_of_one_session(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	trace(pair, s.a, 0, 1, true);
	transfer(pair, s.a);
	trace(pair, s.a, 1, 2, true);
	assert_int_equal(written(pair, 1), 1); // its start, and only there
	uint64_t first = written(pair, 0);
	transfer(pair, s.a);
	assert_int_equal(written(pair, 0) - first, written(pair, 1) - 1);
	trace(pair, s.a, 0, 1, false);
	first = written(pair, 1);
	transfer(pair, s.a);
	assert_true(written(pair, 1) > first); // the other goes on
}

static void trace__what_is_wrong_is_ignored(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	trace(pair, s.a, PLANE_TRACES_MAX, 1, true);
	trace(pair, s.a + 1, 0, 1, true);
	trace(pair, s.a, 0, 0, true);
	assert_int_equal(owner(pair, 0), 0);
	atomic_store(&pair->a.tables->trace[2].number, 9); // another worker writes there
	trace(pair, s.a, 2, 3, true);
	transfer(pair, s.a);
	for (uint8_t ring = 0; ring < PLANE_TRACES_MAX; ring++)
		assert_int_equal(written(pair, ring), 0);
	atomic_store(&pair->a.tables->trace[2].number, 0);
}

// A control process that died left a trace behind: nobody writes for nobody.
static void trace__ends_with_control(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	trace(pair, s.a, 3, 11, true);
	uint64_t n = written(pair, 3);
	pair_mail(&pair->a, MAIL_CONTROL_DETACH, NULL);
	pair_turns(pair, 1);
	assert_int_equal(owner(pair, 3), 0);
	transfer(pair, s.a);
	assert_int_equal(written(pair, 3), n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(trace__while_it_is_on, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__two_of_one_session, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__what_is_wrong_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(trace__ends_with_control, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
