// What the path is known to carry: the search for its MTU by probes (RFC 8899), in cells a packet.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Times that a size is tried before it counts as too large.
#define PATH_TRIES 3u
// Loss events of large packets, and no large packet acknowledged in between: a black hole.
#define PATH_HOLE_EVENTS 3u

struct path {
	uint8_t cells;     // of the largest packet that is known to pass: >= 1, the base
	uint8_t cells_max; // of the largest that both links take
	uint8_t high;      // the search: larger ones have failed
	uint8_t trying;    // the size to be probed, or of the probe on its way; 0: no search
	uint8_t tries;     // failed ones of this size
	uint8_t holes;     // loss events of large packets since one was acknowledged
	bool large_lost;   // a large packet was lost since the last event
	uint64_t pn;       // the probe on its way; 0: none
	uint64_t sent_ns;  // ... since then
	uint64_t due_ns;   // it counts as lost; or, without a search, the next one begins; NEVER
};

void path_init(struct path *p, uint32_t cells_max);
// A new search from what is known to pass. True: a probe of `trying` cells is to be sent.
bool path_search(struct path *p);
// A probe of `cells` arrived, perhaps one that was thought lost. True: the packets grow.
bool path_passed(struct path *p, uint32_t cells);
// The probe on its way did not arrive although others did.
void path_failed(struct path *p);
// A loss event. True: large packets vanish while the peer lives, and the base is all that is known
// to pass.
bool path_on_event(struct path *p);
