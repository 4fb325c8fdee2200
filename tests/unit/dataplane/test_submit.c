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
static uint32_t budget_with(enum codec_id codec, uint8_t level)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s;
	uint32_t left;

	pair->level = level;
	s = pair_open(pair, codec);
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
	assert_int_equal(budget_with(CODEC_NONE, 0), WORKER_ENCODE_TURN);
	assert_int_equal(budget_with(CODEC_LZ4, 0), WORKER_ENCODE_TURN - 500);
	assert_int_equal(budget_with(CODEC_ZSTD, 0), WORKER_ENCODE_TURN - 500); // level 1
	assert_int_equal(budget_with(CODEC_ZSTD, 4), WORKER_ENCODE_TURN - 500);
	assert_int_equal(budget_with(CODEC_ZSTD, 5), 0);
	assert_int_equal(budget_with(CODEC_ZSTD, 19), 0);
	assert_int_equal(budget_with(CODEC_BROTLI, 1), WORKER_ENCODE_TURN - 500);
	assert_int_equal(budget_with(CODEC_BROTLI, 0), 0); // level 6
}

static struct session_stats row_of(const struct worker_pair *pair, struct pair_session s)
{
	return pair->a.tables->session[0][wire_cid_slot(s.a)].stats;
}

// An arena without a slab packs nothing: raw is better than never.
static void submit_record__without_slabs(void **state)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, CODEC_LZ4);

	(void)state;
	pair->a.app.channel->slabs_max = 0;
	send_one(pair, s, APP_TX_MESSAGE_END, 5000); // zeros
	pair_turns(pair, 4000);
	assert_int_equal(row_of(pair, s).blocks_raw_by[RAW_NO_ROOM], 1);
	assert_int_equal(row_of(pair, s).blocks_raw, 1);
	pair_free(pair);
}

static void send_zeros(struct worker_pair *pair, struct pair_session s, uint32_t stream)
{
	fake_app_send(&pair->a.app, (struct app_tx){.session = s.a,
					    .size = 5000,
					    .op = APP_TX_SEND,
					    .stream = stream,
					    .flags = APP_TX_MESSAGE_END});
}

// While the only slab is in use an ordinary record waits for it; an urgent one goes raw.
static void submit_record__urgent_does_not_wait_for_a_slab(void **state)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, CODEC_LZ4);
	uint64_t raw = 0;

	(void)state;
	pair->a.app.channel->slabs_max = 1;
	send_zeros(pair, s, stream_id(0, STREAM_ORDERED));
	send_zeros(pair, s, stream_id(1, STREAM_ORDERED));
	send_zeros(pair, s, stream_id(2, STREAM_URGENT));
	for (int i = 0; i < 3; i++) {
		struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 4000);

		fake_app_return(&pair->b.app, rx.offset, rx.session);
	}
	pair_turns(pair, 4000);
	raw = row_of(pair, s).blocks_raw_by[RAW_URGENT];
	assert_int_equal(raw, 1);
	assert_int_equal(row_of(pair, s).blocks_raw, raw);
	pair_free(pair);
}

// `rounds` records of one kind to the other end; how session and worker then stand.
static struct session_stats auto_with(uint8_t alphabet, uint32_t rounds)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s = pair_open(pair, CODEC_AUTO);
	struct session_stats row;
	uint32_t seed = 1;

	for (uint32_t i = 0; i < APP_BLOCK_SIZE; i++) {
		seed = seed * 1664525u + 1013904223u;
		buffer_of(&pair->a, 0)[i] = (uint8_t)((seed >> 24) % alphabet);
	}
	for (uint32_t i = 0; i < rounds + 16; i++) {
		if (i >= 16) { // so many are under way, more than what goes at once: the flow waits
			struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 20000);

			assert_int_equal(rx.size, APP_BLOCK_SIZE);
			assert_memory_equal(pair->b.app.channel->blocks + rx.offset,
				buffer_of(&pair->a, 0), APP_BLOCK_SIZE);
			fake_app_return(&pair->b.app, rx.offset, rx.session);
		}
		if (i < rounds)
			fake_app_send(&pair->a.app,
				(struct app_tx){
					.session = s.a, .size = APP_BLOCK_SIZE, .op = APP_TX_SEND});
	}
	pair_turns(pair, 4000);
	row = pair->a.tables->session[0][wire_cid_slot(s.a)].stats;
	pair_free(pair);
	return row;
}

// In virtual time the worker is idle, and the flow waits for its path.
static void submit_record__auto_climbs(void **state)
{
	struct session_stats row = auto_with(5, 320);

	(void)state;
	assert_int_equal(row.codec, CODEC_AUTO);
	assert_int_not_equal(row.codec_now, CODEC_NONE);
	assert_int_equal(row.level_now, 1);
	assert_true(row.blocks_raw_by[RAW_FAST] > 0);                       // the first one,
	assert_in_range(row.blocks_raw_by[RAW_HELD], AUTO_UP, 2 * AUTO_UP); // and these
	assert_int_equal(row.blocks_raw, row.blocks_raw_by[RAW_FAST] + row.blocks_raw_by[RAW_HELD]);
	assert_true(row.stored_bytes_sent < row.raw_bytes_sent * 7 / 8);
}

static void submit_record__auto_leaves_noise_alone(void **state)
{
	struct session_stats row = auto_with(255, 320);
	uint64_t sum = 0;

	(void)state;
	for (uint32_t i = 0; i < RAW_REASONS; i++)
		sum += row.blocks_raw_by[i];
	assert_int_equal(row.blocks_raw, sum);
	assert_int_equal(row.blocks_raw, 320); // all of them
	assert_true(row.blocks_raw_by[RAW_SKIPPED] > 100);
	assert_true(row.blocks_raw_by[RAW_LITTLE] + row.blocks_raw_by[RAW_RANDOM] < 30);
	assert_int_equal(row.stored_bytes_sent, row.raw_bytes_sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submit_record__flags_arrive_with_the_record),
		cmocka_unit_test(submit_record__a_slow_level_takes_the_turn),
		cmocka_unit_test(submit_record__without_slabs),
		cmocka_unit_test(submit_record__urgent_does_not_wait_for_a_slab),
		cmocka_unit_test(submit_record__auto_climbs),
		cmocka_unit_test(submit_record__auto_leaves_noise_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
