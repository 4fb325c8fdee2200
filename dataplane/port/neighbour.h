// Which hardware address answers for an IP address. Pure:
// time is an argument, requests to send are taken out.
//
// What it believes: replies that it asked for, and the sender of a request addressed to us, but
// that never overrides what it knows: then it asks, and the answer decides. What is in use is never
// evicted by what is not.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/limits.h"
#include "lib/base/address.h"

enum neighbour_state {
	NEIGHBOUR_FREE = 0,
	NEIGHBOUR_PENDING, // asked for; no address yet
	NEIGHBOUR_KNOWN,   // confirmed within NEIGHBOUR_FRESH_NS, or nobody uses it
	NEIGHBOUR_PROBED,  // known, in use, and being asked again
};

struct neighbour {
	struct address ip;     // none: free
	uint8_t state;         // enum neighbour_state
	uint8_t tries;         // requests sent since the state began
	uint8_t mac[6];        // valid in KNOWN and PROBED
	uint64_t used_ns;      // last neighbour_resolve
	uint64_t confirmed_ns; // last time the address was learnt
	uint64_t ask_ns;       // PENDING, PROBED: next request
};

struct neighbour_table {
	struct address ips[NEIGHBOURS_MAX]; // of entries, none: free; what a search looks at
	struct neighbour entries[NEIGHBOURS_MAX];
	uint32_t version; // changes whenever an entry gains, changes or loses its address
	uint32_t pending; // entries in PENDING, <= ARP_PENDING_MAX
	uint64_t due_ns;  // neighbour_take_request has something to do then, not earlier
	uint64_t refused; // learnt nothing although addressed: table full of entries in use
};

#define NEIGHBOUR_FRESH_NS     30000000000ull // in use: asked again after so long
#define NEIGHBOUR_IDLE_NS      30000000000ull // unused for so long: forgotten
#define NEIGHBOUR_RETRY_NS     100000000ull   // first pause between requests; doubles ...
#define NEIGHBOUR_RETRY_MAX_NS 1000000000ull  // ... up to this
#define NEIGHBOUR_PROBES       6 // unanswered probes until an address is no longer believed

void neighbour_init(struct neighbour_table *t);

// The address for `ip`, or NULL: then it is being asked
// for as long as somebody calls this now and then.
const uint8_t *neighbour_resolve(struct neighbour_table *t, struct address ip, uint64_t now_ns);

// The next request to send; false when none is due. Also ages the table.
bool neighbour_take_request(struct neighbour_table *t, struct address *ip, uint64_t now_ns);

// A reply addressed to us. False: not asked for.
bool neighbour_on_reply(
	struct neighbour_table *t, struct address ip, const uint8_t mac[6], uint64_t now_ns);
// A request addressed to us. False: not learnt.
bool neighbour_on_request(
	struct neighbour_table *t, struct address ip, const uint8_t mac[6], uint64_t now_ns);
