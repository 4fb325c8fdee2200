// What came once does not come again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "control/cluster/keyring/replay.h"

static void replay_take__takes_each_once_in_any_order(void **state)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	static const uint32_t order[] = {5, 6, 4, 70, 7, 133};

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_true(replay_take(replay, 1000, 1, order[i]));
		assert_false(replay_take(replay, 1000, 1, order[i]));
	}
	assert_false(replay_take(replay, 1000, 1, 69)); // 64 behind, and new
	assert_true(replay_take(replay, 1000, 1, 71));
	assert_true(replay_take(replay, 1000, 1, UINT32_MAX));
	assert_false(replay_take(replay, 1000, 1, UINT32_MAX));
	assert_false(replay_take(replay, 1000, 1, 133));
	free(replay);
}

static void replay_take__tells_senders_apart(void **state)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	(void)state;
	for (uint64_t salt = 0; salt < 100; salt++)
		assert_true(replay_take(replay, 1000, salt, 7));
	for (uint64_t salt = 0; salt < 100; salt++)
		assert_false(replay_take(replay, 1001, salt, 7));
	free(replay);
}

static void replay_take__forgets_who_is_silent_longest(void **state)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	(void)state;
	for (uint32_t i = 0; i <= REPLAY_WAYS; i++) // one more than the set has room for
		assert_true(replay_take(replay, 1000 + i, (uint64_t)i * REPLAY_SETS + 3, 9));
	for (uint32_t i = 1; i <= REPLAY_WAYS; i++)
		assert_false(replay_take(replay, 2000, (uint64_t)i * REPLAY_SETS + 3, 9));
	assert_true(replay_take(replay, 2000, 3, 9)); // was forgotten
	free(replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_take__takes_each_once_in_any_order),
		cmocka_unit_test(replay_take__tells_senders_apart),
		cmocka_unit_test(replay_take__forgets_who_is_silent_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
