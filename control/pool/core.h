// What the files of the pool share: connections, leases, waiters and nodes in arrays, and the steps
// that more than one event takes.
#pragma once

#include "control/pool/list.h"
#include "control/pool/pool.h"

enum connection_state {
	CONNECTION_FREE,
	CONNECTION_DIALING,
	CONNECTION_READY,
	CONNECTION_CHECKING, // not handed out before the answer
	CONNECTION_CLOSING,  // a CLOSE waits to be taken
	CONNECTION_CLOSED,   // the transport is gone, leases are still out
};

enum connection_flags {
	CONNECTION_LEAVING = 1,   // no new lease; closed when the last one is released
	CONNECTION_BLAMELESS = 2, // what breaks on it says nothing (any more) about its node
	CONNECTION_USED = 4,      // has served
	CONNECTION_MADE = 8,      // its dial succeeded
	CONNECTION_RESTED = 16,   // was idle: is in the list of all nodes
};

enum listed { LISTED_NOT, LISTED_IDLE, LISTED_PARTIAL };

enum pending { // actions that wait to be taken, in this order
	PENDING_DIAL = 1,
	PENDING_CHECK = 2,
	PENDING_PING = 4,
	PENDING_CLOSE = 8,
};

struct connection {
	uint64_t created_ns; // its dial began
	uint64_t used_ns;    // last released, or dialed
	uint64_t proven_ns;  // the peer last answered on it
	uint64_t expires_ns; // UINT64_MAX: never
	uint64_t answer_ns;  // a dial, check or ping must be answered by then; 0: none is out
	uint32_t rtt_us;     // smoothed; 0: not measured
	uint16_t slot, generation, node; // slot: its own
	uint16_t slots, leased;          // slots: what counts in the limits
	uint16_t probe;                  // the token that its dial took: node.token then; 0: none
	uint8_t state, flags, pending, listed, why;
	struct links of_node, of_kind; // of_kind: idle or partly used
	struct links of_rested;        // of all nodes
	struct links of_actions;
};

static_assert(sizeof(struct connection) <= 80, "a pooled connection stays small");

struct lease {
	uint64_t acquired_ns, cookie;
	const char *site;
	uint16_t connection; // LIST_NONE: it is free
	uint16_t generation;
	uint16_t probe; // as a connection's
	uint16_t next;  // free ones: a stack
};

static_assert(sizeof(struct connection) + sizeof(struct lease) <= 112, "of ours, with its lease");

enum waiter_state { WAITER_FREE, WAITER_WAITING, WAITER_GRANTED, WAITER_FAILED };

struct waiter {
	uint64_t asked_ns, deadline_ns, cookie, retry_ns;
	const char *site;
	uint32_t affinity;
	uint16_t node, generation, lease; // lease: of WAITER_GRANTED
	uint8_t state, why;
	bool is_healthy, is_reused;
	struct links in_line; // its node's line, or that of the answers
};

enum gate { // why a node's requests take the long way
	GATE_GONE = 1,
	GATE_DRAINING = 2,
	GATE_BREAKER = 4, // open or half-open
	GATE_PAUSED = 8,
	GATE_UNUSABLE = GATE_GONE | GATE_DRAINING | GATE_BREAKER | GATE_PAUSED,
};

struct node {
	uint8_t gate, liveness, breaker;
	bool used;      // the entry
	bool probing;   // the half-open breaker's token is out
	bool starved;   // in the pool's line for room
	uint16_t token; // of the breaker: another one each time that it becomes half-open
	uint16_t slot, generation; // slot: its own
	struct list idle, partial; // the one used last first
	uint32_t idle_count;       // connections
	struct list connections, waiters;
	uint32_t ready_count, dialing_count, checking_count; // ready: those being checked as well
	uint32_t waiters_count;
	uint32_t slots, leased; // slots: all that counts, leases of closed ones too
	uint32_t ready_slots, dialing_slots;
	uint32_t reserved;
	uint64_t hold_ns, dial_ns; // smoothed: of a lease, of a dial; 0: not measured
	uint64_t doubt_ns;         // what was proven before is checked before it is handed out
	uint64_t fill_ns;          // when what is kept ready is dialed; UINT64_MAX: not due
	// Back-off and breaker.
	uint64_t backoff_until_ns, opened_until_ns;
	uint32_t backoff_times, opened_times;
	uint32_t failures, successes; // in a row; of the half-open breaker
	uint64_t window_ns;           // began
	uint32_t window_all, window_failed;
	uint64_t drain_ns; // the last ones are closed then; UINT64_MAX: no deadline
	// Health and auto-size.
	uint64_t rtt_ns, baseline_ns, health_pass_ns;
	uint64_t busy_slot_ns, busy_at_ns, interval_ns; // leased slots times ns; since; began
	uint32_t goal, warm;                            // connections: kept ready; wanted once
	uint32_t hot_ticks, cold_ticks, utilisation;
	uint16_t hash_next;
	struct links of_used, of_starved;
	struct pool_counts counts;
	char name[NAME_SIZE];
};

struct hint {
	uint32_t affinity, connection; // the connection's name
	uint16_t node;
	uint16_t hash_next;
	struct links by_use;
};

struct lru {
	struct hint *hints, *found; // found: last, or NULL
	uint16_t *buckets;
	uint32_t entries, used, mask;
	struct list by_use;
	uint64_t lookups, hits;
};

// Waits are counted by size: four buckets for each power of two.
enum { WAIT_BUCKETS = 256 };

struct pool {
	struct pool_config config;
	struct connection *connections;
	struct lease *leases;
	struct waiter *waiters;
	struct node *nodes;
	uint16_t *node_buckets;
	uint32_t node_mask;
	struct list free_connections, free_waiters, free_nodes, used_nodes;
	uint16_t free_lease;
	uint32_t nodes_count;
	// Of all nodes, the one that was idle last first; one that is leased keeps its place.
	struct list rested;
	struct list actions, answers;
	struct list starved;                  // nodes whose waiters need room below total_max
	bool room;                            // there is some since the starved were served last
	uint32_t slots, leased, reserve_open; // reserve_open: reserved and not in use
	uint32_t unreserved;                  // nodes that there was too little room to reserve for
	uint32_t leaver; // a multiplexed connection that leaves for the starved; or POOL_NONE
	uint32_t usable; // nodes whose gate lets requests pass
	uint8_t gate;    // of new nodes: draining, paused
	uint64_t drain_ns;
	uint64_t waiters_due_ns, connections_due_ns, nodes_due_ns, health_due_ns;
	uint64_t health_pass_ns;
	uint64_t random;
	struct lru lru;
	struct pool_counts counts; // only what no node can have
	uint64_t waits[WAIT_BUCKETS], wait_max_ns;
};

// ---- names

static inline uint32_t name_of(uint32_t slot, uint16_t generation)
{
	return (uint32_t)generation << 16 | slot;
}

static inline uint16_t generation_of(uint32_t name)
{
	return (uint16_t)(name >> 16);
}

// 0 is nobody's: a name of zero finds nobody.
static inline uint16_t generation_next(uint16_t generation)
{
	return (uint16_t)(generation == UINT16_MAX ? 1 : generation + 1);
}

static inline struct node *node_get(const struct pool *pool, uint32_t name)
{
	struct node *node = &pool->nodes[POOL_SLOT(name)];

	if (POOL_SLOT(name) >= pool->config.nodes_max || node->generation != generation_of(name) ||
		!node->used)
		return NULL;
	return node;
}

static inline uint32_t connection_name(const struct connection *c)
{
	return name_of(c->slot, c->generation);
}

static inline struct node *node_of(const struct pool *pool, const struct connection *c)
{
	return &pool->nodes[c->node];
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

// ---- random.c

uint32_t random_below(struct pool *pool, uint32_t limit);
// `ns`, up to `percent` shorter or longer.
uint64_t random_around(struct pool *pool, uint64_t ns, uint32_t percent);
// base * 1.6^times, at most cap, +- percent.
uint64_t random_backoff(
	struct pool *pool, uint64_t base_ns, uint32_t times, uint64_t cap_ns, uint32_t percent);

// ---- slots.c: what the limits count

// How many a node may take: below its own limit; and below total_max, where what others have
// reserved is not to be had.
uint32_t slots_room_node(const struct pool *pool, const struct node *node);
uint32_t slots_room_total(const struct pool *pool, const struct node *node);
void slots_take(struct pool *pool, struct node *node, uint32_t count);
void slots_give(struct pool *pool, struct node *node, uint32_t count);
// Its reservation, all of it or none; and those of nodes that have none, while there is room.
void slots_reserve(struct pool *pool, struct node *node);
void slots_reserve_more(struct pool *pool);

// ---- connection.c: its states

struct connection *connection_get(const struct pool *pool, uint32_t name); // NULL: not valid
// First in the list where requests find it now, or in none.
void connection_list(struct pool *pool, struct node *node, struct connection *c);
// State and counters of the node; lists of what is free are the caller's.
void connection_enter(struct pool *pool, struct connection *c, enum connection_state state);
void connection_want(struct pool *pool, struct connection *c, enum pending pending);
// Ends it: CLOSE is to be taken, or, if the transport never heard of it, it is gone at once.
void connection_close(struct pool *pool, struct connection *c, enum pool_why why);
// The transport has none any more. It is free when no lease is out.
void connection_gone(struct pool *pool, struct connection *c, enum pool_why why);
// A lease of one whose transport is gone is over: its slot is nobody's any more.
void connection_settle(struct pool *pool, struct connection *c);
// Its node has more than it has reserved.
bool connection_is_spare(const struct pool *pool, const struct connection *c);
// A lease of it is over: back to what is free, or it makes room for who needs that more.
void connection_rest(struct pool *pool, uint64_t now_ns, struct connection *c);
// Closes it when nobody uses it, or when the last one has released it.
void connection_leave(struct pool *pool, struct connection *c, enum pool_why why);
// All of a node that requests could be given to: idle ones are closed, partly used ones leave. What
// is full, and on its way there, as well if `all`.
void connection_flush(struct pool *pool, struct node *node, enum pool_why why, bool all);

// ---- serve.c: waiters get connections

// The one that serves best and needs no check; NULL: none. *stale: the best that needs one.
struct connection *serve_pick(struct pool *pool, uint64_t now_ns, const struct node *node,
	uint32_t affinity, struct connection **stale);
// The same for who only wants to know. *hinted: it is what that kind of request used last.
const struct connection *serve_peek(const struct pool *pool, uint64_t now_ns,
	const struct node *node, uint32_t affinity, bool *hinted);
bool connection_is_stale(const struct pool *pool, uint64_t now_ns, const struct connection *c);
// A lease of `c`, which is of the node and has a free slot.
void serve_lease(struct pool *pool, uint64_t now_ns, struct node *node, struct connection *c,
	const struct pool_request *request, struct pool_lease *lease);
// Whether the node's gate lets anybody be served now.
bool serve_may(const struct pool *pool, const struct node *node);
// Whoever can be served is, in their order; what is missing is checked or dialed.
void serve_node(struct pool *pool, uint64_t now_ns, struct node *node);
// Nodes that were short of room, once there is some.
void serve_starved(struct pool *pool, uint64_t now_ns);
void check_begin(struct pool *pool, uint64_t now_ns, struct connection *c);

// ---- waiter.c

uint32_t waiter_add(struct pool *pool, uint64_t now_ns, struct node *node,
	const struct pool_request *request, uint64_t deadline_ns); // there is a free one
void waiter_grant(struct pool *pool, uint64_t now_ns, struct waiter *waiter, struct connection *c);
void waiter_fail(struct pool *pool, struct waiter *waiter, enum pool_why why, uint64_t retry_ns);
void waiter_fail_all(struct pool *pool, struct node *node, enum pool_why why, uint64_t retry_ns);
void waiter_free(struct pool *pool, struct waiter *waiter);
void waiters_expire(struct pool *pool, uint64_t now_ns);

// ---- dial.c

// POOL_OK: one can be dialed now.
enum pool_why dial_bar(const struct pool *pool, uint64_t now_ns, const struct node *node);
// Slots that those who wait, and `more`, are short of, after what is on its way and what will soon
// be free.
uint32_t dial_short(
	const struct pool *pool, uint64_t now_ns, const struct node *node, uint32_t more);
// Nobody of the node waits for room any more.
void dial_starved_no_more(struct pool *pool, struct node *node);
// It is behind all others who do.
void dial_starved_last(struct pool *pool, struct node *node);
void dial_demand(struct pool *pool, uint64_t now_ns, struct node *node);
// Up to what is kept ready; `idle_too`: so many of them idle as min_idle says.
void dial_fill(struct pool *pool, uint64_t now_ns, struct node *node, bool idle_too);
// Something of it was lost: soon, not at once, so that nodes do not all refill together.
void dial_fill_soon(struct pool *pool, uint64_t now_ns, struct node *node);
void dial_failed(struct pool *pool, uint64_t now_ns, struct connection *c, enum pool_why why);

// ---- breaker.c

void gate_set(struct pool *pool, struct node *node, enum gate gate);
void gate_clear(struct pool *pool, struct node *node, enum gate gate);
// `probe`: the token that it went with; 0: none.
void breaker_success(struct pool *pool, uint64_t now_ns, struct node *node, uint16_t probe);
void breaker_failure(struct pool *pool, uint64_t now_ns, struct node *node);
void breaker_half_open(struct node *node);
// The token that a dial or a lease takes now; 0: none is wanted.
uint16_t breaker_token_take(struct node *node);
// It is at home again, if it is still the breaker's.
void breaker_token_give(struct node *node, uint16_t probe);
// Whether a request gets through: it is closed, or half-open with its token at home; and whatever
// it is when no node is usable at all (breaker_half_open comes first when it is open).
bool breaker_lets_pass(const struct pool *pool, const struct node *node);
// The same of one that may have to wait: behind nobody, for a dial that has the token; of the last
// usable node behind others too.
bool breaker_lets_wait(const struct pool *pool, const struct node *node);

// ---- health.c

void health_rtt(struct node *node, struct connection *c, uint64_t rtt_ns);
enum pool_health health_of_node(const struct pool *pool, const struct node *node);
bool health_is_good(const struct pool *pool, const struct node *node, const struct connection *c);
void health_pass(struct pool *pool, uint64_t now_ns);
// Its peer is gone, perhaps: it is closed, its node is blamed (once for each connection), and the
// node's idle ones are flushed, so that they are not tried one after the other. One that was going
// away for a reason of its own is closed, and that is all.
void health_broken(struct pool *pool, uint64_t now_ns, struct connection *c, enum pool_why why);
// ---- autosize.c

void autosize_busy(struct node *node, uint64_t now_ns); // before `leased` changes
void autosize_tick(struct pool *pool, uint64_t now_ns, struct node *node);

// ---- lru.c

size_t lru_size(uint32_t entries);
void lru_init(struct lru *lru, void *memory, uint32_t entries);
// What this kind of request used last on this node; NULL: not known. Its connection may be gone.
const struct hint *lru_find(struct lru *lru, uint16_t node, uint32_t affinity);
const struct hint *lru_peek(const struct lru *lru, uint16_t node, uint32_t affinity);
// It uses `connection` now. Counts whether that is what it used last.
void lru_put(struct lru *lru, uint16_t node, uint32_t affinity, uint32_t connection);

// ---- wait_time.c

void wait_time_add(struct pool *pool, uint64_t wait_ns);
uint64_t wait_time_at(const struct pool *pool, uint32_t per_mille);

// ---- explain.c

// Why a request that waits does; `more`: of those that would.
enum pool_why explain_wait(
	const struct pool *pool, uint64_t now_ns, const struct node *node, uint32_t more);

// ---- report.c

void counts_add(struct pool_counts *sum, const struct pool_counts *counts);
struct pool_slots report_slots(const struct pool *pool); // of all nodes
void report_node(const struct pool *pool, const struct node *node, struct pool_node_report *out);

// ---- node.c

// Whatever it is used for; leases that are out end as broken, for which nobody is blamed.
void node_close_all(struct pool *pool, struct node *node, enum pool_why why);

static inline uint32_t node_connections(const struct node *node)
{
	return node->ready_count + node->dialing_count;
}

// The nodes are looked at again at `at_ns` at the latest.
static inline void node_due(struct pool *pool, uint64_t at_ns)
{
	pool->nodes_due_ns = min_u64(pool->nodes_due_ns, at_ns);
}
