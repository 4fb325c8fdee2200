// Where we want to stand: a table, and whether a run stands there.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;

enum goal_figure {
	GOAL_RATIO,       // median ratio to the limit, at least
	GOAL_RATIO_P99,   // the same of the 99th percentile of a latency
	GOAL_MEDIAN,      // in the row's unit, at least
	GOAL_P50_NS,      // at most
	GOAL_ALLOCS,      // per unit, at most
	GOAL_MEMCPY,      // bytes per unit, at most
	GOAL_OVER_NS,     // that a call takes longer than its limit's, at most
	GOAL_LRU_HITS,    // percent, at least
	GOAL_REUSE,       // percent, at least
	GOAL_CONNECTIONS, // that are left at the end, at most
	GOAL_BYTES_EACH,  // of a pooled connection, at most
};

struct goal {
	const char *area; // as people call it
	const char *glob; // of ids; * crosses slashes
	enum goal_figure figure;
	double threshold;
};

enum goal_verdict {
	GOAL_PASS,
	GOAL_FAIL,
	GOAL_NOT_MEASURED, // no such row, or the row does not have the figure
};

// In order; NULL behind the last.
const struct goal *goal_at(size_t index);
// "ratio >= 0.6", into `text`.
void goal_print(const struct goal *goal, char *text, size_t size);
// A figure of that goal as people read it.
void goal_figure_print(const struct goal *goal, double value, char *text, size_t size);
// Whether `a` is further from what the goal wants than `b`.
bool goal_worse(const struct goal *goal, double a, double b);
bool goal_matches(const struct goal *goal, const char *id);
// Of one row of "results". *value: what it has; untouched when it is not measured.
enum goal_verdict goal_judge(const struct goal *goal, const struct json_t *row, double *value);
const char *goal_verdict_name(enum goal_verdict verdict);
// The largest ratio that a goal wants of this id; 0: none.
double goal_ratio(const char *id);
