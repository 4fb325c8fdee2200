// One node behind a pool, and the clients that ask for it, in virtual time.
#pragma once

#include <stdbool.h>

#include "control/pool/pool.h"

enum { CLIENTS_MAX = 128, CLIENTS_LINKS = 128 };

struct clients {
	struct pool *pool;
	uint32_t node;
	uint64_t now_ns, dial_ns, hold_ns;
	struct {
		uint32_t name;
		uint64_t ready_ns; // of its dial; 0: not dialing
		bool open;
	} links[CLIENTS_LINKS];
	struct {
		uint32_t lease; // POOL_NONE: none
		uint64_t asked_ns, done_ns;
		bool waiting;
	} client[CLIENTS_MAX];
	uint64_t served, took_ns; // requests, and from asking to their end, of all together
	uint32_t open, open_max;  // links, those being dialed as well
	uint32_t holding, waiting;
};

// A pool of that configuration in new memory. false: there is none.
bool clients_open(
	struct clients *c, const struct pool_config *config, uint64_t dial_ns, uint64_t hold_ns);
void clients_close(struct clients *c);
// A client that is idle asks. false: all are busy.
bool clients_ask(struct clients *c);
// Everything that happens until then.
void clients_run(struct clients *c, uint64_t until_ns);
