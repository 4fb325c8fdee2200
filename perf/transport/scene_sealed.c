// What the port and the cipher take in series: the limit of encrypted goodput. A packet costs the
// bare port's time and then the bare library's for a segment, one after the other on one CPU.
#include <stdio.h>
#include <string.h>

#include "perf/aead_raw.h"
#include "perf/transport/scene.h"

enum { PACKETS = 64, ROOM = MTU_MAX + 64, SOURCE = ENDPOINT_BUFFERS * APP_BLOCK_SIZE };

struct bare {
	const struct aead_raw_library *library;
	struct aead_raw raw;
	const uint8_t *source; // an application's buffers, one after the other
	uint32_t size;
	uint64_t packets;
	uint8_t packet[PACKETS][ROOM];
};

static void bare_job(void *state, const atomic_bool *stop)
{
	struct bare *b = state;
	uint8_t nonce[SEAL_IV_SIZE] = {0}, header[WIRE_HEADER_SIZE] = {0};
	uint32_t at = 0;

	do { // at least one, however late this thread got its CPU
		memcpy(nonce, &b->packets, sizeof(b->packets));
		b->library->seal(&b->raw, nonce, header, sizeof(header), b->source + at, b->size,
			b->packet[b->packets % PACKETS]);
		at = at + 2 * b->size <= SOURCE ? at + b->size : 0;
		b->packets++;
	} while (!atomic_load_explicit(stop, memory_order_relaxed));
}

static bool bare_open(struct bare *b, const struct pair *p, uint32_t mtu)
{
	static const uint8_t key[SEAL_KEY_MAX] = "the bare cipher's, for its time";

	memset(b, 0, sizeof(*b));
	b->library = p->node[0].w.seal.backend == &seal_imb ? &aead_raw_imb : &aead_raw_evp;
	b->source = p->node[0].endpoint.buffers;
	b->size = wire_segment_size(mtu);
	return b->library->start(&b->raw, (enum cipher_id)p->cipher, key);
}

int scene_raw_sealed(struct scene *s)
{
	static struct bare bare;
	double cipher_ns;

	if (!bare_open(&bare, s->pair, s->mtu)) {
		snprintf(s->out->error, sizeof(s->out->error),
			"the cipher's library does not start");
		bare.library->stop(&bare.raw);
		return -1;
	}
	cipher_ns = (double)duo_run(s->pair->duo, bare_job, &bare, NULL, NULL, s->duration_ns / 4);
	bare.library->stop(&bare.raw);
	if (scene_raw(s) != 0)
		return -1;
	s->out->ns += (uint64_t)(cipher_ns / (double)bare.packets * (double)s->out->units / s->mtu);
	return 0;
}
