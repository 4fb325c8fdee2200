// Which requests were applied already: a network may bring a proposal twice, and the leader then
// appends it twice. Of each process that proposes, the last KV_WINDOW sequence numbers; of the
// KV_ORIGINS_MAX processes that proposed last. Part of the replicated state.
#pragma once

#include <stdint.h>

#include "control/cluster/kv/kv.h"

struct origin {
	uint64_t origin, boot;
	uint64_t highest;              // sequence
	uint64_t applied;              // index of its last entry
	uint64_t seen[KV_WINDOW / 64]; // by sequence modulo KV_WINDOW
};

struct origins {
	uint32_t count;
	uint32_t latest; // who it was last time: often the same again
	uint64_t hash;   // of all: a sum
	struct origin origin[KV_ORIGINS_MAX];
};

// KV_OK: it is new, and remembered from now on. KV_REPEATED, KV_EXPIRED.
enum kv_status origins_admit(
	struct origins *origins, const struct kv_request *request, uint64_t index);
// One of a snapshot. False: there is no room, or it is there already, or it cannot be so.
bool origins_restore(struct origins *origins, const struct origin *origin, uint64_t applied);
uint64_t origin_hash(const struct origin *origin);
