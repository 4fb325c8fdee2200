// One direction of a virtual link: what a network may do to a frame between two ports.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/seal.h"

#define FRAME_FULL 1514u // of the smallest MTU

// Ones'-complement sum of 16-bit words, as UDP's. Sums
// 32 bits at a time: carries are folded at the end.
uint16_t frame_checksum(const uint8_t *bytes, uint32_t size)
{
	uint64_t sum = 0;
	for (; size >= 4; size -= 4, bytes += 4) {
		uint32_t word;
		memcpy(&word, bytes, 4);
		sum += word;
	}
	uint32_t rest = 0;
	memcpy(&rest, bytes, size);
	sum += rest;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct frame *frame_new(uint32_t size)
{
	struct frame *frame = calloc(1, sizeof(*frame) + size);
	if (!frame)
		abort();
	frame->size = size;
	return frame;
}

// ---- frames in flight: a binary heap by arrival -----------------------------------------------

static bool earlier(const struct frame *a, const struct frame *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->number < b->number;
}

static void fly(struct sim *sim, struct frame *frame)
{
	if (sim->nflying == sim->flying_room) {
		sim->flying_room = sim->flying_room ? 2 * sim->flying_room : 256;
		sim->flying = realloc(sim->flying, sim->flying_room * sizeof(struct frame *));
		if (!sim->flying)
			abort();
	}
	frame->number = sim->frame_number++;
	uint32_t i = sim->nflying++;
	for (; i && earlier(frame, sim->flying[(i - 1) / 2]); i = (i - 1) / 2)
		sim->flying[i] = sim->flying[(i - 1) / 2];
	sim->flying[i] = frame;
}

void link_inject(struct sim *sim, struct frame *frame)
{
	fly(sim, frame);
}

struct frame *link_take(struct sim *sim)
{
	struct frame *first = sim->flying[0];
	struct frame *last = sim->flying[--sim->nflying];
	uint32_t i = 0;
	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child >= sim->nflying)
			break;
		if (child + 1 < sim->nflying && earlier(sim->flying[child + 1], sim->flying[child]))
			child++;
		if (!earlier(sim->flying[child], last))
			break;
		sim->flying[i] = sim->flying[child];
		i = child;
	}
	sim->flying[i] = last;
	return first;
}

uint64_t link_deadline(const struct sim *sim)
{
	return sim->nflying ? sim->flying[0]->at_ns : UINT64_MAX;
}

// ---- impairments ------------------------------------------------------------------------------

// Checked links flip bits within 15 in a row: an error that a
// ones'-complement sum always finds (distinct powers of two below 2^16 - 1
// never sum to 0). Undetected ones flip anything and write the sum anew.
static void corrupt(struct sim *sim, struct frame *frame)
{
	struct rng *r = &sim->rng;
	uint32_t bits = frame->size * 8;
	if (sim->plan->undetected) {
		// Headers are a small part of a frame and the interesting one.
		uint32_t reach = rng_percent(r, 60) && bits > 8 * 64 ? 8 * 64 : bits;
		for (uint64_t n = rng_between(r, 1, 6); n; n--) {
			uint64_t bit = rng_below(r, reach);
			frame->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		uint16_t sum =
			frame_checksum(frame->bytes + FRAME_OVERHEAD, frame->size - FRAME_OVERHEAD);
		memcpy(frame->bytes, &sum, sizeof(sum));
	} else {
		uint64_t first = rng_below(r, bits);
		uint64_t pattern = rng_below(r, 1u << rng_between(r, 0, 14)) | 1;
		for (uint64_t bit = first; pattern && bit < bits; bit++, pattern >>= 1)
			frame->bytes[bit / 8] ^= (uint8_t)((pattern & 1) << bit % 8);
	}
	frame->corrupted = true;
	sim->corrupted++;
	story_packet(sim, frame->from, frame->to, "bits flip in", frame->bytes + FRAME_OVERHEAD,
		frame->size - FRAME_OVERHEAD);
}

// Bursts have an end in time, not in packets: a quiet connection would otherwise never leave one.
static bool is_lost(struct sim *sim, const struct link_plan *plan, struct link *link)
{
	if (rng_ppm(&sim->rng, plan->burst_ppm))
		link->burst_ns = sim->now_ns + rng_below(&sim->rng, plan->burst_ns_max);
	bool burst = sim->now_ns < link->burst_ns;
	return link->down || burst || rng_ppm(&sim->rng, plan->loss_ppm);
}

// When the frame is through the bottleneck. False: its queue is full.
static bool pass_rate(struct sim *sim, const struct link_plan *plan, struct link *link,
	uint32_t size, uint64_t *out_ns)
{
	*out_ns = sim->now_ns;
	if (!plan->rate_Bps)
		return true;
	uint64_t take_ns = (uint64_t)(size + 42) * S / plan->rate_Bps;
	uint64_t start_ns = link->free_ns > sim->now_ns ? link->free_ns : sim->now_ns;
	// A small frame takes a place like any other: it must not find a queue full that is not.
	uint64_t place_ns = FRAME_FULL * S / plan->rate_Bps;
	if (start_ns - sim->now_ns > plan->queue * (take_ns > place_ns ? take_ns : place_ns))
		return false;
	*out_ns = link->free_ns = start_ns + take_ns;
	return true;
}

// A switch with a smaller MTU tells nobody.
static uint32_t link_carries(const struct sim *sim, const struct frame *frame)
{
	uint32_t carries = sim->plan->links[frame->from][frame->to].carries;
	uint32_t least = carries ? carries : UINT32_MAX;
	for (uint32_t node = 0; node < NODES_MAX; node++)
		if ((node == frame->from || node == frame->to) &&
			sim->now_ns < sim->narrow_until_ns[node] && sim->narrow[node] < least)
			least = sim->narrow[node];
	return least;
}

void link_send(struct sim *sim, struct frame *frame)
{
	const struct link_plan *plan = &sim->plan->links[frame->from][frame->to];
	struct link *link = &sim->links[frame->from][frame->to];
	const uint8_t *bytes = frame->bytes + FRAME_OVERHEAD;
	uint32_t size = frame->size - FRAME_OVERHEAD;

	sim->frames++;
	if (sim->plan->sealed)
		attack(sim, frame);
	bool lost = is_lost(sim, plan, link) || (sim->filter && sim->filter(sim, frame));
	uint64_t out_ns;
	if (size > link_carries(sim, frame)) {
		story_packet(sim, frame->from, frame->to, "too large:", bytes, size);
		sim->lost++;
		free(frame);
		return;
	}
	if (lost || !pass_rate(sim, plan, link, frame->size, &out_ns)) {
		story_packet(
			sim, frame->from, frame->to, lost ? "lost:" : "queue full:", bytes, size);
		sim->lost++;
		free(frame);
		return;
	}
	if (rng_ppm(&sim->rng, plan->corrupt_ppm))
		corrupt(sim, frame);
	frame->at_ns = out_ns + plan->delay_ns + rng_below(&sim->rng, plan->jitter_ns);
	if (rng_ppm(&sim->rng, plan->reorder_ppm)) {
		uint64_t most_ns =
			plan->reorder_ns ? plan->reorder_ns : 4 * plan->delay_ns + 200 * US;
		frame->at_ns += rng_below(&sim->rng, most_ns);
		sim->reordered++;
	}
	if (rng_ppm(&sim->rng, plan->duplicate_ppm)) {
		struct frame *twin = malloc(sizeof(*frame) + frame->size);
		if (!twin)
			abort();
		memcpy(twin, frame, sizeof(*frame) + frame->size);
		twin->at_ns += rng_below(&sim->rng, 2 * plan->delay_ns);
		sim->duplicated++;
		fly(sim, twin);
	}
	fly(sim, frame);
}
