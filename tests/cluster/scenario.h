// The scenarios. Each runs one seed of a cluster and says what it measured; what the text
// calls a gate is judged over all seeds of a run.
#pragma once

#include "tests/cluster/cluster.h"

enum { FIGURES_MAX = 4 };

// One number of each seed.
struct figure {
	const char *name, *unit;
	double value;
};

struct outcome {
	struct figure figures[FIGURES_MAX];
	uint32_t count;
	uint64_t events, hash, faults[FAULT_COUNT];
	char failure[256]; // empty: none
};

struct scenario {
	const char *name, *says;
	uint32_t members; // unless told
	void (*run)(struct world *world, struct outcome *outcome);
	// Of the medians over all seeds: NULL, or a sentence. NULL: nothing is judged.
	const char *(*judge)(uint32_t members, const double *medians);
	bool every_fault; // must happen, in so many seeds that each can
};

void outcome_add(struct outcome *outcome, const char *name, const char *unit, double value);

// Seconds in which everybody hears of one node's news.
double spread_latest(uint32_t members);

extern const struct scenario scenario_chaos, scenario_spread, scenario_lockstep, scenario_detect,
	scenario_detour, scenario_heal, scenario_rejoin, scenario_slow, scenario_load;
