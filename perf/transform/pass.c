// Records of a corpus packed and sealed, or opened and unpacked, for some time, and checked.
#include "perf/transform/pass.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "dataplane/transform/compress.h"
#include "dataplane/transform/keys.h"
#include "perf/aead_raw.h"
#include "perf/clock.h"
#include "perf/codec/library.h"
#include "perf/codec/scene.h"
#include "perf/count.h"

enum { RECORDS_MAX = 16, SPARE = 128 << 10 };

// One record, and the packets of it.
struct record {
	const uint8_t *raw;
	uint32_t stored_size, packets;
	bool packed;
	uint64_t pn;     // of its first packet
	uint8_t *packet; // the first; the next one is `stride` bytes on
	uint32_t *size;  // of each packet's sealed payload
};

struct pass {
	const struct codec *codec;
	const struct cipher *cipher;
	struct seal_engine engine;
	struct codec_workspace *workspace;
	struct keys keys; // both directions have one secret: it opens what it sealed
	struct library *library;
	const struct aead_raw_library *raw_library;
	struct aead_raw raw;
	uint32_t task, size, segment, stride, records, next;
	uint64_t pn;
	double copied; // bytes, as a worker counts them
	uint64_t hash; // of what was checked; 0: nothing yet
	uint8_t *slab, *back, *spare;
	struct record record[RECORDS_MAX];
};

// ---- as a worker does it ----------------------------------------------------------------------

// A packet's share of block header and stored bytes: one piece, of the first packet two.
static uint32_t pieces_out(const uint8_t *header, const uint8_t *stored, uint32_t within,
	uint32_t size, struct seal_source piece[2])
{
	if (within > 0) {
		piece[0] = (struct seal_source){stored + within - BLOCK_HEADER_SIZE, size};
		return 1;
	}
	piece[0] = (struct seal_source){header, BLOCK_HEADER_SIZE};
	piece[1] = (struct seal_source){stored, size - BLOCK_HEADER_SIZE};
	return 2;
}

static uint32_t pieces_in(uint8_t *header, uint8_t *stored, uint32_t within, uint32_t size,
	struct seal_piece piece[2])
{
	if (within > 0) {
		piece[0] = (struct seal_piece){stored + within - BLOCK_HEADER_SIZE, size};
		return 1;
	}
	piece[0] = (struct seal_piece){header, BLOCK_HEADER_SIZE};
	piece[1] = (struct seal_piece){stored, size - BLOCK_HEADER_SIZE};
	return 2;
}

static bool packet_seal(
	struct pass *p, struct record *r, uint32_t i, const struct seal_source *in, uint32_t pieces)
{
	struct wire_header header = {.type = WIRE_DATA, .cid = 1, .pn = ++p->pn};
	uint8_t *packet = r->packet + (size_t)i * p->stride;
	bool phase;
	const struct seal_key *key = keys_to_seal(&p->keys, header.pn, header.pn - 1, 0, &phase);

	if (!key)
		return false;
	header.flags = phase ? WIRE_KEY_PHASE : 0;
	wire_header_frame(packet, &header);
	r->size[i] = p->cipher->seal(key, header.pn, packet, in, pieces, packet + WIRE_HEADER_SIZE);
	return true;
}

static bool out(struct pass *p, struct record *r)
{
	uint8_t header[BLOCK_HEADER_SIZE];
	struct compressed c;
	uint32_t total;

	compress_record(&c, p->codec, p->workspace, p->codec->level_default, NULL, r->raw, p->size,
		p->slab, !p->cipher->authenticates);
	block_header_frame(header, &c.header);
	r->packed = c.compressed;
	r->stored_size = c.header.stored_size;
	r->packets = 0;
	r->pn = p->pn + 1;
	total = BLOCK_HEADER_SIZE + r->stored_size;
	for (uint32_t within = 0; within < total; within += p->segment) {
		uint32_t size = total - within < p->segment ? total - within : p->segment;
		struct seal_source piece[2];
		uint32_t pieces = pieces_out(header, c.stored, within, size, piece);

		if (!packet_seal(p, r, r->packets++, piece, pieces))
			return false;
		p->copied += p->cipher->copies ? size : 0;
	}
	return !p->keys.wants || keys_ahead(&p->keys, 0);
}

static bool packet_open(struct pass *p, const uint8_t *packet, uint32_t size,
	const struct seal_piece *piece, uint32_t pieces)
{
	struct wire_header header;
	const struct seal_key *key;

	if (!wire_header_parse(&header, packet, WIRE_HEADER_SIZE + size))
		return false;
	key = keys_to_open(&p->keys, header.pn, header.flags & WIRE_KEY_PHASE, 0);
	if (!key || !p->cipher->open(
			    key, header.pn, packet, packet + WIRE_HEADER_SIZE, size, piece, pieces))
		return false;
	keys_opened(&p->keys, key, header.pn, 0);
	p->copied += p->cipher->copies ? size : 0;
	return true;
}

static bool in(struct pass *p, struct record *r)
{
	uint8_t bytes[BLOCK_HEADER_SIZE];
	struct block_header header;

	for (uint32_t i = 0; i < r->packets; i++) {
		struct seal_piece piece[2];
		uint32_t pieces = pieces_in(
			bytes, p->slab, i * p->segment, r->size[i] - SEAL_TAG_SIZE, piece);

		if (!packet_open(p, r->packet + (size_t)i * p->stride, r->size[i], piece, pieces))
			return false;
	}
	return block_header_parse(&header, bytes, sizeof(bytes)) &&
	       expand_record(&header, r->packed, p->slab, p->workspace, NULL, p->back,
		       !p->cipher->authenticates) == VERDICT_ACCEPT;
}

// ---- the libraries, one after the other -------------------------------------------------------

static void nonce_of(uint64_t pn, uint8_t nonce[SEAL_IV_SIZE])
{
	memset(nonce, 0, SEAL_IV_SIZE);
	memcpy(nonce + 4, &pn, sizeof(pn));
}

static bool out_limit(struct pass *p, struct record *r)
{
	static const uint8_t header[WIRE_HEADER_SIZE];
	uint32_t n = library_pack(p->library, p->codec->id, p->codec->level_default, r->raw,
		p->size, p->slab, compress_room(p->size), p->spare);
	const uint8_t *from = n ? p->slab : r->raw;
	uint8_t nonce[SEAL_IV_SIZE];

	r->packed = n > 0;
	r->stored_size = n ? n : p->size;
	r->packets = 0;
	r->pn = p->pn + 1;
	for (uint32_t at = 0; at < r->stored_size; at += p->segment) {
		uint32_t left = r->stored_size - at, i = r->packets++;

		r->size[i] = left < p->segment ? left : p->segment;
		nonce_of(++p->pn, nonce);
		p->raw_library->seal(&p->raw, nonce, header, sizeof(header), from + at, r->size[i],
			r->packet + (size_t)i * p->stride);
	}
	return true;
}

static bool in_limit(struct pass *p, struct record *r)
{
	static const uint8_t header[WIRE_HEADER_SIZE];
	uint8_t nonce[SEAL_IV_SIZE];

	for (uint32_t i = 0; i < r->packets; i++) {
		const uint8_t *packet = r->packet + (size_t)i * p->stride;

		nonce_of(r->pn + i, nonce);
		if (!p->raw_library->open(&p->raw, nonce, header, sizeof(header), packet,
			    r->size[i], packet + r->size[i], p->slab + (size_t)i * p->segment))
			return false;
	}
	return !r->packed ||
	       library_unpack(p->library, p->codec->id, p->slab, r->stored_size, p->back, p->size);
}

// ---- setting up -------------------------------------------------------------------------------

static bool ciphers_start(struct pass *p, enum cipher_id id)
{
	static const uint8_t key[SEAL_KEY_MAX] = "one pass: thirty-two bytes of it";
	static const struct keys_limits usual;
	char why[96];

	if (seal_engine_init(&p->engine, CIPHER_AUTO, why, sizeof(why)) != 0)
		return false;
	p->cipher = cipher_by_id(&p->engine, (uint8_t)id);
	p->raw_library = p->engine.backend == &seal_imb ? &aead_raw_imb : &aead_raw_evp;
	return keys_init(&p->keys, &p->engine, p->cipher, &usual, key, key, 0) &&
	       p->raw_library->start(&p->raw, id, key);
}

static bool record_new(struct pass *p, struct record *r, const uint8_t *raw)
{
	uint32_t packets = (BLOCK_HEADER_SIZE + p->size + p->segment - 1) / p->segment;

	r->raw = raw;
	r->packet = aligned_alloc(64, (size_t)packets * p->stride);
	r->size = calloc(packets, sizeof(*r->size));
	if (!r->packet || !r->size)
		return false;
	memset(r->packet, 0, (size_t)packets * p->stride);
	return !(p->task & PASS_IN) || (p->task & PASS_LIMIT ? out_limit(p, r) : out(p, r));
}

static bool records_new(struct pass *p, enum corpus corpus)
{
	const uint8_t *bytes = corpus_bytes(corpus);

	if (!bytes)
		return false;
	for (uint32_t i = 0; i < p->records; i++)
		if (!record_new(p, &p->record[i], bytes + (size_t)i * (CORPUS_SIZE / RECORDS_MAX)))
			return false;
	return true;
}

void *pass_open(const struct bench *bench)
{
	struct pass *p = aligned_alloc(64, (sizeof(*p) + 63) / 64 * 64);

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->codec = codec_by_id((uint8_t)bench->param);
	p->task = bench->argument & 0xff;
	p->size = bench->amount;
	p->segment = wire_segment_size(bench->argument >> 8);
	p->stride = (WIRE_HEADER_SIZE + p->segment + SEAL_TAG_SIZE + 63) & ~63u;
	p->records = bench_instant ? 1 : RECORDS_MAX;
	p->workspace = scene_workspace_new();
	p->library = library_new();
	p->slab = malloc(SPARE);
	p->back = malloc(SPARE);
	p->spare = malloc(SPARE);
	if (p->workspace && p->library && p->slab && p->back && p->spare &&
		ciphers_start(p, (enum cipher_id)(bench->param >> 8 & 0xff)) &&
		records_new(p, (enum corpus)(bench->param >> 16)))
		return p;
	pass_close(p);
	return NULL;
}

void pass_close(void *state)
{
	struct pass *p = state;

	for (uint32_t i = 0; i < RECORDS_MAX; i++) {
		free(p->record[i].packet);
		free(p->record[i].size);
	}
	keys_fini(&p->keys);
	seal_engine_fini(&p->engine);
	if (p->raw_library)
		p->raw_library->stop(&p->raw);
	library_free(p->library);
	scene_workspace_free(p->workspace);
	free(p->slab);
	free(p->back);
	free(p->spare);
	free(p);
}

// ---- samples ----------------------------------------------------------------------------------

static bool once(struct pass *p, struct record *r)
{
	if (p->task & PASS_IN)
		return p->task & PASS_LIMIT ? in_limit(p, r) : in(p, r);
	return p->task & PASS_LIMIT ? out_limit(p, r) : out(p, r);
}

// Once, after the warm-up: what went out comes back, and is the record; a hash of that, the same
// for ours and the libraries.
static bool check(struct pass *p)
{
	struct record *r = &p->record[0];
	const uint8_t *record = r->packed ? p->back : p->slab;

	if (!once(p, r) || !(p->task & PASS_LIMIT ? in_limit(p, r) : in(p, r)))
		return false;
	p->hash = library_crc32c(record, p->size) | 1ull << 32;
	return memcmp(record, r->raw, p->size) == 0;
}

static double ratio_of(const struct pass *p)
{
	double stored = 0;

	for (uint32_t i = 0; i < p->records; i++)
		stored += p->record[i].stored_size ? p->record[i].stored_size : p->size;
	return (double)p->size * p->records / stored;
}

int pass_sample(void *state, uint64_t duration_ns, struct bench_figures *figures)
{
	struct pass *p = state;
	uint64_t start = clock_ns(), cycles = __rdtsc(), n = 0;
	int64_t allocs = allocs_total();
	double copied = p->copied;
	bool good;

	do {
		good = once(p, &p->record[p->next++ % p->records]);
		n++;
		figures->ns = clock_ns() - start;
	} while (good && !bench_instant && (figures->ns < duration_ns || p->next < p->records));
	figures->counters.cycles = (double)(__rdtsc() - cycles);
	if (allocs >= 0)
		figures->counters.allocs = (double)(allocs_total() - allocs);
	figures->counters.bytes_memcpy = p->copied - copied;
	figures->units = n * p->size;
	if (!good || (!p->hash && !check(p))) {
		snprintf(figures->error, sizeof(figures->error), "a record does not come back");
		return -1;
	}
	figures->hash = p->hash;
	figures->extra = json_pack("{s:f}", "ratio", ratio_of(p));
	return 0;
}
