// What every packet number of the last 4,096 carried: an array indexed by pn, and two bitmaps over
// it, so that an ACK is a few word operations and its entries are read one after the other.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"

enum sent_kind {
	SENT_NOTHING = 0, // consumed a pn, elicits nothing: ACK, RESET, FLOOR
	SENT_DATA,
	SENT_PROBE, // or HELLO
	SENT_FIN,
	SENT_PATH, // a probe of `cells` cells
};

struct sent_entry {
	uint64_t sent_ns;
	uint32_t record;
	uint8_t stream; // number
	uint8_t cell;
	uint8_t kind;          // enum sent_kind
	uint8_t cells : 7;     // from `cell` on
	uint8_t timed_out : 1; // declared lost by a timeout: says nothing about reordering when
			       // acknowledged late
};
_Static_assert(sizeof(struct sent_entry) == 16, "four entries in a cache line");

struct sent_log {
	uint64_t next_pn;                    // starts at 1
	uint64_t lowest;                     // lowest pn in flight; next_pn when there is none
	uint64_t flight[IN_FLIGHT_MAX / 64]; // tracked: neither acknowledged nor lost
	uint64_t lost[IN_FLIGHT_MAX / 64];   // declared lost, an acknowledgement would be late
	struct sent_entry entries[IN_FLIGHT_MAX];
};

void sent_log_init(struct sent_log *l);
static inline struct sent_entry *sent_log_entry(struct sent_log *l, uint64_t pn)
{
	return &l->entries[pn & (IN_FLIGHT_MAX - 1)];
}

// Packet numbers between the lowest tracked and the next: never above IN_FLIGHT_MAX.
static inline uint64_t sent_log_span(const struct sent_log *l)
{
	return l->next_pn - l->lowest;
}

// The next pn carries `entry` (kind SENT_NOTHING is
// not tracked). The span must be below IN_FLIGHT_MAX.
uint64_t sent_log_add(struct sent_log *l, const struct sent_entry *entry);
// The bits of one ACK word that are in flight (and that were declared
// lost); bit i is pn - i. Both leave the log. Packet numbers that the
// log does not hold any more, or never sent, are not among them.
uint64_t sent_log_take(struct sent_log *l, uint64_t pn, uint64_t word, uint64_t *late);
// pn leaves the flight and counts as lost.
void sent_log_lose(struct sent_log *l, uint64_t pn);
// Lowest pn in flight in [from, end), or end.
uint64_t sent_log_flight(const struct sent_log *l, uint64_t from, uint64_t end);
// After sent_log_take and sent_log_lose: brings `lowest` up to date.
void sent_log_settle(struct sent_log *l);
