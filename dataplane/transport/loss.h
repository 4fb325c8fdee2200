// When a packet counts as lost: enough later ones were acknowledged, and it is older than a round
// trip and an eighth.
#pragma once

#include <stdint.h>

#include "dataplane/wire/wire.h"

#define LOSS_LATER_START 3u
#define LOSS_LATER_MAX   127u

struct loss {
	uint32_t later;   // this many later acknowledgements
	uint64_t edge;    // every pn below has that many; grows
	uint64_t covered; // every pn below is out of the reach of the peer's ACKs: it will never be
			  // acknowledged
	uint64_t check_ns; // a candidate below the edge is old enough then; UINT64_MAX: there is
			   // none
};

void loss_init(struct loss *l);
// An ACK came: moves the edges.
void loss_on_ack(struct loss *l, const struct wire_ack *ack);
// A packet that was declared lost is acknowledged after all: the path reorders more than thought.
void loss_widen(struct loss *l);
// Age at which a candidate is lost: 9/8 srtt.
static inline uint64_t loss_age(uint64_t srtt_ns)
{
	return srtt_ns + srtt_ns / 8;
}
