// From a descriptor to a record: what an application says of a record arrives with it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/packed.h"
#include "tests/unit/dataplane/worker_pair.h"

static uint8_t *buffer_of(struct pair_end *e, uint32_t buffer)
{
	return e->app.region.base + e->app.mine->header.blocks_offset +
	       (size_t)buffer * APP_BLOCK_SIZE;
}

// What arrives of one buffer with this flag.
static struct app_rx send_one(
	struct worker_pair *pair, struct pair_session s, uint16_t flags, uint32_t size)
{
	fake_app_send(&pair->a.app,
		(struct app_tx){.session = s.a, .size = size, .op = APP_TX_SEND, .flags = flags});
	struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 1000);

	assert_int_equal(rx.size, size);
	assert_memory_equal(pair->b.app.channel->blocks + rx.offset, buffer_of(&pair->a, 0), size);
	fake_app_return(&pair->b.app, rx.offset, rx.session);
	pair_app_expect(pair, &pair->a, APP_RX_SENT, 1000);
	return rx;
}

static void flags_with(enum codec_id codec)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, codec);
	uint32_t used = 0;

	for (uint32_t i = 0; i < 20; i++)
		used = packed_add(buffer_of(&pair->a, 0), used, APP_BLOCK_SIZE,
			"the same words again and again", 30);
	assert_int_equal(send_one(pair, s, APP_TX_PACKED, used).flags, APP_RX_PACKED);
	assert_int_equal(send_one(pair, s, APP_TX_MESSAGE_END, used).flags, APP_RX_MESSAGE_END);
	assert_int_equal(send_one(pair, s, 0, used).flags, 0);
	pair_free(pair);
}

static void submit_record__flags_arrive_with_the_record(void **state)
{
	(void)state;
	flags_with(CODEC_NONE);
	flags_with(CODEC_LZ4);
}

// What a turn's budget is after one small record.
static uint32_t budget_with(enum codec_id codec)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, codec);
	uint32_t left;

	pair_send(&pair->a, s.a, 0, 500);
	pair_turn(pair, &pair->a);
	left = pair->a.w.encode_budget;
	struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 1000);

	fake_app_return(&pair->b.app, rx.offset, rx.session);
	pair_free(pair);
	return left;
}

static void submit_record__a_slow_level_takes_the_turn(void **state)
{
	(void)state;
	assert_int_equal(budget_with(CODEC_NONE), WORKER_ENCODE_TURN);
	assert_int_equal(budget_with(CODEC_LZ4), WORKER_ENCODE_TURN - 500);
	assert_int_equal(budget_with(CODEC_ZSTD), WORKER_ENCODE_TURN - 500); // level 1
	assert_int_equal(budget_with(CODEC_BROTLI), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submit_record__flags_arrive_with_the_record),
		cmocka_unit_test(submit_record__a_slow_level_takes_the_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
