// Commands of control and letters of the main thread,
// as this worker carries them out. Bounded per turn.
#pragma once

#include <stdint.h>

struct worker;

// Returns how many were applied.
uint32_t apply_turn(struct worker *w, uint64_t now_ns);
// Gives back what control reserved and forgot: it died, or an event of ours did not reach it.
void apply_on_time(struct worker *w, uint64_t now_ns);
