// Metrics as families of samples, and as the text that Prometheus reads (OpenMetrics 1.0). Pure: no
// clock, no I/O; what is measured is the business of metrics.c.
//
// A family is {name, type, unit, help, suffix, samples[]}, a sample {labels {NAME: TEXT}, value};
// those of a histogram have a suffix each.
#pragma once

#include <stdint.h>

#include <jansson.h>

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum openmetrics_type {
	OPENMETRICS_GAUGE,
	OPENMETRICS_COUNTER,   // samples end in _total
	OPENMETRICS_INFO,      // samples end in _info, and are 1
	OPENMETRICS_HISTOGRAM, // samples of openmetrics_histogram
	OPENMETRICS_STATESET, // a label with the family's name has the state: 1 for the one that is
};

// Appends a family to `families`, whose samples it returns, borrowed. `name` ends in "_UNIT" when
// it has one ("": none), and has no suffix of its type. `help` is a sentence without its stop.
json_t *openmetrics_family(json_t *families, enum openmetrics_type type, const char *name,
	const char *unit, const char *help);
// Appends a sample to what openmetrics_family returned. Takes `labels` (an object of strings) and
// `value` (a number).
void openmetrics_sample(json_t *samples, json_t *labels, json_t *value);

// Appends what a histogram without labels consists of. `bounds`: `count` upper bounds, inclusive
// and ascending; `counts`: how many were at most that and above the one before, and one more: how
// many were above all.
void openmetrics_histogram(
	json_t *samples, const double *bounds, const uint64_t *counts, uint32_t count, double sum);

// The text of them all, with its end mark; for free(). NULL: out of memory. Whatever does not look
// like a family is left out.
char *openmetrics_text(const json_t *families);
