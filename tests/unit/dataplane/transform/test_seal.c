// Ciphers against published vectors, against each other, and against whoever changes a bit.
#include "dataplane/transform/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/wire.h"

#define LENGTH_MAX 70000u
#define ROOM       (LENGTH_MAX + 256u)

// Both backends; imb.backend is NULL on a CPU that has none of it.
struct rig {
	struct seal_engine imb, evp;
	struct seal_key *key; // two: for sealing, for opening
	uint8_t *plain, *sealed, *again, *opened;
	uint64_t random;
};

static uint64_t rig_random(struct rig *r, uint64_t below)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random % below;
}

static int rig_new(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	char why[96];

	assert_non_null(r);
	r->random = 0x9e3779b97f4a7c15ull;
	assert_int_equal(seal_engine_init(&r->evp, CIPHER_EVP, why, sizeof(why)), 0);
	seal_engine_init(&r->imb, CIPHER_IMB, why, sizeof(why));
	r->key = aligned_alloc(64, 2 * sizeof(*r->key));
	assert_non_null(r->key);
	memset(r->key, 0, 2 * sizeof(*r->key));
	r->plain = malloc(4 * ROOM);
	assert_non_null(r->plain);
	r->sealed = r->plain + ROOM;
	r->again = r->sealed + ROOM;
	r->opened = r->again + ROOM;
	for (uint32_t i = 0; i < ROOM; i++)
		r->plain[i] = (uint8_t)rig_random(r, 256);
	*state = r;
	return 0;
}

static int rig_free(void **state)
{
	struct rig *r = *state;

	if (r->imb.backend)
		seal_engine_fini(&r->imb);
	seal_engine_fini(&r->evp);
	free(r->key);
	free(r->plain);
	free(r);
	return 0;
}

static void key_take(struct seal_key *key, const struct seal_engine *engine,
	const struct cipher *cipher, const uint8_t *bytes, const uint8_t *iv, bool seals)
{
	assert_true(cipher->key_set(key, cipher, engine->library, bytes, seals));
	memcpy(key->iv, iv, SEAL_IV_SIZE);
	key->header_size = WIRE_HEADER_SIZE;
}

static uint32_t unhex(uint8_t *out, const char *hex)
{
	uint32_t n = 0;

	for (; hex[2 * n]; n++)
		out[n] = (uint8_t)strtoul((char[]){hex[2 * n], hex[2 * n + 1], 0}, NULL, 16);
	return n;
}

#define GCM_IV     "cafebabefacedbaddecaf888"
#define GCM_KEY    "feffe9928665731c6d6a8f9467308308"
#define GCM_HEADER "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_PLAIN                                                          \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define ZEROS "00000000000000000000000000000000"

// GCM: test cases 1 to 4 and 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation",
// which NIST's SP 800-38D refers to. ChaCha20-Poly1305: RFC 8439, section 2.8.2.
static const struct vector {
	enum cipher_id id;
	const char *key, *iv, *header, *plain, *sealed;
} vectors[] = {
	{CIPHER_AES_128_GCM, ZEROS, "000000000000000000000000", "", "",
		"58e2fccefa7e3061367f1d57a4e7455a"},
	{CIPHER_AES_128_GCM, ZEROS, "000000000000000000000000", "", ZEROS,
		"0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
	{CIPHER_AES_128_GCM, GCM_KEY, GCM_IV, "", GCM_PLAIN "1aafd255",
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
		"4d5c2af327cd64a62cf35abd2ba6fab4"},
	{CIPHER_AES_128_GCM, GCM_KEY, GCM_IV, GCM_HEADER, GCM_PLAIN,
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
		"5bc94fbc3221a5db94fae95ae7121a47"},
	{CIPHER_AES_256_GCM, ZEROS ZEROS, "000000000000000000000000", "", "",
		"530f8afbc74536b9a963b4f1c4cb738b"},
	{CIPHER_AES_256_GCM, ZEROS ZEROS, "000000000000000000000000", "", ZEROS,
		"cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
	{CIPHER_AES_256_GCM, GCM_KEY GCM_KEY, GCM_IV, "", GCM_PLAIN "1aafd255",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
		"b094dac5d93471bdec1a502270e3cc6c"},
	{CIPHER_AES_256_GCM, GCM_KEY GCM_KEY, GCM_IV, GCM_HEADER, GCM_PLAIN,
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		"76fc6ece0f4e1768cddf8853bb2d551b"},
	{CIPHER_CHACHA20_POLY1305,
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
		"070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
		"4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
		"73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
		"6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
		"637265656e20776f756c642062652069742e",
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
		"3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
		"92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
		"3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"},
};

static void vector_check(struct rig *r, const struct seal_engine *engine, const struct vector *v)
{
	uint8_t key[32], iv[SEAL_IV_SIZE], header[32], plain[256], sealed[256], opened[256];
	const struct cipher *cipher = cipher_by_id(engine, (uint8_t)v->id);
	struct seal_source in = {plain, unhex(plain, v->plain)};
	struct seal_piece out = {opened, in.size};
	uint32_t size = unhex(sealed, v->sealed), header_size = unhex(header, v->header);

	assert_int_equal(unhex(key, v->key), cipher->key_size);
	assert_int_equal(unhex(iv, v->iv), SEAL_IV_SIZE);
	key_take(&r->key[0], engine, cipher, key, iv, true);
	key_take(&r->key[1], engine, cipher, key, iv, false);
	r->key[0].header_size = r->key[1].header_size = (uint8_t)header_size;
	assert_int_equal(cipher->seal(&r->key[0], 0, header, &in, 1, r->sealed), size);
	assert_memory_equal(r->sealed, sealed, size);
	assert_true(cipher->open(&r->key[1], 0, header, sealed, size, &out, 1));
	assert_int_equal(memcmp(opened, plain, in.size), 0);
	cipher->key_wipe(&r->key[0]);
	cipher->key_wipe(&r->key[1]);
}

static void vectors__of_every_cipher_and_backend(void **state)
{
	struct rig *r = *state;

	for (uint32_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		vector_check(r, &r->evp, &vectors[v]);
		if (r->imb.backend)
			vector_check(r, &r->imb, &vectors[v]);
	}
}

// Cuts `size` into up to SEAL_PIECES_MAX pieces, some of them empty.
static uint32_t cut(struct rig *r, uint32_t size, uint32_t *sizes)
{
	uint32_t pieces = 1 + (uint32_t)rig_random(r, SEAL_PIECES_MAX), left = size;

	for (uint32_t i = 0; i + 1 < pieces; i++) {
		sizes[i] = (uint32_t)rig_random(r, left + 1);
		left -= sizes[i];
	}
	sizes[pieces - 1] = left;
	return pieces;
}

static uint32_t seal_cut(struct rig *r, const struct cipher *cipher, uint64_t pn,
	const uint8_t *header, const uint8_t *plain, uint32_t size, uint8_t *out)
{
	struct seal_source in[SEAL_PIECES_MAX];
	uint32_t sizes[SEAL_PIECES_MAX], pieces = cut(r, size, sizes);

	for (uint32_t i = 0; i < pieces; i++) {
		in[i] = (struct seal_source){plain, sizes[i]};
		plain += sizes[i];
	}
	return cipher->seal(&r->key[0], pn, header, in, pieces, out);
}

static bool open_cut(struct rig *r, const struct cipher *cipher, uint64_t pn, const uint8_t *header,
	const uint8_t *sealed, uint32_t size, uint8_t *out)
{
	struct seal_piece pieces[SEAL_PIECES_MAX];
	uint32_t sizes[SEAL_PIECES_MAX], n = cut(r, size - SEAL_TAG_SIZE, sizes);

	for (uint32_t i = 0; i < n; i++) {
		pieces[i] = (struct seal_piece){out, sizes[i]};
		out += sizes[i];
	}
	return cipher->open(&r->key[1], pn, header, sealed, size, pieces, n);
}

struct sides {
	const struct cipher *seals, *opens;
	uint8_t bytes[SEAL_KEY_MAX], iv[SEAL_IV_SIZE], header[WIRE_HEADER_SIZE];
};

static void sides_key(struct rig *r, struct sides *s, enum cipher_id id, bool imb_seals)
{
	const struct seal_engine *seals = imb_seals && r->imb.backend ? &r->imb : &r->evp;
	const struct seal_engine *opens = imb_seals || !r->imb.backend ? &r->evp : &r->imb;

	for (uint32_t i = 0; i < sizeof(s->bytes); i++)
		s->bytes[i] = (uint8_t)rig_random(r, 256);
	for (uint32_t i = 0; i < sizeof(s->iv); i++)
		s->iv[i] = (uint8_t)rig_random(r, 256);
	for (uint32_t i = 0; i < sizeof(s->header); i++)
		s->header[i] = (uint8_t)rig_random(r, 256);
	s->seals = cipher_by_id(seals, (uint8_t)id);
	s->opens = cipher_by_id(opens, (uint8_t)id);
	key_take(&r->key[0], seals, s->seals, s->bytes, s->iv, true);
	key_take(&r->key[1], opens, s->opens, s->bytes, s->iv, false);
}

static void sides_wipe(struct rig *r, struct sides *s)
{
	s->seals->key_wipe(&r->key[0]);
	s->opens->key_wipe(&r->key[1]);
}

// One seals, the other opens: equal bytes both ways mean equal ciphers. Nothing is written beyond.
static void round_trip(struct rig *r, struct sides *s, uint32_t size, uint32_t at)
{
	uint64_t pn = rig_random(r, WIRE_PN_MAX) + 1;
	const uint8_t *plain = r->plain + rig_random(r, 64);
	uint8_t *sealed = r->sealed + at, *opened = r->opened + (at * 7 + 3) % 64;

	sealed[size + SEAL_TAG_SIZE] = 0x5a;
	opened[size] = 0xa5;
	assert_int_equal(
		seal_cut(r, s->seals, pn, s->header, plain, size, sealed), size + SEAL_TAG_SIZE);
	assert_int_equal(sealed[size + SEAL_TAG_SIZE], 0x5a);
	assert_true(open_cut(r, s->opens, pn, s->header, sealed, size + SEAL_TAG_SIZE, opened));
	assert_int_equal(opened[size], 0xa5);
	assert_int_equal(memcmp(opened, plain, size), 0);
}

static void backends__agree_for_every_length_and_alignment(void **state)
{
	struct rig *r = *state;
	struct sides s;

	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++)
		for (uint32_t way = 0; way < 2; way++) {
			sides_key(r, &s, (enum cipher_id)id, way);
			for (uint32_t size = 0; size <= 2048; size++)
				for (uint32_t at = size & 1; at < 64; at += 2)
					round_trip(r, &s, size, way ? at ^ 1 : at);
			sides_wipe(r, &s);
		}
}

static void backends__agree_for_random_lengths(void **state)
{
	struct rig *r = *state;
	struct sides s;

	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++) {
		sides_key(r, &s, (enum cipher_id)id, id & 1);
		for (uint32_t i = 0; i < 2000; i++)
			round_trip(r, &s, (uint32_t)rig_random(r, LENGTH_MAX + 1), i % 64);
		sides_wipe(r, &s);
	}
}

static void open__refuses_every_changed_bit_and_every_other_length(void **state)
{
	const uint32_t size = 61, whole = size + SEAL_TAG_SIZE;
	struct rig *r = *state;
	struct seal_piece piece;
	struct sides s;

	for (uint32_t round = 0; round < 6; round++) {
		sides_key(r, &s, (enum cipher_id)(1 + round % 3), round < 3);
		seal_cut(r, s.seals, 7, s.header, r->plain, size, r->sealed);
		for (uint32_t bit = 0; bit < 8 * whole; bit++) {
			r->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(
				open_cut(r, s.opens, 7, s.header, r->sealed, whole, r->opened));
			r->sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (uint32_t bit = 0; bit < 8 * WIRE_HEADER_SIZE; bit++) {
			s.header[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(
				open_cut(r, s.opens, 7, s.header, r->sealed, whole, r->opened));
			s.header[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_false(open_cut(r, s.opens, 8, s.header, r->sealed, whole, r->opened));
		for (uint32_t cut_off = SEAL_TAG_SIZE; cut_off < whole; cut_off++)
			assert_false(
				open_cut(r, s.opens, 7, s.header, r->sealed, cut_off, r->opened));
		piece = (struct seal_piece){r->opened, size - 1}; // places that do not add up
		assert_false(s.opens->open(&r->key[1], 7, s.header, r->sealed, whole, &piece, 1));
		piece.size = size + 1;
		assert_false(s.opens->open(&r->key[1], 7, s.header, r->sealed, whole, &piece, 1));
		assert_true(open_cut(r, s.opens, 7, s.header, r->sealed, whole, r->opened));
		s.bytes[3] ^= 1; // another session's key
		key_take(&r->key[1], round < 3 || !r->imb.backend ? &r->evp : &r->imb, s.opens,
			s.bytes, s.iv, false);
		assert_false(open_cut(r, s.opens, 7, s.header, r->sealed, whole, r->opened));
		sides_wipe(r, &s);
	}
}

static void seal__in_place(void **state)
{
	struct rig *r = *state;
	struct sides s;

	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++)
		for (uint32_t size = 0; size < 600; size++) {
			struct seal_source in = {r->again, size};
			struct seal_piece out = {r->again, size};

			if (size % 100 == 0)
				sides_key(r, &s, (enum cipher_id)id, size / 100 & 1);
			memcpy(r->again, r->plain, size);
			seal_cut(r, s.seals, size, s.header, r->plain, size, r->sealed);
			s.seals->seal(&r->key[0], size, s.header, &in, 1, r->again);
			assert_memory_equal(r->again, r->sealed, size + SEAL_TAG_SIZE);
			assert_true(s.opens->open(&r->key[1], size, s.header, r->again,
				size + SEAL_TAG_SIZE, &out, 1));
			assert_int_equal(memcmp(r->again, r->plain, size), 0);
			if (size % 100 == 99)
				sides_wipe(r, &s);
		}
}

static void key_wipe__leaves_nothing(void **state)
{
	static const struct seal_key zero;
	struct rig *r = *state;
	struct sides s;

	for (uint32_t id = CIPHER_NULL + 1; id < CIPHER_COUNT; id++) {
		sides_key(r, &s, (enum cipher_id)id, id & 1);
		assert_memory_not_equal(&r->key[0], &zero, sizeof(zero));
		sides_wipe(r, &s);
		assert_memory_equal(&r->key[0], &zero, sizeof(zero));
		assert_memory_equal(&r->key[1], &zero, sizeof(zero));
		s.seals->key_wipe(&r->key[0]); // again, and of zeros
	}
}

static void null__gathers_and_scatters(void **state)
{
	struct seal_source in[2] = {{(const uint8_t *)"head", 4}, {(const uint8_t *)"body!", 5}};
	uint8_t packet[16], a[3], b[6];
	struct seal_piece out[2] = {{a, 3}, {b, 6}};

	(void)state;
	assert_int_equal(cipher_null.seal(NULL, 1, NULL, in, 2, packet), 9);
	assert_memory_equal(packet, "headbody!", 9);
	assert_true(cipher_null.open(NULL, 1, NULL, packet, 9, out, 2));
	assert_memory_equal(a, "hea", 3);
	assert_memory_equal(b, "dbody!", 6);
}

static void null__refuses_other_lengths(void **state)
{
	uint8_t a[8];
	struct seal_piece out[1] = {{a, 8}};

	(void)state;
	assert_false(cipher_null.open(NULL, 1, NULL, (const uint8_t *)"1234567", 7, out, 1));
	assert_false(cipher_null.open(NULL, 1, NULL, (const uint8_t *)"123456789", 9, out, 1));
}

static void engine__says_who_computes(void **state)
{
	struct seal_engine engine;
	char why[96];

	(void)state;
	assert_int_equal(cipher_backend_find("auto"), CIPHER_AUTO);
	assert_int_equal(cipher_backend_find("imb"), CIPHER_IMB);
	assert_int_equal(cipher_backend_find("evp"), CIPHER_EVP);
	assert_int_equal(cipher_backend_find("qat"), -1);
	assert_int_equal(seal_engine_init(&engine, CIPHER_EVP, why, sizeof(why)), 0);
	assert_string_equal(engine.backend->name, "evp");
	seal_engine_fini(&engine);
	assert_int_equal(seal_engine_init(&engine, CIPHER_AUTO, why, sizeof(why)), 0);
	if (seal_imb.cipher[CIPHER_AES_256_GCM] && __builtin_cpu_supports("aes"))
		assert_string_equal(engine.backend->name, "imb");
	seal_engine_fini(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors__of_every_cipher_and_backend),
		cmocka_unit_test(backends__agree_for_every_length_and_alignment),
		cmocka_unit_test(backends__agree_for_random_lengths),
		cmocka_unit_test(open__refuses_every_changed_bit_and_every_other_length),
		cmocka_unit_test(seal__in_place),
		cmocka_unit_test(key_wipe__leaves_nothing),
		cmocka_unit_test(null__gathers_and_scatters),
		cmocka_unit_test(null__refuses_other_lengths),
		cmocka_unit_test(engine__says_who_computes),
	};
	return cmocka_run_group_tests(tests, rig_new, rig_free);
}
