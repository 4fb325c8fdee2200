// Whole workers with encryption on: nothing plain on the link, nothing copied, keys that change,
// and an attacker on the link.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/wire.h"
#include "tests/unit/dataplane/worker_pair.h"

#define TURNS_MAX 200000u
#define MARK      "what nobody else may read"

static uint8_t *buffer_of(const struct pair_end *e, uint32_t buffer)
{
	return e->app.region.base + (e->app.channel->tx_blocks - e->app.channel->region.base) +
	       (size_t)buffer * APP_BLOCK_SIZE;
}

// Text that a codec can pack, and that is easily found on a link.
static void fill(struct pair_end *e, uint32_t buffers)
{
	for (uint32_t i = 0; i < buffers; i++)
		for (uint32_t at = 0; at + 32 <= APP_BLOCK_SIZE; at += 32) {
			uint8_t *text = buffer_of(e, i) + at;

			memcpy(text, MARK, sizeof(MARK));
			text[30] = (uint8_t)(i * 97 + at / 32);
			text[31] = (uint8_t)(at * 2654435761u >> 24);
		}
}

static void receive(
	struct worker_pair *pair, struct pair_end *from, struct pair_end *to, uint32_t buffer)
{
	struct app_rx rx = pair_app_expect(pair, to, APP_RX_DATA, TURNS_MAX);

	assert_int_equal(
		memcmp(to->app.channel->blocks + rx.offset, buffer_of(from, buffer), rx.size), 0);
	fake_app_return(&to->app, rx.offset, rx.session);
}

static uint64_t drops_all(const struct pair_end *e)
{
	uint64_t all = 0;

	for (int d = VERDICT_ACCEPT + 1; d < DROP_COUNT; d++)
		all += e->w.counters.drops[d];
	return all;
}

static bool tap_plain(void *context, const uint8_t *payload, uint32_t size)
{
	uint64_t *packets = context;

	assert_null(memmem(payload + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE, MARK, 8));
	assert_null(memmem(payload + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE, "pair\0\0\0\0", 8));
	++*packets;
	return true;
}

static void sealed_with(enum cipher_backend backend, enum cipher_id cipher, enum codec_id codec)
{
	static const uint32_t sizes[] = {0, 1, 1391, 1392, 1393, 1408, 2800, 4096, 65535, 65536,
		65536, 65536, 30000, 65536, 7};
	const uint32_t records = sizeof(sizes) / sizeof(sizes[0]);
	struct worker_pair *pair = pair_new_with(backend);
	uint64_t packets = 0;
	struct pair_session s;

	pair->cipher = cipher;
	pair->a.port.on_tx = pair->b.port.on_tx = tap_plain;
	pair->a.port.context = pair->b.port.context = &packets;
	s = pair_open(pair, codec);
	fill(&pair->a, records);
	fill(&pair->b, records);
	for (uint32_t i = 0; i < records; i++) { // ACKs ride on data
		pair_send(&pair->a, s.a, i, sizes[i]);
		pair_send(&pair->b, s.b, i, sizes[i]);
	}
	for (uint32_t i = 0; i < records; i++) {
		receive(pair, &pair->a, &pair->b, i);
		receive(pair, &pair->b, &pair->a, i);
	}
	pair_turns(pair, 4000);
	assert_true(packets > 100);
	assert_int_equal(pair->a.tables->worker[0].bytes_memcpy, 0);
	assert_int_equal(pair->b.tables->worker[0].bytes_memcpy, 0);
	assert_int_equal(drops_all(&pair->a) + drops_all(&pair->b), 0);
	pair_free(pair);
}

static void sealed__nothing_plain_on_the_link_and_nothing_copied(void **state)
{
	(void)state;
	for (int cipher = CIPHER_NULL + 1; cipher < CIPHER_COUNT; cipher++) {
		sealed_with(CIPHER_AUTO, (enum cipher_id)cipher, CODEC_NONE);
		sealed_with(CIPHER_AUTO, (enum cipher_id)cipher, CODEC_LZ4);
		sealed_with(CIPHER_EVP, (enum cipher_id)cipher, CODEC_NONE);
	}
}

static void sealed__keys_are_wiped_with_their_session(void **state)
{
	static const struct keys zero;
	struct worker_pair *pair = pair_new();
	struct pair_session s;

	(void)state;
	pair->cipher = CIPHER_AES_256_GCM;
	s = pair_open(pair, CODEC_NONE);
	const struct keys *keys = &pair->a.w.keys[wire_cid_slot(s.a)];
	assert_memory_not_equal(keys, &zero, sizeof(zero));
	pair_command(&pair->a, (struct plane_command){.type = PLANE_CLOSE, .cid = s.a});
	pair_turns(pair, 1000);
	pair_expect(&pair->a, PLANE_CLOSED);
	assert_memory_equal(keys, &zero, sizeof(zero));
	pair_free(pair);
}

static void open__refuses_a_cipher_without_secrets(void **state)
{
	struct worker_pair *pair = pair_new();

	(void)state;
	pair->cipher = CIPHER_AES_256_GCM;
	for (uint32_t i = 0; i < 3; i++) {
		struct plane_command open = pair_open_command(pair, &pair->b, 0, 99);

		if (i == 0)
			memset(open.secret_send, 0, sizeof(open.secret_send));
		if (i == 1)
			memset(open.secret_receive, 0, sizeof(open.secret_receive));
		if (i == 2)
			memcpy(open.secret_receive, open.secret_send, sizeof(open.secret_send));
		pair_command(&pair->b, open);
		pair_turn(pair, &pair->b);
		assert_non_null(strstr(pair_expect(&pair->b, PLANE_REFUSED).text, "secrets"));
	}
	assert_int_equal(pair->b.w.sessions_count, 0);
	pair_free(pair);
}

// Keeps 20 records on their way until `records` have arrived.
static void stream(struct worker_pair *pair, struct pair_session s, uint32_t records)
{
	for (uint32_t i = 0; i < 20; i++)
		pair_send(&pair->a, s.a, i, 65536);
	for (uint32_t i = 0; i < records; i++) {
		receive(pair, &pair->a, &pair->b, i % 20);
		if (i + 20 < records)
			pair_send(&pair->a, s.a, i % 20, 65536);
	}
}

struct lossy {
	uint32_t packets, every;
};

static bool tap_lose(void *context, const uint8_t *payload, uint32_t size)
{
	struct lossy *lossy = context;

	(void)payload, (void)size;
	return lossy->every == 0 || ++lossy->packets % lossy->every != 0;
}

static void rekey_with(uint32_t every, enum cipher_backend backend)
{
	struct worker_pair *pair = pair_new_with(backend);
	struct lossy lossy = {.every = every};
	struct pair_session s;
	const struct keys *keys;

	pair->cipher = CIPHER_AES_256_GCM;
	pair->a.config.rekey_packets = pair->b.config.rekey_packets = 1000;
	pair->a.port.on_tx = pair->b.port.on_tx = tap_lose;
	pair->a.port.context = pair->b.port.context = &lossy;
	s = pair_open(pair, CODEC_NONE);
	fill(&pair->a, 20);
	stream(pair, s, 300); // 14,000 packets
	keys = &pair->a.w.keys[wire_cid_slot(s.a)];
	assert_true(keys->send.phase >= 8);
	pair_turns(pair, 4000); // every row is published
	assert_int_equal(
		pair->a.tables->session[0][wire_cid_slot(s.a)].stats.rekeys, keys->send.phase);
	assert_true(pair->b.w.keys[wire_cid_slot(s.b)].receive.phase >= keys->send.phase - 1);
	assert_true(keys->receive.phase < keys->send.phase); // b sends ACKs only, and fewer
	assert_int_equal(drops_all(&pair->a) + drops_all(&pair->b), 0);
	pair_free(pair);
}

static void rekey__every_thousand_packets_without_a_pause(void **state)
{
	(void)state;
	rekey_with(0, CIPHER_AUTO);
	rekey_with(0, CIPHER_EVP);
	rekey_with(37, CIPHER_AUTO); // packets of both phases are lost, and sent again
}

// Nothing acknowledges an ACK: whoever only receives has to ask, or its key would be spent.
static void rekey__of_an_end_that_only_acknowledges(void **state)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s;
	struct keys *keys;

	(void)state;
	pair->cipher = CIPHER_AES_256_GCM;
	pair->b.config.rekey_packets = 1000;
	s = pair_open(pair, CODEC_NONE);
	keys = &pair->b.w.keys[wire_cid_slot(s.b)];
	keys->limits.packets_max = KEYS_RESERVE + 1500;
	fill(&pair->a, 1);
	for (uint32_t i = 0; i < 8000; i++) { // an ACK each: more than one key may seal
		pair_send(&pair->a, s.a, 0, 1000);
		receive(pair, &pair->a, &pair->b, 0);
		(void)pair_app_expect(pair, &pair->a, APP_RX_SENT, TURNS_MAX);
	}
	assert_true(keys->send.first_pn > KEYS_RESERVE + 1500);
	assert_int_equal(pair->a.w.keys[wire_cid_slot(s.a)].receive.phase, keys->send.phase);
	assert_int_equal(drops_all(&pair->a) + drops_all(&pair->b), 0);
	pair_free(pair);
}

static void rekey__a_spent_key_ends_the_session(void **state)
{
	struct worker_pair *pair = pair_new();
	struct pair_session s;
	struct keys *keys;
	struct plane_event closed;

	(void)state;
	pair->cipher = CIPHER_AES_256_GCM;
	pair->a.config.rekey_packets = 1000;
	s = pair_open(pair, CODEC_NONE);
	keys = &pair->a.w.keys[wire_cid_slot(s.a)];
	keys->limits.packets_max = KEYS_RESERVE + 2000;
	keys->send.ready = false; // the next key never comes: nobody wants it
	for (uint32_t i = 0; i < 60; i++)
		pair_send(&pair->a, s.a, i, 65536);
	for (uint32_t i = 0; i < 40; i++)
		receive(pair, &pair->a, &pair->b, i);
	pair_turns(pair, 2000);
	closed = pair_expect(&pair->a, PLANE_CLOSED);
	assert_int_equal(closed.reason, CLOSE_KEY_SPENT);
	assert_non_null(strstr(close_reason_sentence(CLOSE_KEY_SPENT), "key"));
	assert_int_equal(pair_expect(&pair->b, PLANE_CLOSED).reason, CLOSE_PEER_RESET);
	assert_int_equal(pair->a.w.counters.drops[DROP_KEY], 0); // what ended it was sealed yet
	pair_free(pair);
}

// Who sits on the link from a to b, sees everything and sends what he likes.
struct attacker {
	struct port *victim;
	uint32_t other_cid; // of another session
	uint64_t injected, replayed, flipped;
	uint32_t random;
	uint32_t last_size;
	uint8_t last[MTU_MAX];
};

static uint32_t attacker_random(struct attacker *x, uint32_t below)
{
	x->random = x->random * 1664525u + 1013904223u;
	return (x->random >> 8) % below;
}

static void inject(struct attacker *x, const uint8_t *bytes, uint32_t size)
{
	fake_port_inject(x->victim, bytes, size);
	x->injected++;
}

static bool tap_attack(void *context, const uint8_t *payload, uint32_t size)
{
	struct attacker *x = context;
	uint8_t forged[MTU_MAX];

	if (x->last_size > 0) { // it has come already
		inject(x, x->last, x->last_size);
		x->replayed++;
	}
	memcpy(x->last, payload, size);
	x->last_size = size;

	memcpy(forged, payload, size); // one bit of what is sealed, before the true one
	forged[WIRE_HEADER_SIZE + attacker_random(x, size - WIRE_HEADER_SIZE)] ^=
		(uint8_t)(1u << attacker_random(x, 8));
	inject(x, forged, size);
	x->flipped++;

	memcpy(forged, payload, size); // one of the header, but for version and type
	forged[1 + attacker_random(x, WIRE_HEADER_SIZE - 1)] ^=
		(uint8_t)(1u << attacker_random(x, 8));
	inject(x, forged, size);

	memcpy(forged, payload, size); // cut off
	inject(x, forged, WIRE_HEADER_SIZE + attacker_random(x, size - WIRE_HEADER_SIZE));

	memcpy(forged, payload, size); // for another session
	forged[2] = (uint8_t)(x->other_cid >> 24);
	forged[3] = (uint8_t)(x->other_cid >> 16);
	forged[4] = (uint8_t)(x->other_cid >> 8);
	forged[5] = (uint8_t)x->other_cid;
	forged[10] = 1; // a packet number that it has not seen
	inject(x, forged, size);

	for (uint32_t i = WIRE_HEADER_SIZE; i < size; i++) // invented
		forged[i] = (uint8_t)attacker_random(x, 256);
	memcpy(forged, payload, WIRE_HEADER_SIZE);
	inject(x, forged, size);
	memset(forged, 0, size); // a RESET as from the peer
	memcpy(forged, payload, WIRE_HEADER_SIZE);
	forged[0] = WIRE_VERSION << 5 | WIRE_RESET;
	inject(x, forged, WIRE_HEADER_SIZE + 2 + WIRE_TAG_SIZE);
	return true;
}

static void attacker__is_counted_and_changes_nothing(void **state)
{
	struct worker_pair *pair = pair_new();
	struct attacker x = {.victim = &pair->b.port};
	struct pair_session s, other;

	(void)state;
	pair->cipher = CIPHER_AES_256_GCM;
	pair->a.config.rekey_packets = 1000;
	other = pair_open(pair, CODEC_NONE);
	s = pair_open(pair, CODEC_NONE);
	x.other_cid = other.b;
	fill(&pair->a, 20);
	pair->a.port.on_tx = tap_attack;
	pair->a.port.context = &x;
	stream(pair, s, 60);
	pair->a.port.on_tx = NULL;
	pair_send(&pair->a, other.a, 3, 5000); // this one lives as well
	receive(pair, &pair->a, &pair->b, 3);
	pair_turns(pair, 4000);
	assert_true(x.replayed > 2500);
	assert_int_equal(drops_all(&pair->b), x.injected); // each once, and no packet of ours
	assert_true(pair->b.w.counters.drops[DROP_REPLAY] >= x.replayed);
	assert_true(pair->b.w.counters.drops[DROP_AUTH] >= x.flipped);
	assert_true(pair->a.w.keys[wire_cid_slot(s.a)].send.phase >= 2);
	assert_int_equal(pair->b.w.keys[wire_cid_slot(s.b)].receive.phase,
		pair->a.w.keys[wire_cid_slot(s.a)].send.phase);
	assert_int_equal(drops_all(&pair->a), 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed__nothing_plain_on_the_link_and_nothing_copied),
		cmocka_unit_test(sealed__keys_are_wiped_with_their_session),
		cmocka_unit_test(open__refuses_a_cipher_without_secrets),
		cmocka_unit_test(rekey__every_thousand_packets_without_a_pause),
		cmocka_unit_test(rekey__of_an_end_that_only_acknowledges),
		cmocka_unit_test(rekey__a_spent_key_ends_the_session),
		cmocka_unit_test(attacker__is_counted_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
