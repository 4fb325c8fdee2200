// Commands of control and letters of the main thread,
// as this worker carries them out. Bounded per turn.
#pragma once

#include <stdint.h>

struct worker;

// Returns how many were applied.
uint32_t apply_turn(struct worker *w, uint64_t now_ns);
