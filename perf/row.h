// A measured pair as a row of schema sluice-perf/1.
#pragma once

#include "perf/measure.h"

// The id's first part, as long as `size` allows.
void row_domain(const char *id, char *domain, size_t size);
// New reference. `noise`: of the limit against itself, in this domain.
struct json_t *row_json(
	const struct bench *bench, const struct measure *m, const struct ratio *noise);
// [low, high]. New reference.
struct json_t *row_interval(const struct interval *i);
