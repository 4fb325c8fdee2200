// The end of sessions at awkward moments: what was lent
// comes back, whoever dies first. pair_free counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/worker_pair.h"

#define TURNS_MAX 200000u

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

static void send_all(struct pair_end *e, uint32_t cid)
{
	for (uint32_t i = 0; i < e->app.channel->tx_blocks_size / APP_BLOCK_SIZE; i++)
		pair_send(e, cid, i, APP_BLOCK_SIZE);
}

// Every buffer is answered exactly once, failed or not.
static void expect_sent(struct worker_pair *pair, struct pair_end *e, uint32_t records)
{
	uint64_t seen = 0;

	for (uint32_t i = 0; i < records; i++) {
		uint64_t bit = 1ull << pair_app_expect(pair, e, APP_RX_SENT, TURNS_MAX).cookie;

		assert_false(seen & bit);
		seen |= bit;
	}
	assert_int_equal(e->app.channel->sends, 0);
}

static void detach__with_messages_in_flight(void **state)
{
	(void)state;
	for (uint32_t moment = 0; moment < 12; moment++) {
		struct worker_pair *pair = pair_new();
		struct pair_session s = pair_open(pair, moment & 1 ? CODEC_LZ4 : CODEC_NONE);

		send_all(&pair->a, s.a);
		send_all(&pair->b, s.b);
		pair_turns(pair, 1 + moment * moment * 2);
		pair_mail(&pair->a, MAIL_APP_DETACH, pair->a.app.channel);
		pair_turns(pair, 100);
		assert_true(pair->a.gone);
		assert_int_equal(pair->a.w.sessions_count, 0);
		expect_sent(pair, &pair->b, 64); // its peer hears of it, and gets its buffers back
		pair_free(pair);
	}
}

static void close__while_the_port_refuses(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	pair->a.port.room = 3;
	send_all(&pair->a, s.a);
	pair_turns(pair, 5);
	assert_true(pair->a.w.backlog[0].count > 0);
	assert_true(pair->a.w.parked > 0 || pair->a.app.channel->sends > 0);
	pair_command(&pair->a, (struct plane_command){.type = PLANE_CLOSE, .cid = s.a, .flags = 1});
	pair_turns(pair, 5);
	expect_sent(pair, &pair->a, 64); // packets are copies: the buffers need not wait for them
	assert_true(pair->a.w.backlog[0].count > 0);
	assert_int_equal(pair->a.w.parked, 0);
	assert_int_equal(pair->a.w.sessions_count, 0);
}

// The worker ends with packets that no port ever took.
static void fini__with_a_backlog(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	pair->a.port.room = 0;
	send_all(&pair->a, s.a);
	pair_turns(pair, 5);
	assert_true(pair->a.w.backlog[0].count > 0);
}

static void send__without_packet_buffers(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);
	uint64_t drops;

	pair->a.port.mbufs = 2;
	pair->b.port.mbufs = 0;
	for (uint32_t i = 0; i < 8; i++)
		pair_send(&pair->a, s.a, i, APP_BLOCK_SIZE);
	pair_turns(pair, 2000);
	drops = pair->a.w.counters.drops[DROP_NO_MBUF] + pair->b.w.counters.drops[DROP_NO_MBUF];
	assert_true(drops > 0);
	pair->a.port.mbufs = pair->b.port.mbufs = UINT32_MAX;
	expect_sent(pair, &pair->a, 8); // late, but all of it
	for (uint32_t i = 0; i < 8; i++) {
		struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, TURNS_MAX);

		assert_int_equal(rx.size, APP_BLOCK_SIZE);
	}
}

// Nobody takes what arrives: the window closes, the sender's
// descriptors wait parked, and the close waits behind them.
static void close__with_parked_descriptors_waits_for_them(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);
	uint32_t records = 0;

	for (uint32_t stream = 0; stream < 2; stream++)
		for (uint32_t i = 0; i < 32; i++)
			fake_app_send(
				&pair->a.app, (struct app_tx){.session = s.a,
						      .stream = stream_id(stream, STREAM_ORDERED),
						      .offset = i * APP_BLOCK_SIZE,
						      .size = 100,
						      .op = APP_TX_SEND,
						      .cookie = stream * 32 + i});
	fake_app_send(&pair->a.app, (struct app_tx){.session = s.a, .op = APP_TX_CLOSE});
	while (records < 64) {
		struct app_rx rx = pair_app_expect(pair, &pair->b, APP_RX_DATA, TURNS_MAX);

		fake_app_return(&pair->b.app, rx.offset, rx.session);
		records++;
	}
	expect_sent(pair, &pair->a, 64);
	assert_int_equal(pair->a.w.parked, 0);
}

static void close__parked_descriptors_fail_with_the_session(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_LZ4); // a budget of bytes for each turn

	send_all(&pair->a, s.a);
	pair_turn(pair, &pair->a);
	assert_true(pair->a.w.parked > 0);
	fake_app_send(&pair->a.app, (struct app_tx){.session = s.a, .op = APP_TX_ABORT});
	pair_turns(pair, 20);
	assert_int_equal(pair->a.w.parked, 0);
	expect_sent(pair, &pair->a, 64);
	assert_int_equal(pair_app_expect(pair, &pair->a, APP_RX_CLOSED, 10).session, s.a);
}

static void broken__application_loses_only_its_own(void **state)
{
	struct worker_pair *pair = *state;
	struct pair_session s = pair_open(pair, CODEC_NONE);

	send_all(&pair->a, s.a);
	pair_turns(pair, 3);
	fake_app_return(&pair->a.app, 0, s.a); // a block that it does not own
	pair_turns(pair, 100);
	assert_true(pair->a.gone);
	assert_int_equal(pair_app_expect(pair, &pair->b, APP_RX_CLOSED, TURNS_MAX).session, s.b);
}

// ---- all of it at random: whoever sends, closes, dies, whatever the links do ----

static uint32_t chaos_random(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static bool chaos_lose(void *context, const uint8_t *payload, uint32_t size)
{
	(void)payload, (void)size;
	return chaos_random(context, 20) != 0;
}

static void chaos_links(struct worker_pair *pair, uint32_t *seed)
{
	struct port *port = chaos_random(seed, 2) ? &pair->a.port : &pair->b.port;

	port->room = chaos_random(seed, 3) ? UINT32_MAX : chaos_random(seed, 40);
	port->mbufs = chaos_random(seed, 3) ? UINT32_MAX : chaos_random(seed, 40);
	port->up = chaos_random(seed, 6) != 0;
	port->resolves = chaos_random(seed, 6) != 0;
}

// What came is given back, most of the time; buffers that were answered may be sent again.
static void chaos_application(struct pair_end *e, uint64_t *busy, uint32_t *seed)
{
	struct app_rx rx;

	while ((rx = fake_app_event(&e->app)).type != 0) {
		if (rx.type == APP_RX_SENT)
			*busy &= ~(1ull << rx.cookie);
		if (rx.type == APP_RX_DATA && chaos_random(seed, 10))
			fake_app_return(&e->app, rx.offset, rx.session);
	}
}

static void chaos_send(struct pair_end *e, uint32_t cid, uint64_t *busy, uint32_t *seed)
{
	uint32_t buffer = chaos_random(seed, 64);

	if (*busy >> buffer & 1)
		return;
	*busy |= 1ull << buffer;
	fake_app_send(&e->app,
		(struct app_tx){.session = cid,
			.stream = chaos_random(seed, STREAMS_MAX) << 2 | chaos_random(seed, 2),
			.offset = buffer * APP_BLOCK_SIZE,
			.size = chaos_random(seed, APP_BLOCK_SIZE + 1),
			.op = APP_TX_SEND,
			.cookie = buffer});
}

static void chaos_end(struct pair_end *e, uint32_t cid, uint32_t *seed)
{
	switch (chaos_random(seed, 4)) {
	case 0:
		fake_app_send(&e->app, (struct app_tx){.session = cid, .op = APP_TX_CLOSE});
		break;
	case 1:
		fake_app_send(&e->app, (struct app_tx){.session = cid, .op = APP_TX_ABORT});
		break;
	case 2:
		pair_command(e, (struct plane_command){.type = PLANE_CLOSE,
					.cid = cid,
					.flags = (uint16_t)chaos_random(seed, 2)});
		break;
	default:
		if (!e->app.channel->leaving)
			pair_mail(e, MAIL_APP_DETACH, e->app.channel);
	}
}

static void chaos__everything_comes_back(void **state)
{
	(void)state;
	for (uint32_t number = 1; number <= 60; number++) {
		uint32_t seed = number;
		struct worker_pair *pair = pair_new();
		struct pair_end *ends[2] = {&pair->a, &pair->b};
		struct pair_session s[2] = {
			pair_open(pair, CODEC_NONE), pair_open(pair, CODEC_LZ4)};
		uint64_t busy[2] = {0, 0};

		pair->a.port.on_tx = pair->b.port.on_tx = chaos_lose;
		pair->a.port.context = pair->b.port.context = &seed;
		for (uint32_t step = 0; step < 150; step++) {
			uint32_t side = chaos_random(&seed, 2), which = chaos_random(&seed, 2);
			uint32_t cid = side ? s[which].b : s[which].a;

			if (chaos_random(&seed, 8) == 0)
				chaos_links(pair, &seed);
			if (!ends[side]->app.channel->leaving)
				chaos_send(ends[side], cid, &busy[side], &seed);
			if (step > 50 && chaos_random(&seed, 40) == 0)
				chaos_end(ends[side], cid, &seed);
			pair_turns(pair, chaos_random(&seed, 12));
			chaos_application(ends[side], &busy[side], &seed);
		}
		for (uint32_t side = 0; side < 2; side++) {
			struct port *port = &ends[side]->port;

			port->room = port->mbufs = UINT32_MAX;
			port->up = port->resolves = true;
			port->on_tx = NULL;
		}
		pair_free(pair);
	}
}

// The CRC32C of the last block header that a link took.
static bool see_crc(void *context, const uint8_t *payload, uint32_t size)
{
	struct wire_header header;
	struct block_header block;

	assert_true(wire_header_parse(&header, payload, size));
	if (header.type == WIRE_DATA && !(header.flags & WIRE_ACK_BLOCK) &&
		block_header_parse(&block, payload + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE))
		*(uint32_t *)context = block.crc32c;
	return true;
}

static uint32_t crc_sent(enum port_driver a, enum port_driver b)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s;
	uint32_t crc = 0;

	pair->a.port.config.driver = a;
	pair->b.port.config.driver = b;
	pair->a.port.on_tx = see_crc;
	pair->a.port.context = &crc;
	s = pair_open(pair, CODEC_NONE);
	pair_send(&pair->a, s.a, 0, 100);
	assert_int_equal(pair_app_expect(pair, &pair->b, APP_RX_DATA, TURNS_MAX).size, 100);
	pair->a.port.on_tx = NULL;
	pair_free(pair);
	return crc;
}

static void blocks__carry_a_checksum_unless_both_links_are_memory(void **state)
{
	(void)state;
	assert_int_equal(crc_sent(PORT_MEMIF, PORT_MEMIF), 0);
	assert_int_not_equal(crc_sent(PORT_MEMIF, PORT_AF_PACKET), 0);
	assert_int_not_equal(crc_sent(PORT_AF_PACKET, PORT_MEMIF), 0);
	assert_int_not_equal(crc_sent(PORT_AF_PACKET, PORT_AF_PACKET), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detach__with_messages_in_flight),
		CASE(close__while_the_port_refuses),
		CASE(fini__with_a_backlog),
		CASE(send__without_packet_buffers),
		CASE(close__with_parked_descriptors_waits_for_them),
		CASE(close__parked_descriptors_fail_with_the_session),
		CASE(broken__application_loses_only_its_own),
		cmocka_unit_test(blocks__carry_a_checksum_unless_both_links_are_memory),
		cmocka_unit_test(chaos__everything_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
