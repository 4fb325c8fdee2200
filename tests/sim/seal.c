// What stands between the transport and the link when a plan is sealed. See seal.h.
#include "tests/sim/seal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/bytes.h"

static struct seal_engine engine;

bool seal_start(struct end *end)
{
	const struct pair_plan *pair = &end->sim->plan->pair[end->pair];
	const struct cipher *cipher;
	uint8_t secret[2][SECRET_SIZE] = {{0}};
	const struct keys_limits limits = {.packets = pair->rekey_packets};
	char why[96];

	if (!engine.backend && seal_engine_init(&engine, CIPHER_AUTO, why, sizeof(why)) != 0)
		return false;
	cipher = cipher_by_id(&engine, (uint8_t)(1 + end->pair % (CIPHER_COUNT - 1)));
	for (uint32_t side = 0; side < 2; side++) {
		be64_put(secret[side], end->sim->plan->seed);
		be16_put(secret[side] + 8, (uint16_t)(2 * end->pair + side + 1));
	}
	end->keys = aligned_alloc(64, sizeof(*end->keys));
	if (!end->keys)
		return false;
	memset(end->keys, 0, sizeof(*end->keys));
	return keys_init(end->keys, &engine, cipher, &limits, secret[end->side], secret[!end->side],
		node_clock(end->sim, &end->sim->nodes[end->node]));
}

void seal_stop(struct end *end)
{
	if (!end->keys)
		return;
	end->sim->phases += end->keys->send.phase;
	keys_fini(end->keys);
	free(end->keys);
	end->keys = NULL;
}

uint32_t seal_out(
	struct end *end, uint64_t pn, uint8_t *at, const struct seal_source *pieces, uint32_t count)
{
	bool phase;
	const struct seal_key *key = keys_to_seal(end->keys, pn, conn_largest_acked(end->conn),
		node_clock(end->sim, &end->sim->nodes[end->node]), &phase);

	if (!key) {
		sim_fail(end->sim, "%c: connection %u has no key left", node_letter(end->node),
			end->pair);
		return 0;
	}
	at[1] |= phase ? WIRE_KEY_PHASE : 0;
	return end->keys->cipher->seal(key, pn, at, pieces, count, at + WIRE_HEADER_SIZE);
}

enum verdict seal_in(struct end *end, const struct wire_header *header, const uint8_t *bytes,
	uint32_t size, const struct seal_piece *pieces, uint32_t count)
{
	uint64_t now_ns = node_clock(end->sim, &end->sim->nodes[end->node]);
	const struct seal_key *key =
		keys_to_open(end->keys, header->pn, header->flags & WIRE_KEY_PHASE, now_ns);

	if (!key)
		return DROP_KEY;
	if (!end->keys->cipher->open(key, header->pn, bytes, bytes + WIRE_HEADER_SIZE,
		    size - WIRE_HEADER_SIZE, pieces, count))
		return DROP_AUTH;
	keys_opened(end->keys, key, header->pn, now_ns);
	return VERDICT_ACCEPT;
}

void seal_ahead(struct end *end, uint64_t now_ns)
{
	if (!end->keys || !end->keys->wants)
		return;
	if (end->keys->asks)
		transport_probe(end->sim->nodes[end->node].transport, end->conn);
	if (!keys_ahead(end->keys, now_ns))
		sim_fail(end->sim, "%c: connection %u gets no key", node_letter(end->node),
			end->pair);
}

// ---- the attacker ---------------------------------------------------------------------------

static struct frame *copy_of(const struct frame *frame, uint32_t size)
{
	struct frame *copy = frame_new(frame->size);

	memcpy(copy, frame, sizeof(*copy) + size);
	copy->size = size;
	return copy;
}

static void resum(struct frame *frame)
{
	uint16_t sum = frame_checksum(frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD);

	memcpy(frame->bytes, &sum, sizeof(sum));
	frame->corrupted = true; // whoever opens it has no cipher
}

static struct frame *flipped(struct sim *sim, const struct frame *frame)
{
	struct frame *copy = copy_of(frame, frame->size);
	uint32_t reach =
		rng_percent(&sim->rng, 50) ? WIRE_HEADER_SIZE : frame->size - FRAME_OVERHEAD;
	uint64_t bit = rng_below(&sim->rng, 8 * reach);

	copy->bytes[FRAME_OVERHEAD + bit / 8] ^= (uint8_t)(1u << bit % 8);
	resum(copy);
	return copy;
}

static struct frame *cut_off(struct sim *sim, const struct frame *frame)
{
	struct frame *copy = copy_of(frame,
		FRAME_OVERHEAD + (uint32_t)rng_below(&sim->rng, frame->size - FRAME_OVERHEAD));

	resum(copy);
	return copy;
}

// A header that could be true, before bytes that are not.
static struct frame *invented(struct sim *sim, const struct frame *frame)
{
	struct frame *copy = copy_of(frame, frame->size);
	uint8_t *at = copy->bytes + FRAME_OVERHEAD;

	be48_put(at + 6, be48_get(at + 6) + rng_below(&sim->rng, 10000));
	be48_put(at + 16, be48_get(at + 16) + (rng_below(&sim->rng, 4) << RECORD_SHIFT));
	for (uint32_t i = FRAME_OVERHEAD + WIRE_HEADER_SIZE; i < copy->size; i++)
		copy->bytes[i] = (uint8_t)rng_next(&sim->rng);
	resum(copy);
	return copy;
}

static struct frame *misdirected(struct sim *sim, const struct frame *frame)
{
	struct frame *copy = copy_of(frame, frame->size);
	struct end *other =
		&sim->ends[rng_below(&sim->rng, sim->plan->pairs)][rng_below(&sim->rng, 2)];

	if (other->cid == be32_get(copy->bytes + FRAME_OVERHEAD + 2)) {
		free(copy);
		return NULL;
	}
	be32_put(copy->bytes + FRAME_OVERHEAD + 2, other->cid);
	copy->to = other->node;
	resum(copy);
	return copy;
}

// Unchanged, some time later: true unless it came, or is too old.
static struct frame *replayed(struct sim *sim, const struct frame *frame)
{
	uint32_t place = (uint32_t)rng_below(&sim->rng, OLD_FRAMES);
	struct frame *old = sim->old[place];

	sim->old[place] = copy_of(frame, frame->size);
	return old;
}

void attack(struct sim *sim, const struct frame *frame)
{
	static struct frame *(*const ways[])(struct sim * sim, const struct frame *frame) = {
		flipped, cut_off, invented, misdirected, replayed};
	struct frame *made;

	if (!frame->sender || !rng_ppm(&sim->rng, sim->plan->attack_ppm))
		return;
	made = ways[rng_below(&sim->rng, sizeof(ways) / sizeof(ways[0]))](sim, frame);
	if (!made)
		return;
	sim->attacks++;
	story_packet(sim, made->from, made->to, "the attacker sends", made->bytes + FRAME_OVERHEAD,
		made->size - FRAME_OVERHEAD);
	// No faster than the link: the law knows how long a round trip takes at least.
	made->at_ns = sim->now_ns + sim->plan->links[made->from][made->to].delay_ns +
		      rng_below(&sim->rng, 5 * MS);
	link_inject(sim, made);
}
