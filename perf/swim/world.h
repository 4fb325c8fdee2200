// A whole cluster of production membership cores in virtual time, on a wire that takes 1 ms and
// loses nothing: what a quiet cluster costs.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cluster/swim/swim.h"

struct world;

struct world_totals {
	uint64_t datagrams, bytes;
	uint64_t frames, frame_bytes;
	uint64_t false_alarms; // members that somebody suspected
};

// `nodes` of them, joined and settled. NULL: no memory.
struct world *world_new(uint32_t nodes);
void world_free(struct world *world);
void world_run(struct world *world, uint64_t virtual_ns);
uint64_t world_now_ns(const struct world *world);
uint32_t world_count(const struct world *world);
void world_totals(const struct world *world, struct world_totals *totals);
// Everybody knows everybody as alive.
bool world_settled(const struct world *world);
// One of the last datagrams that were sent, 0 to WORLD_KEPT - 1.
enum { WORLD_KEPT = 1024 };
const struct swim_send *world_kept(const struct world *world, uint32_t index);
