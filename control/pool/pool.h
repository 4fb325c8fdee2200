// The contract of connection pools, whatever their transport: who gets which connection, when one
// is dialed, checked, closed. Pure: memory is given once, time is passed in, and what is to be done
// comes out as actions. The transport (who owns sockets) does them and tells what came of it.
//
// After every call but pool_take, take all actions: while (pool_take(pool, now_ns, &action)) ...
// None is ever lost for lack of room: a connection and a waiter have one place for theirs each.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipc/names.h"

struct pool; // in the memory that pool_init was given

// Nodes, connections, leases and tickets are named by a slot and, above, a generation: a name that
// is no longer valid finds nobody. The slot of a connection is free for the transport's own array
// of config.connections_max.
#define POOL_SLOT(name) ((name)&0xffffu)
#define POOL_NONE       UINT32_MAX // no such node, connection, lease, ticket
#define POOL_ALL        UINT32_MAX // where a node is asked for: every one

enum pool_limits {
	POOL_NODES_MAX = 16384,
	POOL_SLOTS_MAX = 65000, // of connections, of stream slots (leases), of waiters
	POOL_LRU_MAX = 8192,
	POOL_ERROR_SIZE = 160,
};

// ---- config.c

struct pool_config {
	// Memory: how many there can be.
	uint32_t nodes_max, connections_max, waiters_max;
	// Limits count stream slots: requests that may run at the same time. A connection that is
	// being dialed counts with stream_slots; pool_on_dialed tells what it really has.
	uint32_t stream_slots; // of a connection; 1: not multiplexed
	uint32_t node_max, total_max;
	uint32_t
		node_reserved; // of total_max, for each node that has a reservation (pool_node_add)
	uint32_t min_idle;     // connections of a node that are kept ready
	uint32_t warm_up;      // connections of a node that are dialed when it is added; 0: none
	uint32_t dials_max;    // of a node at the same time, or as many as it has connections
	uint64_t acquire_timeout_ns; // of a request that names no deadline
	uint64_t idle_timeout_ns;    // 0: none. Down to min_idle
	uint64_t max_lifetime_ns;    // 0: none
	uint32_t lifetime_jitter;    // percent that a lifetime may be shorter
	uint64_t dial_timeout_ns;
	uint64_t health_interval_ns; // 0: no pings
	uint64_t ping_timeout_ns;    // of a ping and of a check
	bool validate_on_acquire;    // a connection that was not used for validate_bypass_ns
	bool validate_on_release;
	uint64_t validate_bypass_ns;
	// Health levels, by round trip and by failures in a row.
	uint64_t degraded_ns, unhealthy_ns;
	bool relative; // bands are multiples of the measured baseline, at least relative_floor_ns
	uint32_t degraded_times, unhealthy_times;
	uint64_t relative_floor_ns;
	uint32_t unhealthy_failures, dead_failures;
	// After a dial failed: base * 1.6^k, at most cap, +- jitter percent.
	uint64_t backoff_base_ns, backoff_cap_ns;
	uint32_t backoff_jitter;
	// Circuit breaker of each node. It is open for base * 1.6^k, at most cap, same jitter.
	bool breaker;
	uint32_t breaker_failures;                // in a row, or ...
	uint32_t breaker_percent, breaker_volume; // ... of at least so many within the window
	uint64_t breaker_window_ns;
	uint32_t breaker_successes; // of the half-open breaker, to close it
	uint64_t breaker_base_ns, breaker_cap_ns;
	// Auto-size: what is kept ready follows the use.
	bool autosize;
	uint64_t autosize_interval_ns;
	uint32_t grow_percent, shrink_percent; // utilisation above which, below which
	uint32_t grow_ticks, shrink_ticks;     // for so many intervals
	uint32_t step_percent;
	uint32_t lru_entries; // hints; 0: none
	uint64_t leak_ns;     // a lease older than this is listed as leaked; 0: none
};

enum pool_preset {
	POOL_DEFAULT,
	POOL_LAN, // 10 slots a node, 60 s of idleness, quicker to dial and to give up
};

void pool_config_preset(struct pool_config *config, enum pool_preset preset);
// Fields as messages and configuration files call them, whether they can be. 0, or -1 with a
// sentence that says which and what is possible.
int pool_config_check(const struct pool_config *config, char error[POOL_ERROR_SIZE]);

// ---- pool.c

// Bytes, of a configuration that was checked.
size_t pool_size(const struct pool_config *config);
// `memory` (64-byte aligned, stays the caller's) becomes the pool. `seed`: of all jitter.
struct pool *pool_init(
	void *memory, const struct pool_config *config, uint64_t seed, uint64_t now_ns);

// ---- why something is not done, or ends

enum pool_why {
	POOL_OK,
	// Why a request is refused, or fails after it waited.
	POOL_UNKNOWN_NODE,
	POOL_NODES_FULL,   // nodes_max of them are in use: it cannot be added
	POOL_BAD_NAME,     // no node can be called that
	POOL_NODE_GONE,    // membership says so
	POOL_BREAKER_OPEN, // too many failures: not before retry_ns
	POOL_DRAINING,     // by an operator, or the end of the process
	POOL_WAITERS_FULL, // waiters_max of them wait already
	POOL_DEADLINE,     // it came first
	// Why a request waits, or a connection is not dialed.
	POOL_PAUSED,
	POOL_BACKING_OFF, // dials failed: the next one is due at retry_ns
	POOL_DIALING,     // a connection is on its way
	POOL_CHECKING,    // one is being validated
	POOL_NODE_LIMIT,  // node_max slots are in use: the next one that is released
	POOL_TOTAL_LIMIT, // the same of total_max
	POOL_QUEUED,      // behind others; what is in use will be free before a dial is done
	// Why a connection is closed.
	POOL_IDLE_TIMEOUT,
	POOL_LIFETIME,
	POOL_DIAL_TIMEOUT,
	POOL_DIAL_FAILED,
	POOL_PING_TIMEOUT,
	POOL_CHECK_FAILED,
	POOL_BROKEN,  // its holder said so
	POOL_FLUSHED, // another one to the same node broke
	POOL_GOAWAY,  // the peer wants no more requests on it
	POOL_SHRUNK,  // auto-size
	POOL_ROOM,    // a node that has more need of the slot
	POOL_CLOSED,  // by its peer
	POOL_WHY_COUNT,
};

// ---- node.c

enum pool_liveness { // as membership has it
	POOL_ALIVE,
	POOL_SUSPECT, // used, but what is idle is checked first, and none is dialed ahead
	POOL_GONE,    // dead or left: its idle connections are closed, who waits is told
};

// The node of that name, added when it is new: then it gets a reservation while there is any, or
// when there is one again, and is warmed up. POOL_NONE: *why is POOL_NODES_FULL (remove one) or
// POOL_BAD_NAME (it is empty, or has NAME_SIZE characters or more).
uint32_t pool_node_add(struct pool *pool, uint64_t now_ns, const char *name, enum pool_why *why);
uint32_t pool_node_find(const struct pool *pool, const char *name);
// NULL: no such node.
const char *pool_node_name(const struct pool *pool, uint32_t node);
// Forgets a node once nothing of it is open. false: something is (drain it first).
bool pool_node_remove(struct pool *pool, uint32_t node);
// What membership says. Alive again: dials at once, and an open breaker tries at once.
void pool_node_liveness(
	struct pool *pool, uint64_t now_ns, uint32_t node, enum pool_liveness liveness);

// ---- acquire.c, release.c

enum pool_result { POOL_GRANTED, POOL_WAITING, POOL_REFUSED };

struct pool_request {
	uint32_t node;
	// Requests of one kind get the connection that their kind used last, where it is free. Any
	// number; 0 is a kind as good as any.
	uint32_t affinity;
	uint64_t deadline_ns; // 0: now + acquire_timeout_ns
	uint64_t cookie;      // the caller's, for GRANT and FAIL
	const char *site; // who asks, for the list of leaks; borrowed for ever (a literal), or NULL
};

struct pool_lease {
	uint32_t lease, connection;
	uint64_t acquired_ns, created_ns; // created: when it was dialed
	bool is_healthy; // its own round trip and its node's failures are in the band
	bool is_reused;  // it has served before
};

struct pool_answer {
	enum pool_result result;
	enum pool_why why;       // of WAITING and REFUSED
	uint32_t ticket;         // of WAITING
	uint64_t retry_ns;       // when asking again makes sense; 0: not known
	struct pool_lease lease; // of GRANTED
};

// Grants at once, or the request waits in line (exactly one GRANT or FAIL will name its cookie,
// unless it is cancelled), or it is refused and forgotten.
enum pool_result pool_acquire(struct pool *pool, uint64_t now_ns,
	const struct pool_request *request, struct pool_answer *answer);
// Nobody waits any more. A GRANT that was not taken yet is given back. false: no such ticket (it
// was answered).
bool pool_cancel(struct pool *pool, uint64_t now_ns, uint32_t ticket);

enum pool_outcome {
	POOL_DONE,      // served
	POOL_SLOW,      // served, `rtt_ns` says how slowly
	POOL_RETRYABLE, // the peer did not serve it, the connection is good
	POOL_BREAKS,    // the connection is not usable any more
	POOL_UNUSED,    // nothing was asked on it
};

// Ends a lease. `rtt_ns`: the measured round trip, 0: none. After a CLOSE of its connection leases
// are still to be released (POOL_BREAKS). false: no such lease.
bool pool_release(struct pool *pool, uint64_t now_ns, uint32_t lease, enum pool_outcome outcome,
	uint64_t rtt_ns);

// ---- take.c

enum pool_action_type {
	POOL_ACTION_DIAL,  // connect; then pool_on_dialed or pool_on_dial_failed
	POOL_ACTION_CHECK, // is it open still? Cheap, without a round trip if possible; then
			   // pool_on_checked, at once or later
	POOL_ACTION_PING,  // a round trip of the protocol; then pool_on_pong. It may carry requests
			   // meanwhile
	POOL_ACTION_CLOSE, // or give up dialing; its name is not valid any more: no answer
	POOL_ACTION_GRANT, // a waiter has its lease
	POOL_ACTION_FAIL,  // a waiter has none: why, retry_ns
};

struct pool_action {
	enum pool_action_type type;
	enum pool_why why;       // of CLOSE and FAIL
	uint32_t connection;     // of the first four
	uint32_t node;           // of all
	uint32_t ticket;         // of GRANT and FAIL; not valid any more
	uint64_t cookie;         // the same
	uint64_t retry_ns;       // of FAIL: as in pool_answer
	struct pool_lease lease; // of GRANT
};

// The next thing to do; false: nothing. Connections first (a CLOSE frees what the next DIAL needs),
// then waiters in their order.
bool pool_take(struct pool *pool, uint64_t now_ns, struct pool_action *action);

// ---- on_dial.c, on_closed.c, check.c, health.c
// Each returns false when the connection's name is not valid: what the transport still has of it
// is to be closed.

// Connected, with so many stream slots. More than the limits have room for are not used.
bool pool_on_dialed(struct pool *pool, uint64_t now_ns, uint32_t connection, uint32_t stream_slots);
bool pool_on_dial_failed(struct pool *pool, uint64_t now_ns, uint32_t connection);
// It is closed already: no CLOSE follows. Its leases are released by their holders.
bool pool_on_closed(struct pool *pool, uint64_t now_ns, uint32_t connection);
// No new request goes to it; CLOSE follows when the last one is released.
bool pool_on_goaway(struct pool *pool, uint64_t now_ns, uint32_t connection);
bool pool_on_checked(struct pool *pool, uint64_t now_ns, uint32_t connection, bool ok);
bool pool_on_pong(
	struct pool *pool, uint64_t now_ns, uint32_t connection, bool ok, uint64_t rtt_ns);

// ---- tick.c

// Does what is due. Call it at pool_next_ns at the latest; earlier does no harm.
void pool_on_tick(struct pool *pool, uint64_t now_ns);
uint64_t pool_next_ns(const struct pool *pool); // UINT64_MAX: never

// ---- command.c: by an operator, of one node or POOL_ALL. false: no such node.

// No new requests, and who waits is told. Idle connections are closed at once, those in use when
// they are released, or at deadline_ns (0: none) in any case. Until pool_resume.
bool pool_drain(struct pool *pool, uint64_t now_ns, uint32_t node, uint64_t deadline_ns);
// Nothing is granted or dialed; requests wait, until pool_resume.
bool pool_pause(struct pool *pool, uint64_t now_ns, uint32_t node);
bool pool_resume(struct pool *pool, uint64_t now_ns, uint32_t node);
// So many connections are made ready (once, under the limits).
bool pool_warm(struct pool *pool, uint64_t now_ns, uint32_t node, uint32_t connections);

// ---- report.c

enum pool_health { POOL_HEALTHY, POOL_DEGRADED, POOL_UNHEALTHY, POOL_DEAD };
enum pool_breaker { POOL_BREAKER_CLOSED, POOL_BREAKER_TRIPPED, POOL_BREAKER_HALF_OPEN };

// Stream slots of connections that are in use, free, on their way: what the limits count.
struct pool_slots {
	uint32_t leased, idle, dialing;
};

struct pool_counts { // since the start
	uint64_t acquires, granted, refused, failed, cancelled, waited;
	uint64_t reused; // granted on a connection that had served before
	uint64_t dials, created, dials_failed, destroyed;
	uint64_t pings, pings_failed, checks, checks_failed;
	uint64_t flushes, opened; // opened: breakers
	uint64_t spared;          // times that a breaker stayed closed: the last usable node
	uint64_t grown, shrunk;   // by auto-size
	uint64_t closed[POOL_WHY_COUNT];
};

struct pool_node_report {
	char name[NAME_SIZE];
	uint32_t node;
	struct pool_slots slots;
	uint32_t connections, waiters;
	uint32_t
		ready_goal; // connections that are kept ready now: min_idle, or what auto-size made
	enum pool_liveness liveness;
	enum pool_health health;
	enum pool_breaker breaker;
	bool paused, draining, reserved;
	uint32_t failures;       // in a row
	uint64_t rtt_ns;         // smoothed; 0: not measured
	uint64_t baseline_ns;    // the smallest, slowly forgotten
	uint64_t dial_ns;        // smoothed
	uint64_t retry_ns;       // of back-off or breaker; 0: none
	uint64_t health_pass_ns; // last one; 0: none yet
	uint32_t utilisation;    // percent, of the last interval of auto-size
	struct pool_counts counts;
};

struct pool_report {
	struct pool_slots slots;
	uint32_t nodes, connections, waiters, leaked;
	bool paused, draining;
	uint64_t health_pass_ns;
	uint64_t lru_lookups, lru_hits;
	uint64_t acquire_p50_ns, acquire_p90_ns, acquire_p99_ns, acquire_max_ns; // of granted ones
	uint32_t utilisation; // percent of total_max that is leased now
	struct pool_counts counts;
};

void pool_report(const struct pool *pool, uint64_t now_ns, struct pool_report *report);
// Nodes one after the other: *at starts at 0. false: no more.
bool pool_report_node(const struct pool *pool, uint32_t *at, struct pool_node_report *report);

struct pool_leak {
	uint32_t node, connection, lease;
	uint64_t acquired_ns, cookie;
	const char *site;
};

// Leases older than leak_ns, oldest first, at most `max`. Returns how many.
uint32_t pool_leaks(
	const struct pool *pool, uint64_t now_ns, struct pool_leak *leaks, uint32_t max);

// ---- explain.c, and control/pool_text.c (not pure: it formats)

// What would become of an acquire now, and what that depends on.
struct pool_explanation {
	enum pool_result result;
	enum pool_why why;
	uint32_t connection; // of GRANTED: the one that it would get; else POOL_NONE
	bool is_hinted;      // that is the one which this kind of request used last
	uint64_t retry_ns;
	struct pool_node_report node; // as it is
	struct pool_slots total;
	uint32_t node_max, total_max;
	uint32_t ahead;            // waiters before it
	uint64_t wait_estimate_ns; // of WAITING; 0: not known
};

// `affinity`: as in pool_request. false: no such node; the explanation says the same.
bool pool_explain(const struct pool *pool, uint64_t now_ns, uint32_t node, uint32_t affinity,
	struct pool_explanation *explanation);

enum { POOL_TEXT_SIZE = 320 };

const char *pool_why_name(enum pool_why why); // "breaker-open"
const char *pool_why_text(enum pool_why why); // "the circuit breaker is open"
const char *pool_health_name(enum pool_health health);
const char *pool_breaker_name(enum pool_breaker breaker);
const char *pool_liveness_name(enum pool_liveness liveness);
// One or two sentences; returns `text`.
const char *pool_explanation_text(
	const struct pool_explanation *explanation, uint64_t now_ns, char text[POOL_TEXT_SIZE]);
