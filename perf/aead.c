// The domain "aead": every cipher of every backend, sealing out of place and in place and opening,
// through 8 MiB in order, against the bare library that does the same to the same bytes.
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/seal.h"
#include "dataplane/wire/wire.h"
#include "perf/aead_raw.h"
#include "perf/bench.h"

enum { REGION = 8 << 20, PACKETS = 64, LARGEST = 65536, ROOM = LARGEST + 64 };

enum { OUT_OF_PLACE, IN_PLACE };

struct aead {
	struct seal_key key;
	struct seal_engine engine;
	const struct cipher *cipher;
	const struct aead_raw_library *library;
	struct aead_raw raw;
	uint32_t size, step;
	bool in_place;
	uint32_t at; // in the region
	uint64_t pn;
	uint8_t header[WIRE_HEADER_SIZE];
	uint8_t packet[PACKETS][ROOM];
	uint8_t region[REGION + ROOM];
};

// Of bench.param: cipher, and backend << 8; bench.argument says where.
static enum cipher_id param_cipher(const struct bench *bench)
{
	return (enum cipher_id)(bench->param & 0xff);
}

static enum cipher_backend param_backend(const struct bench *bench)
{
	return (enum cipher_backend)(bench->param >> 8);
}

static const char *aead_unavailable(const struct bench *bench)
{
	struct seal_engine engine;
	char why[96];

	if (seal_engine_init(&engine, param_backend(bench), why, sizeof(why)) != 0)
		return "this build or this CPU is without libipsec-mb";
	seal_engine_fini(&engine);
	return NULL;
}

static void aead_close(void *state)
{
	struct aead *a = state;

	if (a->cipher)
		a->cipher->key_wipe(&a->key);
	if (a->engine.backend)
		seal_engine_fini(&a->engine);
	if (a->library)
		a->library->close(&a->raw);
	free(a);
}

static struct aead *aead_new(const struct bench *bench)
{
	struct aead *a = aligned_alloc(64, (sizeof(*a) + 63) / 64 * 64);

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->size = bench->amount;
	a->step = (a->size + SEAL_TAG_SIZE + 63) & ~63u;
	a->in_place = bench->argument == IN_PLACE;
	for (uint32_t i = 0; i < sizeof(a->region); i++)
		a->region[i] = (uint8_t)(i * 2654435761u >> 24);
	return a;
}

static const uint8_t key_bytes[SEAL_KEY_MAX] = "sluice-perf: thirty-two bytes...";

static void *ours_open(const struct bench *bench)
{
	struct aead *a = aead_new(bench);
	char why[96];

	if (!a)
		return NULL;
	if (seal_engine_init(&a->engine, param_backend(bench), why, sizeof(why)) != 0) {
		aead_close(a);
		return NULL;
	}
	a->cipher = cipher_by_id(&a->engine, (uint8_t)param_cipher(bench));
	a->key.header_size = WIRE_HEADER_SIZE;
	if (a->cipher->key_set(&a->key, a->cipher, a->engine.library, key_bytes, true))
		return a;
	aead_close(a);
	return NULL;
}

static void *its_open(const struct bench *bench)
{
	struct aead *a = aead_new(bench);

	if (!a)
		return NULL;
	a->library = param_backend(bench) == CIPHER_IMB ? &aead_raw_imb : &aead_raw_evp;
	if (a->library->open(&a->raw, param_cipher(bench), key_bytes))
		return a;
	aead_close(a);
	return NULL;
}

static uint8_t *place_next(struct aead *a)
{
	uint8_t *at = a->region + a->at;

	a->at += a->step;
	if (a->at + a->size > REGION)
		a->at = 0;
	return at;
}

static uint64_t ours_seal(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *in = place_next(a);
		const struct seal_source piece = {in, a->size};
		uint8_t *out = a->in_place ? in : a->packet[i % PACKETS];

		a->cipher->seal(&a->key, ++a->pn, a->header, &piece, 1, out);
		hash = (hash ^ out[a->size]) * 0x100000001b3ull;
	}
	return hash;
}

static uint64_t its_seal(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint8_t nonce[SEAL_IV_SIZE] = {0};
	uint64_t hash = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *in = place_next(a), *out = a->in_place ? in : a->packet[i % PACKETS];
		uint64_t pn = __builtin_bswap64(++a->pn);

		memcpy(nonce + 4, &pn, sizeof(pn));
		a->library->seal(&a->raw, nonce, a->header, sizeof(a->header), in, a->size, out);
		hash = (hash ^ out[a->size]) * 0x100000001b3ull;
	}
	return hash;
}

#define ROW(NAME, CIPHER, BACKEND, BACKEND_ID, WHERE, WHERE_ID, SIZE_NAME, SIZE)             \
	{.id = "aead/" NAME "/" BACKEND "/" WHERE "/" SIZE_NAME,                             \
		.unit = "B/s",                                                               \
		.limit = "aead/limit/" NAME "/" BACKEND "/" WHERE "/" SIZE_NAME,             \
		.amount = SIZE,                                                              \
		.bytes = SIZE,                                                               \
		.param = CIPHER | BACKEND_ID << 8,                                           \
		.argument = WHERE_ID,                                                        \
		.location = "dataplane/transform/seal_" BACKEND ".c",                        \
		.unavailable = aead_unavailable,                                             \
		.open = ours_open,                                                           \
		.body = ours_seal,                                                           \
		.close = aead_close},                                                        \
	{                                                                                    \
		.id = "aead/limit/" NAME "/" BACKEND "/" WHERE "/" SIZE_NAME, .unit = "B/s", \
		.amount = SIZE, .bytes = SIZE, .param = CIPHER | BACKEND_ID << 8,            \
		.argument = WHERE_ID, .unavailable = aead_unavailable, .open = its_open,     \
		.body = its_seal, .close = aead_close                                        \
	}
#define SIZES(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID)                      \
	ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "64", 64),             \
		ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "512", 512),   \
		ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "1350", 1350), \
		ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "4K", 4096),   \
		ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "8896", 8896), \
		ROW(NAME, CIPHER, BACKEND, ID, WHERE, WHERE_ID, "64K", 65536)
#define PLACES(NAME, CIPHER, BACKEND, ID)                               \
	SIZES(NAME, CIPHER, BACKEND, ID, "out-of-place", OUT_OF_PLACE), \
		SIZES(NAME, CIPHER, BACKEND, ID, "in-place", IN_PLACE)
#define BACKENDS(NAME, CIPHER) \
	PLACES(NAME, CIPHER, "imb", CIPHER_IMB), PLACES(NAME, CIPHER, "evp", CIPHER_EVP)

const struct bench aead_benches[] = {BACKENDS("aes-256-gcm", CIPHER_AES_256_GCM),
	BACKENDS("aes-128-gcm", CIPHER_AES_128_GCM),
	BACKENDS("chacha20-poly1305", CIPHER_CHACHA20_POLY1305)};
const size_t aead_benches_count = sizeof(aead_benches) / sizeof(aead_benches[0]);
