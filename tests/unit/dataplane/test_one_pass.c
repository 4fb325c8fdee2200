// Every pass over payload is a transformation, never a copy: the cipher `null`, which is nothing
// but one, counts each byte exactly once on the way out and once on the way in; nothing else does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/worker_pair.h"

#define TURNS_MAX 200000u

// Payload bytes of DATA packets that a link took.
struct tap {
	uint64_t bytes;
	uint32_t rides;      // packets with an ACK on board
	uint32_t lose_every; // 0: none
	uint32_t packets;
};

static bool tap_count(void *context, const uint8_t *payload, uint32_t size)
{
	struct tap *tap = context;
	struct wire_header header;

	assert_true(wire_header_parse(&header, payload, size));
	if (header.type != WIRE_DATA)
		return true;
	tap->bytes += size - WIRE_HEADER_SIZE;
	if (header.flags & WIRE_ACK_BLOCK) {
		tap->bytes -= WIRE_ACK_RIDE_SIZE; // protocol, no payload
		tap->rides++;
	}
	return tap->lose_every == 0 || ++tap->packets % tap->lose_every != 0;
}

static struct worker_pair *start(struct tap *a, struct tap *b)
{
	struct worker_pair *pair = pair_new();

	pair->a.port.on_tx = pair->b.port.on_tx = tap_count;
	pair->a.port.context = a;
	pair->b.port.context = b;
	return pair;
}

static const uint8_t *buffer_of(const struct pair_end *e, uint32_t buffer)
{
	return e->app.channel->tx_blocks + (size_t)buffer * APP_BLOCK_SIZE;
}

// Everything that was sent arrives, once, byte for
// byte; blocks go back as an application would do it.
static void drain(
	struct worker_pair *pair, struct pair_end *from, struct pair_end *to, uint32_t records)
{
	for (uint32_t i = 0; i < records; i++) {
		struct app_rx rx = pair_app_expect(pair, to, APP_RX_DATA, TURNS_MAX);

		assert_memory_equal(
			to->app.channel->blocks + rx.offset, buffer_of(from, i), rx.size);
		fake_app_return(&to->app, rx.offset, rx.session);
	}
}

static struct session_stats stats_of(const struct pair_end *e, uint32_t cid)
{
	return e->tables->session[0][wire_cid_slot(cid)].stats;
}

static void settle(struct worker_pair *pair)
{
	pair_turns(pair, 4000); // ACKs, and 10 ms so that every row is published
}

static void fill(struct pair_end *e, uint32_t seed)
{
	uint8_t *bytes =
		e->app.region.base + (e->app.channel->tx_blocks - e->app.channel->region.base);

	for (size_t i = 0; i < e->app.channel->tx_blocks_size; i++)
		bytes[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}

// What may be copied: stored bytes and the 16 bytes of block header of each record. Nothing for
// ACKs, HELLO, probes; nothing when a record is submitted, completed or delivered.
static void copied__raw_records_once_out_and_once_in(void **state)
{
	static const uint32_t sizes[] = {0, 1, 1391, 1392, 1393, 1408, 2800, 4096, 65535, 65536,
		65536, 65536, 30000, 65536, 7};
	const uint32_t records = sizeof(sizes) / sizeof(sizes[0]);
	struct tap a = {0}, b = {0};
	struct worker_pair *pair = start(&a, &b);
	struct pair_session s = pair_open(pair, CODEC_NONE);
	uint64_t expected = 0;

	(void)state;
	fill(&pair->a, 1);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_sealed, 0); // HELLO was no payload
	for (uint32_t i = 0; i < records; i++) {
		pair_send(&pair->a, s.a, i, sizes[i]);
		expected += sizes[i] + BLOCK_HEADER_SIZE;
	}
	drain(pair, &pair->a, &pair->b, records);
	settle(pair);
	assert_int_equal(stats_of(&pair->a, s.a).retransmits, 0);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_sealed, expected);
	assert_int_equal(pair->b.w.counters.bytes_memcpy_opened, expected);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_opened, 0);
	assert_int_equal(pair->b.w.counters.bytes_memcpy_sealed, 0);
	// As control shows it.
	assert_int_equal(pair->a.tables->worker[0].bytes_memcpy, expected);
	assert_int_equal(pair->a.tables->worker[0].bytes_memcpy_sealed, expected);
	assert_int_equal(pair->b.tables->worker[0].bytes_memcpy, expected);
	assert_int_equal(pair->b.tables->worker[0].bytes_memcpy_opened, expected);
	assert_int_equal(a.bytes, expected);
	pair_free(pair);
}

// Both directions at once: ACKs ride on data and do not count.
static void copied__both_directions_with_riding_acks(void **state)
{
	struct tap a = {0}, b = {0};
	struct worker_pair *pair = start(&a, &b);
	struct pair_session s = pair_open(pair, CODEC_NONE);
	const uint32_t rounds = 60, size = 1000;
	uint64_t expected = rounds * (size + BLOCK_HEADER_SIZE);

	(void)state;
	for (uint32_t i = 0; i < rounds; i++) {
		pair_send(&pair->a, s.a, i, size);
		pair_send(&pair->b, s.b, i, size);
		pair_turns(pair, 3);
	}
	drain(pair, &pair->a, &pair->b, rounds);
	drain(pair, &pair->b, &pair->a, rounds);
	settle(pair);
	assert_true(a.rides + b.rides > 0);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_sealed, expected);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_opened, expected);
	assert_int_equal(pair->b.w.counters.bytes_memcpy_sealed, expected);
	assert_int_equal(pair->b.w.counters.bytes_memcpy_opened, expected);
	pair_free(pair);
}

// The codec's pass is its own: what the cipher copies is what the codec stored.
static void copied__compressed_records_count_stored_bytes(void **state)
{
	struct tap a = {0}, b = {0};
	struct worker_pair *pair = start(&a, &b);
	struct pair_session s = pair_open(pair, CODEC_LZ4);
	const uint32_t records = 20;
	struct session_stats stats;

	(void)state;
	for (uint32_t i = 0; i < records; i++) // zeros
		pair_send(&pair->a, s.a, i, 65536);
	drain(pair, &pair->a, &pair->b, records);
	settle(pair);
	stats = stats_of(&pair->a, s.a);
	assert_int_equal(stats.raw_bytes_sent, records * 65536);
	assert_true(stats.stored_bytes_sent < stats.raw_bytes_sent / 100);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_sealed,
		stats.stored_bytes_sent + records * BLOCK_HEADER_SIZE);
	assert_int_equal(
		pair->b.w.counters.bytes_memcpy_opened, pair->a.w.counters.bytes_memcpy_sealed);
	pair_free(pair);
}

// Lost packets are sealed again, under their new number:
// exactly what goes out counts, and exactly what comes in.
static void copied__a_retransmission_counts_again(void **state)
{
	struct tap a = {.lose_every = 50}, b = {0};
	struct worker_pair *pair = start(&a, &b);
	struct pair_session s = pair_open(pair, CODEC_NONE);
	const uint32_t records = 20;

	(void)state;
	fill(&pair->a, 2);
	for (uint32_t i = 0; i < records; i++)
		pair_send(&pair->a, s.a, i, 65536);
	drain(pair, &pair->a, &pair->b, records);
	settle(pair);
	assert_true(stats_of(&pair->a, s.a).retransmits > 0);
	assert_int_equal(pair->a.w.counters.bytes_memcpy_sealed, a.bytes);
	assert_true(a.bytes > records * (65536 + BLOCK_HEADER_SIZE));
	pair_free(pair);
}

// A copy that a link makes is no secret either.
static void copied__a_port_that_joins_segments_says_so(void **state)
{
	struct worker_pair *pair = pair_new();

	(void)state;
	pair->a.port.counters.chained_bytes = 4711;
	settle(pair);
	assert_int_equal(pair->a.tables->worker[0].bytes_memcpy, 4711);
	assert_int_equal(pair->a.tables->worker[0].bytes_memcpy_sealed, 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copied__raw_records_once_out_and_once_in),
		cmocka_unit_test(copied__both_directions_with_riding_acks),
		cmocka_unit_test(copied__compressed_records_count_stored_bytes),
		cmocka_unit_test(copied__a_retransmission_counts_again),
		cmocka_unit_test(copied__a_port_that_joins_segments_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
