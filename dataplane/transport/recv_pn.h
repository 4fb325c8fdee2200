// Which packet numbers came: one 8192-bit ring that is
// duplicate filter, source of ACKs and replay window at once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/wire.h"

struct recv_pn {
	uint64_t largest;        // highest pn that authenticated; 0: none (pn 0 is never sent)
	uint64_t floor;          // the peer tracks nothing below; 0: not told
	uint64_t eliciting;      // highest pn that asks for an ACK
	uint64_t eliciting_ns;   // when it came: the ACK's delay counts from here
	uint64_t unreported_low; // lowest pn that no ACK has carried yet; UINT64_MAX: none
	uint32_t unreported;     // packets that ask for an ACK and have not had one
	uint16_t ce;             // congestion marks seen, modulo 2^16
	uint64_t bits[PN_WINDOW / 64];
};

void recv_pn_init(struct recv_pn *r);
// True when pn was not seen and is inside the window. Changes nothing.
bool recv_pn_check(const struct recv_pn *r, uint64_t pn);
// pn was checked and its packet authenticated. True when it opened a gap: packet numbers below it
// are missing that were not missing before.
bool recv_pn_add(struct recv_pn *r, uint64_t pn, bool eliciting, uint64_t now_ns);
// The peer tracks nothing below `floor`: the ACK need not reach further down.
void recv_pn_floor(struct recv_pn *r, uint64_t floor);
// Words an ACK needs to carry everything that is not
// reported yet; more than ACK_WORDS_MAX are not possible.
uint32_t recv_pn_words(const struct recv_pn *r);
// Fills largest, delay, ce and up to `words` words; the caller
// fills credit and limits. Everything counts as reported.
void recv_pn_report(struct recv_pn *r, struct wire_ack *ack, uint32_t words, uint64_t now_ns);
