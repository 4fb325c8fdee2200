// Two runs side by side.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct json_t;

enum compare_verdict {
	COMPARE_SAME, // the intervals overlap, or the change is inside the noise floor
	COMPARE_FASTER,
	COMPARE_SLOWER,
	COMPARE_GONE, // only the first run has it
	COMPARE_NEW,  // only the second run has it
};

struct compare {
	double before, after; // ratios to the limit
	double noise;         // how far a limit was from itself, the worse of the two runs
	bool stable;          // of both rows
	enum compare_verdict verdict;
};

// Two rows of "results"; either may be NULL.
struct compare compare_rows(const struct json_t *before, const struct json_t *after);
const char *compare_verdict_name(enum compare_verdict verdict);

// Prints a line for each id, or with `json` an object. 0: nothing is slower; 1: a file cannot be
// read, or is no run of this harness; 3: something is slower, beyond interval and noise.
int compare_files(const char *before, const char *after, bool json);
