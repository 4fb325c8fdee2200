// Duplicate filter, ACK source and replay window of one connection's receive direction.
#include "dataplane/transport/recv_pn.h"

#include <string.h>

#include "dataplane/transport/ring_bits.h"

void recv_pn_init(struct recv_pn *r)
{
	memset(r, 0, sizeof(*r));
	r->unreported_low = UINT64_MAX;
}

bool recv_pn_check(const struct recv_pn *r, uint64_t pn)
{
	if (pn > r->largest)
		return pn <= WIRE_PN_MAX;
	if (pn == 0 || r->largest - pn >= PN_WINDOW)
		return false; // 0 is never sent
	return !ring_bits_test(r->bits, PN_WINDOW, pn);
}

// The ring moves up: the places of largest + 1 .. pn still hold packet numbers one window lower.
static void recv_pn_clear(struct recv_pn *r, uint64_t pn)
{
	uint64_t n = pn - r->largest;
	if (n >= PN_WINDOW) {
		memset(r->bits, 0, sizeof(r->bits));
		return;
	}
	for (; n >= 64; n -= 64, pn -= 64)
		ring_bits_clear_mask(r->bits, PN_WINDOW, pn, ~0ull);
	if (n)
		ring_bits_clear_mask(r->bits, PN_WINDOW, pn, (1ull << n) - 1);
}

bool recv_pn_add(struct recv_pn *r, uint64_t pn, bool eliciting, uint64_t now_ns)
{
	bool gap = false;
	if (pn > r->largest) {
		gap = pn > r->largest + 1;
		recv_pn_clear(r, pn);
		r->largest = pn;
	}
	ring_bits_set(r->bits, PN_WINDOW, pn);
	if (!eliciting)
		return false; // packets that elicit nothing make no gap
	if (pn < r->unreported_low)
		r->unreported_low = pn;
	if (pn > r->eliciting) {
		r->eliciting = pn;
		r->eliciting_ns = now_ns;
	}
	r->unreported++;
	return gap;
}

void recv_pn_floor(struct recv_pn *r, uint64_t floor)
{
	if (floor > r->floor && floor <= r->largest + 1)
		r->floor = floor;
}

uint32_t recv_pn_words(const struct recv_pn *r)
{
	if (r->unreported_low > r->largest)
		return 1;
	uint64_t words = (r->largest - r->unreported_low) / 64 + 1;
	return words > ACK_WORDS_MAX ? ACK_WORDS_MAX : (uint32_t)words;
}

void recv_pn_report(struct recv_pn *r, struct wire_ack *ack, uint32_t words, uint64_t now_ns)
{
	uint64_t delay_us = r->eliciting ? (now_ns - r->eliciting_ns) / 1000 : 0;
	uint32_t n = 0;
	for (uint64_t pn = r->largest; n < words; pn -= 64) {
		ack->words[n++] = ring_bits_load(r->bits, PN_WINDOW, pn);
		if (pn < 64 || pn - 64 < r->floor)
			break;
	}
	while (n > 1 && ack->words[n - 1] == 0)
		n--;
	ack->nwords = (uint8_t)n;
	ack->largest = r->largest;
	ack->delay_us = (uint16_t)(delay_us > UINT16_MAX ? UINT16_MAX : delay_us);
	ack->ce = r->ce;
	r->unreported = 0;
	r->unreported_low = UINT64_MAX;
}
