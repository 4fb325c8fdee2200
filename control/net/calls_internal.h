// Shared by calls.c (requests), lanes.c (what nobody answers), calls_channel.c (connections) and
// calls_pool.c (what the pool wants).
#pragma once

#include "control/net/calls.h"

#define CALLS_MS(n) ((uint64_t)(n)*1000000u)
// Of waiters: a call's id, or this and the index of a lane.
#define LANE_COOKIE      (1ull << 32)
#define LANE_AFFINITY    1u // of the pool's requests: one connection, as long as it is good
#define CALLS_UNWRITABLE "the connection broke"

// Does what the pool wants done, until it wants nothing, and sets the timer. After each pool_*.
void calls_carry(struct calls *calls);
// The pool's node of that name, added when it is new. POOL_NONE: *why it is not, as of
// pool_node_add.
uint32_t calls_node(struct calls *calls, const char *name, enum pool_why *why);
// Remembers why no connection to it came to be; NULL: one did.
void calls_node_error(struct calls *calls, uint32_t node, const char *why);

// The pool wants a connection.
void calls_dial(struct calls *calls, uint32_t connection, uint32_t node);
void calls_close(struct calls *calls, uint32_t connection, enum pool_why why);
void calls_ping(struct calls *calls, uint32_t connection);
// NULL: not open.
struct channel *calls_channel(struct calls *calls, uint32_t connection);

// A waiter has its lease / has none.
void call_granted(struct calls *calls, struct call *call, const struct pool_lease *lease);
void call_refused(struct calls *calls, struct call *call, enum pool_why why, uint64_t retry_ns);
struct call *call_find(struct calls *calls, uint32_t id); // NULL: no such
// An answer came on `channel`.
void calls_on_answer(struct calls *calls, struct channel *channel, const struct message *message);
// The connection broke, and the pool does not know yet.
void calls_broke(struct calls *calls, uint32_t connection, const char *why);
// The channel is closed: its requests are lost.
void calls_on_lost(struct calls *calls, uint32_t connection, const char *why);
// The same of lanes.
void lane_granted(struct calls *calls, uint64_t cookie, const struct pool_lease *lease);
void lane_refused(struct calls *calls, uint64_t cookie, uint64_t retry_ns);
void lanes_on_lost(struct calls *calls, uint32_t connection);
void lanes_on_time(struct calls *calls);
uint64_t lanes_next_ns(const struct calls *calls);
bool lanes_use(const struct calls *calls, uint32_t pool_node); // one has, or wants, a lease of it
void lanes_fini(struct calls *calls);
// Deadlines. calls_next_ns: the next one, UINT64_MAX: none.
void calls_on_time(struct calls *calls);
uint64_t calls_next_ns(const struct calls *calls);
