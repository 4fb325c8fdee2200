// How far a transfer is, for people: a bar on a terminal, plain lines elsewhere.
// Time is an argument.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum progress_limits {
	PROGRESS_LINE_SIZE = 512,
	PROGRESS_BAR_MS = 100,   // between two drawings on a terminal
	PROGRESS_LINE_MS = 5000, // between two plain lines, unless 10 % went by earlier
};

struct progress {
	FILE *out; // NULL: silent
	bool terminal;
	int columns;      // of the terminal
	const char *name; // as shown; borrowed
	uint64_t total, done;
	uint64_t started_ns, shown_ns; // shown_ns 0: nothing shown yet
	unsigned shown_tenth;
	uint64_t rate_at_ns, rate_done; // where the last piece of the rate began
	double rate;                    // bytes/s, smoothed
};

void progress_start(
	struct progress *p, FILE *out, const char *name, uint64_t total, uint64_t now_ns);
// Shows something when it is time to.
void progress_step(struct progress *p, uint64_t done, uint64_t now_ns);
// Takes the bar away, so that other lines may follow.
void progress_clear(struct progress *p);

// One line without its end. Returns `line`.
const char *progress_line(const struct progress *p, char line[PROGRESS_LINE_SIZE]);
