// The domain "aead": every cipher of every backend, sealing and opening packets as a worker does,
// out of place between 64 packet buffers and 9 MiB in order, against the bare library. Each row
// stands twice: against the same work of the library, and ("vs-in-place") against the library in
// place, which shows what gathering and scattering in the same pass cost.
#include <stdlib.h>
#include <string.h>

#include "dataplane/transform/seal.h"
#include "dataplane/wire/wire.h"
#include "perf/aead_raw.h"
#include "perf/bench.h"

enum {
	REGION = 9 << 20, // 1,000 of the largest packets: what is hashed is walked once
	PACKETS = 64,
	ROOM = 9216,
	SLOTS_INSTANT = 1024,
};

// bench.argument; in place is of limits only.
enum { OPENS = 1, IN_PLACE = 2 };

struct aead {
	struct seal_key key;
	struct seal_engine engine;
	const struct cipher *cipher;
	const struct aead_raw_library *library;
	struct aead_raw raw;
	uint32_t size, step, slots;
	uint32_t at; // slot of the region
	bool odd;    // in place: the region was walked an odd number of times
	uint64_t pn;
	double copied; // bytes
	uint8_t header[WIRE_HEADER_SIZE];
	uint8_t packet[PACKETS][ROOM];
	uint8_t region[REGION];
};

// Of bench.param: cipher, and backend << 8.
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
		a->library->stop(&a->raw);
	free(a);
}

static uint8_t *slot_at(struct aead *a, uint32_t slot)
{
	return a->region + (size_t)slot * a->step;
}

static uint8_t *slot_next(struct aead *a)
{
	uint8_t *slot = slot_at(a, a->at);

	if (++a->at == a->slots) {
		a->at = 0;
		a->odd = !a->odd;
	}
	return slot;
}

// Packet and slot of the same number have the same payload; a slot has room for two tags.
static void region_fill(struct aead *a)
{
	for (uint32_t i = 0; i < PACKETS * a->step; i++)
		a->region[i] = (uint8_t)(i * 2654435761u >> 24);
	for (uint32_t slot = PACKETS; slot < a->slots; slot++)
		memcpy(slot_at(a, slot), slot_at(a, slot % PACKETS), a->size);
}

static struct aead *aead_new(const struct bench *bench)
{
	struct aead *a = aligned_alloc(64, (sizeof(*a) + 63) / 64 * 64);

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->size = bench->amount;
	a->step = (a->size + 2 * SEAL_TAG_SIZE + 63) & ~63u;
	a->slots = REGION / a->step;
	if (bench_instant && a->slots > SLOTS_INSTANT)
		a->slots = SLOTS_INSTANT;
	region_fill(a);
	return a;
}

static void nonce_of(uint64_t pn, uint8_t nonce[SEAL_IV_SIZE])
{
	memset(nonce, 0, SEAL_IV_SIZE);
	pn = __builtin_bswap64(pn);
	memcpy(nonce + 4, &pn, sizeof(pn));
}

static const uint8_t key_bytes[SEAL_KEY_MAX] = "sluice-perf: thirty-two bytes...";

// What is to be opened: packet i has packet number i + 1.
static void packets_seal(struct aead *a)
{
	uint8_t nonce[SEAL_IV_SIZE];

	for (uint32_t i = 0; i < PACKETS; i++) {
		nonce_of(i + 1, nonce);
		a->library->seal(&a->raw, nonce, a->header, sizeof(a->header), slot_at(a, i),
			a->size, a->packet[i]);
	}
}

// Each slot of the region, in place, packet number 1 + slot. The ciphers are stream ciphers: what
// was opened is, taken for sealed, opened to what it was before. The tag of that is the second one.
static void region_seal(struct aead *a)
{
	uint8_t nonce[SEAL_IV_SIZE];

	for (uint32_t slot = 0; slot < a->slots; slot++) {
		uint8_t *in = slot_at(a, slot);

		nonce_of(slot + 1, nonce);
		a->library->seal(&a->raw, nonce, a->header, sizeof(a->header), in, a->size, in);
		a->library->seal(
			&a->raw, nonce, a->header, sizeof(a->header), in, a->size, a->packet[0]);
		memcpy(in + a->size + SEAL_TAG_SIZE, a->packet[0] + a->size, SEAL_TAG_SIZE);
	}
}

static bool library_start(struct aead *a, const struct bench *bench)
{
	a->library = param_backend(bench) == CIPHER_IMB ? &aead_raw_imb : &aead_raw_evp;
	if (!a->library->start(&a->raw, param_cipher(bench), key_bytes))
		return false;
	if (bench->argument == OPENS)
		packets_seal(a);
	else if (bench->argument == (OPENS | IN_PLACE))
		region_seal(a);
	return true;
}

static bool ours_start(struct aead *a, const struct bench *bench)
{
	char why[96];

	if (seal_engine_init(&a->engine, param_backend(bench), why, sizeof(why)) != 0)
		return false;
	a->cipher = cipher_by_id(&a->engine, (uint8_t)param_cipher(bench));
	a->key.header_size = WIRE_HEADER_SIZE;
	return a->cipher->key_set(
		&a->key, a->cipher, a->engine.library, key_bytes, !(bench->argument & OPENS));
}

static void *ours_open(const struct bench *bench)
{
	struct aead *a = aead_new(bench);

	if (!a || (library_start(a, bench) && ours_start(a, bench)))
		return a;
	aead_close(a);
	return NULL;
}

static void *its_open(const struct bench *bench)
{
	struct aead *a = aead_new(bench);

	if (!a || library_start(a, bench))
		return a;
	aead_close(a);
	return NULL;
}

// ---- what is measured; 0 instead of a hash: a packet did not verify ----

static uint64_t hash_of(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte ^ 1) * 0x100000001b3ull;
}

static uint64_t ours_seals(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		const struct seal_source piece = {slot_next(a), a->size};
		uint8_t *out = a->packet[i % PACKETS];

		a->copied += a->cipher->seal(&a->key, ++a->pn, a->header, &piece, 1, out);
		hash = hash_of(hash, out[a->size]);
	}
	return hash;
}

static uint64_t its_seals(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint8_t nonce[SEAL_IV_SIZE];
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *out = a->packet[i % PACKETS];

		nonce_of(++a->pn, nonce);
		a->library->seal(
			&a->raw, nonce, a->header, sizeof(a->header), slot_next(a), a->size, out);
		hash = hash_of(hash, out[a->size]);
	}
	return hash;
}

static uint64_t its_seals_in_place(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint8_t nonce[SEAL_IV_SIZE];
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		uint8_t *slot = slot_next(a);

		nonce_of(++a->pn, nonce);
		a->library->seal(&a->raw, nonce, a->header, sizeof(a->header), slot, a->size, slot);
		hash = hash_of(hash, slot[a->size]);
	}
	return hash;
}

static uint64_t ours_opens(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		const struct seal_piece piece = {slot_next(a), a->size};

		if (!a->cipher->open(&a->key, i % PACKETS + 1, a->header, a->packet[i % PACKETS],
			    a->size + SEAL_TAG_SIZE, &piece, 1))
			return 0;
		a->copied += a->size;
		hash = hash_of(hash, piece.base[a->size - 1]);
	}
	return hash;
}

static uint64_t its_opens(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint8_t nonce[SEAL_IV_SIZE];
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		const uint8_t *in = a->packet[i % PACKETS];
		uint8_t *out = slot_next(a);

		nonce_of(i % PACKETS + 1, nonce);
		if (!a->library->open(&a->raw, nonce, a->header, sizeof(a->header), in, a->size,
			    in + a->size, out))
			return 0;
		hash = hash_of(hash, out[a->size - 1]);
	}
	return hash;
}

static uint64_t its_opens_in_place(void *state, uint64_t operations)
{
	struct aead *a = state;
	uint8_t nonce[SEAL_IV_SIZE];
	uint64_t hash = 1;

	for (uint64_t i = 0; i < operations; i++) {
		uint32_t tag = a->size + (a->odd ? SEAL_TAG_SIZE : 0);
		uint8_t *slot;

		nonce_of(a->at + 1, nonce);
		slot = slot_next(a);
		if (!a->library->open(&a->raw, nonce, a->header, sizeof(a->header), slot, a->size,
			    slot + tag, slot))
			return 0;
		hash = hash_of(hash, slot[a->size - 1]);
	}
	return hash;
}

static void aead_counters(void *state, struct bench_counters *total)
{
	const struct aead *a = state;

	total->bytes_memcpy = a->cipher->copies ? a->copied : 0;
}

// ---- the rows ----

#define OURS(NAME, CIPHER, BACKEND, ID, PLACE, LIMIT_PLACE, SIZE_NAME, SIZE, TASK, OPTIONS)      \
	{                                                                                        \
		.id = "aead/" NAME "/" BACKEND "/" PLACE "/" SIZE_NAME "/" TASK, .unit = "B/s",  \
		.limit = "aead/limit/" NAME "/" BACKEND "/" LIMIT_PLACE "/" SIZE_NAME "/" TASK,  \
		.amount = SIZE, .bytes = SIZE, .param = CIPHER | ID << 8, .argument = (OPTIONS), \
		.location = "dataplane/transform/seal_" BACKEND ".c",                            \
		.unavailable = aead_unavailable, .open = ours_open,                              \
		.body = (OPTIONS)&OPENS ? ours_opens : ours_seals, .counters = aead_counters,    \
		.close = aead_close                                                              \
	}
#define ITS(NAME, CIPHER, BACKEND, ID, PLACE, SIZE_NAME, SIZE, TASK, OPTIONS, BODY)       \
	{                                                                                 \
		.id = "aead/limit/" NAME "/" BACKEND "/" PLACE "/" SIZE_NAME "/" TASK,    \
		.unit = "B/s", .amount = SIZE, .bytes = SIZE, .param = CIPHER | ID << 8,  \
		.argument = (OPTIONS), .unavailable = aead_unavailable, .open = its_open, \
		.body = BODY, .close = aead_close                                         \
	}
#define ROWS_TASK(NAME, CIPHER, BACKEND, ID, SIZE_NAME, SIZE, WORD, OPTIONS, BODY)                \
	OURS(NAME, CIPHER, BACKEND, ID, "out-of-place", "out-of-place", SIZE_NAME, SIZE, WORD,    \
		OPTIONS),                                                                         \
		OURS(NAME, CIPHER, BACKEND, ID, "vs-in-place", "in-place", SIZE_NAME, SIZE, WORD, \
			OPTIONS),                                                                 \
		ITS(NAME, CIPHER, BACKEND, ID, "out-of-place", SIZE_NAME, SIZE, WORD, OPTIONS,    \
			BODY),                                                                    \
		ITS(NAME, CIPHER, BACKEND, ID, "in-place", SIZE_NAME, SIZE, WORD,                 \
			(OPTIONS) | IN_PLACE, BODY##_in_place)
#define ROWS_SIZE(NAME, CIPHER, BACKEND, ID, SIZE_NAME, BYTES)                        \
	ROWS_TASK(NAME, CIPHER, BACKEND, ID, SIZE_NAME, BYTES, "seal", 0, its_seals), \
		ROWS_TASK(NAME, CIPHER, BACKEND, ID, SIZE_NAME, BYTES, "open", OPENS, its_opens)
#define ROWS_BACKEND(NAME, CIPHER, BACKEND, ID)                     \
	ROWS_SIZE(NAME, CIPHER, BACKEND, ID, "64", 64),             \
		ROWS_SIZE(NAME, CIPHER, BACKEND, ID, "512", 512),   \
		ROWS_SIZE(NAME, CIPHER, BACKEND, ID, "1350", 1350), \
		ROWS_SIZE(NAME, CIPHER, BACKEND, ID, "4K", 4096),   \
		ROWS_SIZE(NAME, CIPHER, BACKEND, ID, "8948", 8948)
#define ROWS_CIPHER(NAME, CIPHER) \
	ROWS_BACKEND(NAME, CIPHER, "imb", CIPHER_IMB), ROWS_BACKEND(NAME, CIPHER, "evp", CIPHER_EVP)

// What the backend "auto" takes, against each library by name: 1 or more, or the pick is wrong.
#define PICK(NAME, CIPHER, BACKEND, SIZE_NAME, SIZE, TASK, OPTIONS)                               \
	{                                                                                         \
		.id = "cipher-pick/" NAME "/vs-" BACKEND "/" SIZE_NAME "/" TASK, .unit = "B/s",   \
		.limit = "aead/" NAME "/" BACKEND "/out-of-place/" SIZE_NAME "/" TASK,            \
		.amount = SIZE, .bytes = SIZE, .param = CIPHER | CIPHER_AUTO << 8,                \
		.argument = (OPTIONS), .location = "dataplane/transform/seal.c:seal_engine_init", \
		.open = ours_open, .body = (OPTIONS)&OPENS ? ours_opens : ours_seals,             \
		.counters = aead_counters, .close = aead_close                                    \
	}
#define PICK_BACKEND(NAME, CIPHER, BACKEND)                               \
	PICK(NAME, CIPHER, BACKEND, "64", 64, "seal", 0),                 \
		PICK(NAME, CIPHER, BACKEND, "64", 64, "open", OPENS),     \
		PICK(NAME, CIPHER, BACKEND, "1350", 1350, "seal", 0),     \
		PICK(NAME, CIPHER, BACKEND, "1350", 1350, "open", OPENS), \
		PICK(NAME, CIPHER, BACKEND, "8948", 8948, "seal", 0),     \
		PICK(NAME, CIPHER, BACKEND, "8948", 8948, "open", OPENS)
#define PICK_CIPHER(NAME, CIPHER) \
	PICK_BACKEND(NAME, CIPHER, "imb"), PICK_BACKEND(NAME, CIPHER, "evp")

const struct bench aead_benches[] = {
	ROWS_CIPHER("aes-256-gcm", CIPHER_AES_256_GCM),
	ROWS_CIPHER("aes-128-gcm", CIPHER_AES_128_GCM),
	ROWS_CIPHER("chacha20-poly1305", CIPHER_CHACHA20_POLY1305),
	PICK_CIPHER("aes-256-gcm", CIPHER_AES_256_GCM),
	PICK_CIPHER("aes-128-gcm", CIPHER_AES_128_GCM),
	PICK_CIPHER("chacha20-poly1305", CIPHER_CHACHA20_POLY1305),
};
const size_t aead_benches_count = sizeof(aead_benches) / sizeof(aead_benches[0]);
