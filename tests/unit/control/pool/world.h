// Nodes, connections and clients around a pool, in virtual time: what the transport and those who
// ask would do. Every action is checked as it is taken; `failure` says what was wrong first.
#pragma once

#include <stdio.h>

#include "control/pool/core.h"

enum { WORLD_NODES = 8, WORLD_CONNECTIONS = 256, WORLD_CLIENTS = 256 };

#define MS  1000000ull
#define SEC 1000000000ull

enum client_state { CLIENT_IDLE, CLIENT_WAITING, CLIENT_HOLDING };

struct client {
	enum client_state state;
	uint32_t node; // index
	uint32_t ticket, lease, connection;
	uint64_t asked_ns, deadline_ns, hold_ns, done_ns;
	uint64_t turn; // of asking, among all
};

enum link_state { LINK_NONE, LINK_DIALING, LINK_OPEN };

struct link {
	enum link_state state;
	uint32_t connection, node;
	uint64_t dialed_ns;           // when the dial is answered; UINT64_MAX: never
	uint64_t checked_ns, pong_ns; // the same of check and ping; 0: none is out
	bool broken;                  // the peer is gone, and nobody said so
};

struct world_node {
	uint32_t name;
	bool down;   // dials fail, requests break
	bool silent; // dials, checks and pings are not answered at all
	uint64_t dial_ns;
	uint64_t granted_turn; // of the last one that had waited
	uint32_t slots;        // of a connection, as the transport tells
	uint32_t failures;     // requests that broke
	uint32_t held;         // leases that no client has: the test itself
};

struct world {
	struct pool *pool;
	struct pool_config config;
	void *memory;
	uint64_t now_ns, random, turn;
	struct world_node nodes[WORLD_NODES];
	uint32_t nodes_count;
	struct link links[WORLD_CONNECTIONS];
	struct client clients[WORLD_CLIENTS];
	uint32_t clients_count;   // that ever asked
	uint32_t retryable, slow; // percent of requests that end so
	uint32_t links_max;       // the most that were dialing or open
	uint64_t granted, failed, served, expected_answers, answers;
	enum pool_why last_why; // of a FAIL or CLOSE
	uint32_t closed[POOL_WHY_COUNT];
	FILE *trace;
	char failure[160];
};

// Nodes n0, n1 ... are added. The configuration is one that can be.
void world_init(struct world *world, const struct pool_config *config, uint32_t nodes,
	uint64_t seed, FILE *trace);
void world_fini(struct world *world);
uint32_t world_random(struct world *world, uint32_t limit);

// A client asks, and will use the connection for so long. Returns its index (a granted one holds,
// a refused one is idle).
uint32_t world_ask(struct world *world, uint32_t node, uint64_t hold_ns, uint64_t deadline_ns);
void world_cancel(struct world *world, uint32_t client);
// What is due until then happens, each at its time. false: something was wrong.
bool world_run(struct world *world, uint64_t until_ns);
// Does what the pool asks for. Called after everything; here for what a test does by itself.
void world_take(struct world *world);
// All connections of the node break. `told`: the transport hears of it.
void world_restart(struct world *world, uint32_t node, bool told);
// The counters of the pool against what is there. false: `failure` says what is wrong.
bool world_check(struct world *world);
uint32_t world_links(const struct world *world, uint32_t node); // dialing or open
uint32_t world_waiting(const struct world *world);
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
