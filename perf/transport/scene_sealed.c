// What the port and the cipher take in series: the limit of encrypted goodput. A packet costs the
// bare port's time and then the bare library's for a segment, one after the other on one CPU. With
// a codec its library's time for a record comes first; what it saves is neither sealed nor sent.
#include <stdio.h>
#include <string.h>

#include "dataplane/transform/compress.h"
#include "perf/aead_raw.h"
#include "perf/codec/library.h"
#include "perf/transport/scene.h"

enum {
	PACKETS = 64,
	ROOM = MTU_MAX + 64,
	SOURCE = ENDPOINT_BUFFERS * APP_BLOCK_SIZE,
	SPARE = 128 << 10
};

struct bare {
	const struct aead_raw_library *cipher;
	struct aead_raw raw;
	struct library *library;
	const struct codec *codec;
	const uint8_t *source; // an application's buffers, one after the other
	uint32_t size;
	uint64_t packets, records, stored;
	uint8_t packet[PACKETS][ROOM];
	uint8_t packed[SPARE], spare[SPARE];
};

static void seal_job(void *state, const atomic_bool *stop)
{
	struct bare *b = state;
	uint8_t nonce[SEAL_IV_SIZE] = {0}, header[WIRE_HEADER_SIZE] = {0};
	uint32_t at = 0;

	do { // at least one, however late this thread got its CPU
		memcpy(nonce, &b->packets, sizeof(b->packets));
		b->cipher->seal(&b->raw, nonce, header, sizeof(header), b->source + at, b->size,
			b->packet[b->packets % PACKETS]);
		at = at + 2 * b->size <= SOURCE ? at + b->size : 0;
		b->packets++;
	} while (!atomic_load_explicit(stop, memory_order_relaxed));
}

static void pack_job(void *state, const atomic_bool *stop)
{
	struct bare *b = state;

	do {
		const uint8_t *record = b->source + b->records % ENDPOINT_BUFFERS * APP_BLOCK_SIZE;
		uint32_t n = library_pack(b->library, b->codec->id, b->codec->level_default, record,
			RECORD_RAW_MAX, b->packed, compress_room(RECORD_RAW_MAX), b->spare);

		b->stored += n ? n : RECORD_RAW_MAX;
		b->records++;
	} while (!atomic_load_explicit(stop, memory_order_relaxed));
}

static bool bare_open(struct bare *b, const struct pair *p, uint32_t mtu)
{
	static const uint8_t key[SEAL_KEY_MAX] = "the bare cipher's, for its time";

	memset(b, 0, sizeof(*b));
	b->cipher = p->node[0].w.seal.backend == &seal_imb ? &aead_raw_imb : &aead_raw_evp;
	b->source = p->node[0].endpoint.buffers;
	b->size = wire_segment_size(mtu);
	b->codec = codec_by_id(p->codec);
	b->library = library_new();
	return b->library && b->cipher->start(&b->raw, (enum cipher_id)p->cipher, key);
}

static void bare_close(struct bare *b)
{
	b->cipher->stop(&b->raw);
	library_free(b->library);
}

// ns of a byte before the codec; *stored: what of it is left after.
static double pack_ns(struct bare *b, struct scene *s, double *stored)
{
	uint64_t ns;

	*stored = 1;
	if (b->codec->id == CODEC_NONE)
		return 0;
	ns = duo_run(s->pair->duo, pack_job, b, NULL, NULL, s->duration_ns / 4);
	*stored = (double)b->stored / (double)b->records / RECORD_RAW_MAX;
	return (double)ns / (double)b->records / RECORD_RAW_MAX;
}

int scene_raw_sealed(struct scene *s)
{
	static struct bare bare;
	double packed_ns, sealed_ns, stored;

	if (!bare_open(&bare, s->pair, s->mtu)) {
		snprintf(s->out->error, sizeof(s->out->error),
			"the cipher's library does not start");
		bare_close(&bare);
		return -1;
	}
	packed_ns = pack_ns(&bare, s, &stored);
	sealed_ns = (double)duo_run(s->pair->duo, seal_job, &bare, NULL, NULL, s->duration_ns / 4);
	bare_close(&bare);
	if (scene_raw(s) != 0)
		return -1;
	s->out->ns += (uint64_t)(sealed_ns / (double)bare.packets * (double)s->out->units / s->mtu);
	s->out->units = (uint64_t)((double)s->out->units / stored);
	s->out->ns += (uint64_t)(packed_ns * (double)s->out->units);
	return 0;
}
