// Encryption in the simulated world: production keys and ciphers, and an attacker on every link who
// sees each frame, and sends what he likes with a checksum that is right.
#pragma once

#include "tests/sim/sim.h"

// The end has a connection: secrets of its own for each direction. False: no memory.
bool seal_start(struct end *end);
void seal_stop(struct end *end);
// Seals `pieces` behind the header that is framed at `at`; returns the bytes behind it. KEY_PHASE
// is set there.
uint32_t seal_out(struct end *end, uint64_t pn, uint8_t *at, const struct seal_source *pieces,
	uint32_t count);
// Opens what is behind the header into `pieces`.
enum verdict seal_in(struct end *end, const struct wire_header *header, const uint8_t *bytes,
	uint32_t size, const struct seal_piece *pieces, uint32_t count);
// Keys that are wanted next; once a turn.
void seal_ahead(struct end *end, uint64_t now_ns);
// The frame passes: what the attacker makes of it is under way.
void attack(struct sim *sim, const struct frame *frame);
