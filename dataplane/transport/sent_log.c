// The log of sent packets of one connection.
#include "dataplane/transport/sent_log.h"

#include <assert.h>
#include <string.h>

#include "dataplane/transport/ring_bits.h"

void sent_log_init(struct sent_log *l)
{
	l->next_pn = 1;
	l->lowest = 1;
	memset(l->flight, 0, sizeof(l->flight));
	memset(l->lost, 0, sizeof(l->lost));
}

uint64_t sent_log_add(struct sent_log *l, const struct sent_entry *entry)
{
	uint64_t pn = l->next_pn++;
	assert(pn - l->lowest < IN_FLIGHT_MAX);
	*sent_log_entry(l, pn) = *entry;
	ring_bits_clear(l->lost, IN_FLIGHT_MAX, pn); // of pn - IN_FLIGHT_MAX
	if (entry->kind != SENT_NOTHING)
		ring_bits_set(l->flight, IN_FLIGHT_MAX, pn);
	else if (l->lowest == pn)
		l->lowest = l->next_pn;
	return pn;
}

// Bits i of a word at `pn` for which pn - i is a packet number that the log still holds.
static uint64_t sent_log_held(const struct sent_log *l, uint64_t pn)
{
	uint64_t oldest = l->next_pn > IN_FLIGHT_MAX ? l->next_pn - IN_FLIGHT_MAX : 1;
	if (pn >= l->next_pn || pn < oldest)
		return 0;
	uint64_t n = pn - oldest + 1;
	return n >= 64 ? ~0ull : (1ull << n) - 1;
}

uint64_t sent_log_take(struct sent_log *l, uint64_t pn, uint64_t word, uint64_t *late)
{
	word &= sent_log_held(l, pn);
	*late = 0;
	if (word == 0)
		return 0;
	uint64_t newly = word & ring_bits_load(l->flight, IN_FLIGHT_MAX, pn);
	*late = word & ring_bits_load(l->lost, IN_FLIGHT_MAX, pn);
	if (newly)
		ring_bits_clear_mask(l->flight, IN_FLIGHT_MAX, pn, newly);
	if (*late)
		ring_bits_clear_mask(l->lost, IN_FLIGHT_MAX, pn, *late);
	return newly;
}

void sent_log_lose(struct sent_log *l, uint64_t pn)
{
	assert(ring_bits_test(l->flight, IN_FLIGHT_MAX, pn));
	ring_bits_clear(l->flight, IN_FLIGHT_MAX, pn);
	ring_bits_set(l->lost, IN_FLIGHT_MAX, pn);
}

uint64_t sent_log_flight(const struct sent_log *l, uint64_t from, uint64_t end)
{
	if (from < l->lowest)
		from = l->lowest;
	return ring_bits_lowest(l->flight, IN_FLIGHT_MAX, from, end);
}

void sent_log_settle(struct sent_log *l)
{
	l->lowest = ring_bits_lowest(l->flight, IN_FLIGHT_MAX, l->lowest, l->next_pn);
}
