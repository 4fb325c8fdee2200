// Loss detection: how far up the acknowledgements make packets suspect.
#include "dataplane/transport/loss.h"

void loss_init(struct loss *l)
{
	l->later = LOSS_LATER_START;
	l->edge = 0;
	l->covered = 0;
	l->check_ns = UINT64_MAX;
}

// The packet number of the n-th set bit of the block,
// counting down from the largest; 0 when there are fewer.
static uint64_t loss_nth(const struct wire_ack *ack, uint32_t n)
{
	for (uint32_t w = 0; w < ack->nwords; w++) {
		uint64_t m = ack->words[w];
		uint32_t count = (uint32_t)__builtin_popcountll(m);
		if (count < n) {
			n -= count;
			continue;
		}
		while (--n)
			m &= m - 1;
		uint64_t below = 64ull * w + (uint32_t)__builtin_ctzll(m);
		return ack->largest > below ? ack->largest - below : 0;
	}
	return 0;
}

void loss_on_ack(struct loss *l, const struct wire_ack *ack)
{
	uint64_t edge = loss_nth(ack, l->later);
	if (edge > l->edge)
		l->edge = edge;
	const uint64_t reach = 64ull * ACK_WORDS_MAX;
	if (ack->largest >= reach && ack->largest - reach + 1 > l->covered)
		l->covered = ack->largest - reach + 1;
}

void loss_widen(struct loss *l)
{
	l->later *= 2;
	if (l->later > LOSS_LATER_MAX)
		l->later = LOSS_LATER_MAX;
	// What the old threshold made suspect has to be shown again.
	l->edge = 0;
}
