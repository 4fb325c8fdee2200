// A record that arrives damaged, or that is no record at all: refused, counted, and its session
// ends; the sessions beside it do not notice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/worker_pair.h"

// What happens to the first DATA packet of one connection.
struct damage {
	uint32_t cid; // the receiver's
	enum { FLIP, SHORTER_RAW, LARGER_RAW, OTHER_CODEC } kind;
	bool done;
};

// The link is memory, so no checksum stands before the codec.
static bool tap_damage(void *context, const uint8_t *payload, uint32_t size)
{
	struct damage *damage = context;
	uint8_t *block = (uint8_t *)(uintptr_t)payload + WIRE_HEADER_SIZE;
	struct wire_header header;
	struct block_header view;

	assert_true(wire_header_parse(&header, payload, size));
	if (header.type != WIRE_DATA || header.cid != damage->cid || damage->done ||
		header.flags & WIRE_ACK_BLOCK)
		return true;
	damage->done = true;
	assert_true(block_header_parse(&view, block, size - WIRE_HEADER_SIZE));
	if (damage->kind == FLIP)
		for (uint32_t i = 0; i < view.stored_size; i += 2)
			block[BLOCK_HEADER_SIZE + i] ^= 0x5a;
	if (damage->kind == SHORTER_RAW)
		view.raw_size--;
	if (damage->kind == LARGER_RAW)
		view.raw_size = RECORD_RAW_MAX;
	if (damage->kind == OTHER_CODEC)
		view.codec = view.codec == CODEC_ZSTD ? CODEC_LZ4 : CODEC_ZSTD;
	if (damage->kind != FLIP)
		block_header_frame(block, &view);
	return true;
}

static uint8_t *buffer_of(struct pair_end *e, uint32_t buffer)
{
	return e->app.region.base + e->app.mine->header.blocks_offset +
	       (size_t)buffer * APP_BLOCK_SIZE;
}

static void damaged(enum codec_id codec, int kind)
{
	struct worker_pair *pair = pair_new();
	struct pair_session bad = pair_open(pair, codec), good = pair_open(pair, codec);
	struct damage damage = {.cid = bad.b, .kind = (uint32_t)kind};
	struct app_rx rx;

	pair->a.port.on_tx = tap_damage;
	pair->a.port.context = &damage;
	for (uint32_t i = 0; i < 8000; i++)
		buffer_of(&pair->a, 0)[i] = (uint8_t)("every session on its own; "[i % 26]);
	pair_send(&pair->a, bad.a, 0, 8000);
	rx = pair_app_expect(pair, &pair->b, APP_RX_CLOSED, 4000);
	assert_true(damage.done);
	assert_int_equal(rx.session, bad.b);
	assert_int_equal(pair->b.w.counters.drops[DROP_BLOCK_DECODE], 1);
	pair_send(&pair->a, good.a, 0, 8000);
	rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, 4000);
	assert_int_equal(rx.session, good.b);
	assert_int_equal(rx.size, 8000);
	assert_memory_equal(pair->b.app.channel->blocks + rx.offset, buffer_of(&pair->a, 0), 8000);
	fake_app_return(&pair->b.app, rx.offset, rx.session);
	pair_free(pair);
}

static void receive_records__damage_ends_one_session(void **state)
{
	(void)state;
	for (int codec = CODEC_LZ4; codec <= CODEC_SNAPPY; codec++)
		for (int kind = FLIP; kind <= OTHER_CODEC; kind++)
			damaged((enum codec_id)codec, kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(receive_records__damage_ends_one_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
