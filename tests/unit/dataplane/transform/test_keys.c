// Phases of keys: when one ends, which key opens what, and what is never sealed.
#include "dataplane/transform/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"

#define MS 1000000ull

// Two ends of one connection; only what a seals and b opens is looked at.
struct ends {
	struct seal_engine engine;
	struct keys *a, *b;
	uint64_t now_ns;
	uint8_t header[WIRE_HEADER_SIZE];
};

static const uint8_t there[SECRET_SIZE] = "from a to b", back[SECRET_SIZE] = "from b to a";

static struct ends *ends_new(enum cipher_id id, const struct keys_limits *limits)
{
	struct ends *e = calloc(1, sizeof(*e));
	const struct cipher *cipher;
	char why[96];

	assert_non_null(e);
	assert_int_equal(seal_engine_init(&e->engine, CIPHER_AUTO, why, sizeof(why)), 0);
	cipher = cipher_by_id(&e->engine, (uint8_t)id);
	e->a = aligned_alloc(64, sizeof(*e->a));
	e->b = aligned_alloc(64, sizeof(*e->b));
	assert_true(e->a && e->b);
	memset(e->a, 0, sizeof(*e->a));
	memset(e->b, 0, sizeof(*e->b));
	e->now_ns = 5 * MS;
	assert_true(keys_init(e->a, &e->engine, cipher, limits, there, back, e->now_ns));
	assert_true(keys_init(e->b, &e->engine, cipher, limits, back, there, e->now_ns));
	return e;
}

static void ends_free(struct ends *e)
{
	static const struct keys zero;

	keys_fini(e->a);
	keys_fini(e->b);
	assert_memory_equal(e->a, &zero, sizeof(zero));
	assert_memory_equal(e->b, &zero, sizeof(zero));
	keys_fini(e->a); // again
	seal_engine_fini(&e->engine);
	free(e->a);
	free(e->b);
	free(e);
}

struct packet {
	uint64_t pn;
	bool phase;
	uint32_t size;
	uint8_t bytes[64];
};

static bool seal(struct ends *e, struct packet *p, uint64_t pn, uint64_t acked)
{
	struct seal_source in = {(const uint8_t *)"payload", 7};
	const struct seal_key *key = keys_to_seal(e->a, pn, acked, e->now_ns, &p->phase);

	p->pn = pn;
	if (key)
		p->size = e->a->cipher->seal(key, pn, e->header, &in, 1, p->bytes);
	return key;
}

static bool open(struct ends *e, const struct packet *p)
{
	uint8_t out[7];
	struct seal_piece piece = {out, sizeof(out)};
	const struct seal_key *key = keys_to_open(e->b, p->pn, p->phase, e->now_ns);

	if (!key || !e->b->cipher->open(key, p->pn, e->header, p->bytes, p->size, &piece, 1))
		return false;
	keys_opened(e->b, key, p->pn, e->now_ns);
	return memcmp(out, "payload", 7) == 0;
}

static void ahead(struct ends *e)
{
	if (e->a->wants)
		assert_true(keys_ahead(e->a, e->now_ns));
	if (e->b->wants)
		assert_true(keys_ahead(e->b, e->now_ns));
	assert_false(e->a->wants || e->b->wants);
}

static void phases__follow_each_other(void **state)
{
	static const struct keys_limits limits = {.packets = 10};

	(void)state;
	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++) {
		struct ends *e = ends_new((enum cipher_id)id, &limits);
		struct packet p;

		for (uint64_t pn = 1; pn <= 200; pn++) {
			assert_true(seal(e, &p, pn, pn - 1));
			assert_int_equal(p.phase, (pn - 1) / 10 & 1);
			assert_true(open(e, &p));
			ahead(e);
		}
		assert_int_equal(e->a->send.phase, 19);
		assert_int_equal(e->b->receive.phase, 19);
		assert_int_equal(e->a->receive.phase, 0); // each direction for itself
		ends_free(e);
	}
}

static void phases__have_keys_and_ivs_of_their_own(void **state)
{
	static const struct keys_limits limits = {.packets = 1};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p[6];

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		uint8_t iv[SEAL_IV_SIZE];

		memcpy(iv, e->a->send.now->iv, sizeof(iv));
		assert_true(seal(e, &p[i], i + 1, i));
		ahead(e);
		if (i > 0)
			assert_memory_not_equal(iv, e->a->send.now->iv, sizeof(iv));
		// The same packet number under every key: nothing repeats.
		struct seal_source in = {(const uint8_t *)"payload", 7};
		e->a->cipher->seal(e->a->send.now, 1ull << 40, e->header, &in, 1, p[i].bytes);
		for (uint32_t j = 0; j < i; j++)
			assert_memory_not_equal(p[i].bytes, p[j].bytes, 7);
	}
	assert_memory_not_equal(e->a->send.now->iv, e->a->receive.now->iv, SEAL_IV_SIZE);
	ends_free(e);
}

static void send__waits_for_an_ack_of_this_phase(void **state)
{
	static const struct keys_limits limits = {.packets = 10};
	struct ends *e = ends_new(CIPHER_AES_128_GCM, &limits);
	struct packet p;
	uint64_t pn = 1;

	(void)state;
	for (; pn <= 25; pn++) {
		assert_true(seal(e, &p, pn, 0));
		assert_false(p.phase);
	}
	assert_true(seal(e, &p, pn++, 3)); // 26 begins phase 1
	assert_true(p.phase);
	ahead(e);
	for (; pn <= 50; pn++) {
		assert_true(seal(e, &p, pn, 25)); // acknowledged, but of phase 0
		assert_true(p.phase);
	}
	assert_true(seal(e, &p, pn, 26));
	assert_false(p.phase);
	assert_int_equal(e->a->send.phase, 2);
	ends_free(e);
}

static void send__begins_no_phase_that_is_not_derived(void **state)
{
	static const struct keys_limits limits = {.packets = 5};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p;

	(void)state;
	for (uint64_t pn = 1; pn <= 50; pn++)
		assert_true(seal(e, &p, pn, pn - 1)); // nobody calls keys_ahead
	assert_int_equal(e->a->send.phase, 1);
	ahead(e);
	assert_true(seal(e, &p, 51, 50));
	assert_int_equal(e->a->send.phase, 2);
	ends_free(e);
}

static void send__a_phase_ends_by_age(void **state)
{
	static const struct keys_limits limits = {.ns = 120 * MS};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p;

	(void)state;
	e->now_ns += 119 * MS;
	assert_true(seal(e, &p, 1, 0));
	assert_true(seal(e, &p, 2, 1));
	assert_false(p.phase);
	e->now_ns += 1 * MS;
	assert_true(seal(e, &p, 3, 2));
	assert_true(p.phase);
	ahead(e);
	e->now_ns += 119 * MS; // counts from its own beginning
	assert_true(seal(e, &p, 4, 3));
	assert_true(p.phase);
	ends_free(e);
}

static void send__stops_before_a_key_is_used_too_often(void **state)
{
	static const struct keys_limits limits = {.packets = 5000, .packets_max = 10000};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p;
	uint64_t pn = 100;

	(void)state;
	for (; pn < 100 + 10000 - KEYS_RESERVE; pn++) {
		assert_true(seal(e, &p, pn, 99));
		assert_false(e->a->spent);
	}
	for (; pn < 100 + 10000; pn++) { // the last ones: RESET, ACK
		assert_true(seal(e, &p, pn, 99));
		assert_true(e->a->spent && e->a->wants);
		assert_false(p.phase);
	}
	for (; pn < 100 + 10100; pn++)
		assert_false(seal(e, &p, pn, 99));
	ends_free(e);
}

// Nothing of the phase is acknowledged, as when all that goes are ACKs.
static void send__asks_when_a_phase_cannot_end(void **state)
{
	static const struct keys_limits limits = {.packets = 1000};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p;

	(void)state;
	for (uint64_t pn = 1; pn <= 1001 + 2 * KEYS_ASK; pn++) {
		assert_true(seal(e, &p, pn, 0));
		assert_int_equal(e->a->asks, pn > 1000 && (pn - 1001) % KEYS_ASK == 0);
		assert_int_equal(e->a->wants, e->a->asks);
		ahead(e);
		assert_false(e->a->asks);
	}
	assert_true(seal(e, &p, 5000, 1001)); // it was answered
	assert_int_equal(e->a->send.phase, 1);
	assert_false(e->a->asks);
	ends_free(e);
}

static void defaults__are_those_of_the_rfc(void **state)
{
	static const struct keys_limits none;
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &none);
	struct packet p;

	(void)state;
	assert_true(seal(e, &p, 1, 0));
	assert_true(seal(e, &p, 1ull << 22, 1));
	assert_int_equal(e->a->send.phase, 0);
	assert_true(seal(e, &p, (1ull << 22) + 1, 1));
	assert_int_equal(e->a->send.phase, 1);
	assert_false(seal(e, &p, (1ull << 22) + 1 + (1ull << 23), 1));
	ends_free(e);
}

static void receive__takes_late_packets_of_both_phases(void **state)
{
	static const struct keys_limits limits = {.packets = 5};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p[12];

	(void)state;
	for (uint64_t pn = 1; pn <= 10; pn++)
		assert_true(seal(e, &p[pn], pn, pn - 1));
	assert_true(open(e, &p[1]));
	assert_true(open(e, &p[8])); // of the new phase, overtakes
	assert_int_equal(e->b->receive.phase, 1);
	assert_true(open(e, &p[4])); // of the old one
	assert_true(open(e, &p[6])); // of the new one, lower than the first seen
	assert_true(open(e, &p[5]));
	assert_true(open(e, &p[10]));
	assert_int_equal(e->b->receive.phase, 1);
	e->now_ns += KEYS_OLD_NS;
	assert_null(keys_to_open(e->b, p[2].pn, p[2].phase, e->now_ns)); // too late
	assert_true(open(e, &p[7]));
	ends_free(e);
}

static void receive__forgets_the_key_that_is_over(void **state)
{
	static const struct keys_limits limits = {.packets = 5};

	(void)state;
	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++) {
		struct ends *e = ends_new((enum cipher_id)id, &limits);
		uint8_t out[7];
		struct seal_piece piece = {out, sizeof(out)};
		struct packet p[8];

		for (uint64_t pn = 1; pn <= 7; pn++)
			assert_true(seal(e, &p[pn], pn, pn - 1));
		assert_true(open(e, &p[1]));
		assert_true(open(e, &p[6]));
		ahead(e);
		const struct seal_key *old = e->b->receive.old;
		assert_true(
			e->b->cipher->open(old, 2, e->header, p[2].bytes, p[2].size, &piece, 1));
		e->now_ns += KEYS_OLD_NS;
		assert_true(open(e, &p[7]));
		assert_true(e->b->wants);
		ahead(e);
		assert_false(
			e->b->cipher->open(old, 2, e->header, p[2].bytes, p[2].size, &piece, 1));
		ends_free(e);
	}
}

static void receive__forged_phases_change_nothing(void **state)
{
	static const struct keys_limits limits = {.packets = 5};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p;

	(void)state;
	for (uint64_t pn = 1; pn <= 4; pn++) {
		assert_true(seal(e, &p, pn, pn - 1));
		p.phase ^= 1; // not of the header that was sealed: in truth its tag fails as well
		assert_false(open(e, &p));
		assert_int_equal(e->b->receive.phase, 0);
		assert_false(e->b->wants);
		p.phase ^= 1;
		assert_true(open(e, &p));
	}
	ends_free(e);
}

static void receive__does_not_skip_a_phase_that_is_not_derived(void **state)
{
	static const struct keys_limits limits = {.packets = 1};
	struct ends *e = ends_new(CIPHER_AES_256_GCM, &limits);
	struct packet p[4];

	(void)state;
	for (uint64_t pn = 1; pn <= 3; pn++) {
		assert_true(seal(e, &p[pn], pn, pn - 1));
		assert_true(keys_ahead(e->a, e->now_ns));
	}
	assert_true(open(e, &p[1]));
	assert_true(open(e, &p[2]));
	assert_null(keys_to_open(e->b, 3, p[3].phase, e->now_ns));
	ahead(e);
	assert_true(open(e, &p[3]));
	ends_free(e);
}

static void null__has_one_phase(void **state)
{
	static const struct keys_limits limits = {.packets = 1, .packets_max = 2, .ns = 1};
	struct ends *e = ends_new(CIPHER_NULL, &limits);
	struct packet p;

	(void)state;
	for (uint64_t pn = 1; pn < 100; pn++) {
		assert_true(seal(e, &p, pn, pn - 1));
		assert_false(p.phase);
		assert_true(open(e, &p));
		p.phase = true; // a stranger's
		assert_null(keys_to_open(e->b, pn, true, e->now_ns));
	}
	assert_false(e->a->wants || e->b->wants);
	ends_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases__follow_each_other),
		cmocka_unit_test(phases__have_keys_and_ivs_of_their_own),
		cmocka_unit_test(send__waits_for_an_ack_of_this_phase),
		cmocka_unit_test(send__begins_no_phase_that_is_not_derived),
		cmocka_unit_test(send__a_phase_ends_by_age),
		cmocka_unit_test(send__stops_before_a_key_is_used_too_often),
		cmocka_unit_test(send__asks_when_a_phase_cannot_end),
		cmocka_unit_test(defaults__are_those_of_the_rfc),
		cmocka_unit_test(receive__takes_late_packets_of_both_phases),
		cmocka_unit_test(receive__forgets_the_key_that_is_over),
		cmocka_unit_test(receive__forged_phases_change_nothing),
		cmocka_unit_test(receive__does_not_skip_a_phase_that_is_not_derived),
		cmocka_unit_test(null__has_one_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
