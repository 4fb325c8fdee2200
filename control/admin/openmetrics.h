// Metrics as families of samples, and as the text that Prometheus reads (OpenMetrics 1.0). Pure: no
// clock, no I/O; what is measured is the business of metrics.c.
//
// A family is {name, type, unit, help, samples[]}, a sample {name, labels {NAME: TEXT}, value}.
#pragma once

#include <jansson.h>

#define OPENMETRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum openmetrics_type {
	OPENMETRICS_GAUGE,
	OPENMETRICS_COUNTER,  // samples end in _total
	OPENMETRICS_INFO,     // samples end in _info, and are 1
	OPENMETRICS_STATESET, // a label with the family's name has the state: 1 for the one that is
};

// Appends a family to `families`, whose samples it returns, borrowed. `name` ends in "_UNIT" when
// it has one ("": none), and has no suffix of its type. `help` is a sentence without its stop.
json_t *openmetrics_family(json_t *families, enum openmetrics_type type, const char *name,
	const char *unit, const char *help);
// Appends a sample to what openmetrics_family returned. Takes `labels` (an object of strings) and
// `value` (a number).
void openmetrics_sample(json_t *samples, json_t *labels, json_t *value);

// The text of them all, with its end mark; for free(). NULL: out of memory. Whatever does not look
// like a family is left out.
char *openmetrics_text(const json_t *families);
