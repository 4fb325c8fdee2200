// The table of goals. Ids that nobody measures yet stand here too: they are goals all the same.
#include "perf/goals.h"

#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>

#include "perf/pick.h"

static const struct goal goals[] = {
	{"goodput, memif, 1500", "transport/goodput/memif/1500/null/none*", GOAL_RATIO, 0.60},
	{"goodput, vhost-user, 1500", "transport/goodput/vhost*/1500/null/none*", GOAL_RATIO, 0.60},
	{"goodput, memif, 9000", "transport/goodput/memif/9000/null/none*", GOAL_RATIO, 0.80},
	{"goodput, vhost-user, 9000", "transport/goodput/vhost*/9000/null/none*", GOAL_RATIO, 0.80},
	{"goodput, AES-256-GCM (limit: port and cipher in series)",
		"transport/goodput/*/aes-256-gcm/none*", GOAL_RATIO, 0.80},
	{"goodput, lz4 and AES-256-GCM (limit: library, cipher and port in series)",
		"transport/goodput/*/aes-256-gcm/lz4", GOAL_RATIO, 0.80},
	{"goodput, 0.1 % loss, of the AIMD law", "transport/loss/*/0.1*", GOAL_RATIO, 0.95},
	{"goodput, 1 % loss, of the AIMD law", "transport/loss/*/1", GOAL_RATIO, 0.80},
	{"64-byte messages a second", "transport/messages/*/64*", GOAL_MEDIAN, 10e6},
	{"round trip, memif, p50 <= 2 x the port's", "transport/rtt/memif/64*", GOAL_RATIO, 1 / 2.},
	{"round trip, memif, p99 <= 3 x the port's", "transport/rtt/memif/64*", GOAL_RATIO_P99,
		1 / 3.},
	{"round trip, memif, under eRPC's", "transport/rtt/memif/64*", GOAL_P50_NS, 2300},
	{"dispatch of sorted work, over a direct call", "dispatch/*/sorted", GOAL_OVER_NS, 2},
	{"codec through the pipeline", "pipeline/*", GOAL_RATIO, 0.95},
	{"codec: nothing allocated", "pipeline/*", GOAL_ALLOCS, 0},
	{"codec: nothing copied", "pipeline/*", GOAL_MEMCPY, 0},
	{"cipher: auto picks the faster library", "cipher-pick/*", GOAL_RATIO, 0.95},
	{"codec and cipher in one pass (limit: the libraries in series)", "transform/*", GOAL_RATIO,
		0.95},
	{"codec and cipher in one pass: nothing allocated", "transform/*", GOAL_ALLOCS, 0},
	{"codec and cipher in one pass: nothing copied", "transform/*", GOAL_MEMCPY, 0},
	{"cipher: nothing copied", "transport/goodput/*/aes-256-gcm/*", GOAL_MEMCPY, 0},
	{"cipher alone: nothing allocated", "aead/*", GOAL_ALLOCS, 0},
	{"cipher alone: nothing copied", "aead/*", GOAL_MEMCPY, 0},
	{"ahead of every peer, goodput, 1500", "peers/goodput/*/1500", GOAL_RATIO, 1},
	{"ahead of every peer, goodput, 9000", "peers/goodput/*/9000", GOAL_RATIO, 1},
	{"ahead of every peer, round trip", "peers/rtt/*/64", GOAL_RATIO, 1},
	{"shared-memory ring, batch 32", "ring/spsc/batch-32", GOAL_RATIO, 0.90},
	{"the same, two threads", "ring/two-threads/batch-32", GOAL_RATIO, 0.90},
	{"pool: acquire and release, over a pop and a push", "pool/acquire-release", GOAL_OVER_NS,
		60},
	{"pool: memory of a connection", "pool/acquire-release", GOAL_BYTES_EACH, 300},
	{"pool: memory of a connection with its transport", "pool/net/concurrent/*",
		GOAL_BYTES_EACH, 300},
	{"pool: nothing allocated", "pool/acquire-release*", GOAL_ALLOCS, 0},
	{"pool: hits of the hints", "pool/acquire-release/nodes", GOAL_LRU_HITS, 70},
	{"pool: looking up a hint", "pool/lru/lookup", GOAL_OVER_NS, 1000},
	{"pool: requests that reuse a connection", "pool/net/sequential/*", GOAL_REUSE, 80},
	{"the same, many at a time", "pool/net/concurrent/*", GOAL_REUSE, 80},
	{"pool: connections that a spike leaves", "pool/spike", GOAL_CONNECTIONS, 6},
	{"transport: nothing allocated", "transport/*", GOAL_ALLOCS, 0},
	{"rings: nothing allocated", "ring/*", GOAL_ALLOCS, 0},
	{"timers: nothing allocated", "timer/*", GOAL_ALLOCS, 0},
	{"membership: nothing allocated", "swim/cpu/*", GOAL_ALLOCS, 0},
	{"store: durable append, p50 <= 1.15 x a bare write and flush", "store/append/uring",
		GOAL_RATIO, 1 / 1.15},
	{"store: 16 appends at once, p50 <= 1.25 x one bare write and flush",
		"store/group-16/uring", GOAL_RATIO, 1 / 1.25},
	{"store: nothing allocated", "store/*", GOAL_ALLOCS, 0},
	{"members_get, over an array", "swim/members-get/*", GOAL_OVER_NS, 5},
	{"members_get: nothing allocated", "swim/members-get/*", GOAL_ALLOCS, 0},
	{"consensus: entries/s, three replicas in one thread", "raft/core/batch/64", GOAL_MEDIAN,
		500e3},
	{"consensus: nothing allocated", "raft/core/*", GOAL_ALLOCS, 0},
};

// Where the figure stands in a row, and its unit ("": a number); at_most: smaller is better.
static const struct {
	const char *path, *name, *unit;
	bool at_most;
} figures[] = {
	[GOAL_RATIO] = {"ratio/median", "ratio", "", false},
	[GOAL_RATIO_P99] = {"latency/ratio/p99/median", "ratio of p99", "", false},
	[GOAL_MEDIAN] = {"median", "median", "1/s", false},
	[GOAL_P50_NS] = {"latency/subject/p50", "p50", "ns", true},
	[GOAL_ALLOCS] = {"counters/allocs", "allocations", "", true},
	[GOAL_MEMCPY] = {"counters/bytes_memcpy", "bytes_memcpy", "", true},
	[GOAL_OVER_NS] = {"ratio/median", "over the limit", "ns", true}, // see figure_of
	[GOAL_LRU_HITS] = {"extra/lru_hits_percent", "hits, percent", "", false},
	[GOAL_REUSE] = {"extra/reuse_percent", "reused, percent", "", false},
	[GOAL_CONNECTIONS] = {"extra/connections_end", "connections", "", true},
	[GOAL_BYTES_EACH] = {"extra/connection_bytes", "bytes", "", true},
};

const struct goal *goal_at(size_t index)
{
	return index < sizeof(goals) / sizeof(goals[0]) ? &goals[index] : NULL;
}

void goal_figure_print(const struct goal *goal, double value, char *text, size_t size)
{
	const char *unit = figures[goal->figure].unit;

	if (*unit)
		figure_print(text, size, value, unit);
	else
		snprintf(text, size, "%.4g", value);
}

void goal_print(const struct goal *goal, char *text, size_t size)
{
	char threshold[32];

	goal_figure_print(goal, goal->threshold, threshold, sizeof(threshold));
	snprintf(text, size, "%s %s %s", figures[goal->figure].name,
		figures[goal->figure].at_most ? "<=" : ">=", threshold);
}

bool goal_worse(const struct goal *goal, double a, double b)
{
	return figures[goal->figure].at_most ? a > b : a < b;
}

bool goal_matches(const struct goal *goal, const char *id)
{
	return fnmatch(goal->glob, id, 0) == 0;
}

// Negative: the row does not have it.
static double figure_of(const struct goal *goal, const struct json_t *row)
{
	const double none = -1;
	double has = pick_number(row, figures[goal->figure].path, none), limit, over;

	if (goal->figure != GOAL_OVER_NS || has < 0)
		return has;
	// By the ratio of pairs: the medians of both sides may be of different times.
	limit = pick_number(row, "limit/median", none);
	if (has == 0 || limit <= 0)
		return none;
	over = 1e9 / limit * (1 / has - 1);
	return over > 0 ? over : 0;
}

enum goal_verdict goal_judge(const struct goal *goal, const struct json_t *row, double *value)
{
	double has = figure_of(goal, row);

	// Shown for comparison: it does other work, or it is ours and stands in its peers' rows.
	if (has < 0 || json_is_true(pick(row, "beside")))
		return GOAL_NOT_MEASURED;
	*value = has;
	if (figures[goal->figure].at_most)
		return has <= goal->threshold ? GOAL_PASS : GOAL_FAIL;
	return has >= goal->threshold ? GOAL_PASS : GOAL_FAIL;
}

const char *goal_verdict_name(enum goal_verdict verdict)
{
	static const char *const names[] = {"PASS", "FAIL", "not measured"};

	return names[verdict];
}

double goal_ratio(const char *id)
{
	double most = 0;
	const struct goal *g;

	for (size_t i = 0; (g = goal_at(i)) != NULL; i++)
		if (g->figure == GOAL_RATIO && goal_matches(g, id) && g->threshold > most)
			most = g->threshold;
	return most;
}
