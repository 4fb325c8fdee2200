// The pieces of one received packet: where the cipher puts them, and what they say once it has.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/transform/seal.h"
#include "dataplane/transport/transport.h"

struct worker;
struct session;

struct opened {
	struct seal_piece
		pieces[3]; // for cipher->open: ACK block, then up to two places of the record
	uint32_t count;
	uint8_t *front; // scratch: the riding ACK block, or all of a control packet
	uint32_t front_size;
	uint32_t data_size;     // payload of a DATA packet
	const uint8_t *payload; // after opened_parse: of other types
	uint32_t payload_size;
	bool has_ack;
	struct wire_ack ack;
};

// `size`: bytes behind the header, without the tag. Checks
// bounds, window and credit; believes nothing else.
enum verdict opened_place(struct worker *w, struct session *s, const struct wire_header *header,
	uint32_t size, struct opened *opened);
// After the cipher opened it.
enum verdict opened_parse(struct opened *opened, const struct wire_header *header);
