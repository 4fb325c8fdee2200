// Every figure of struct session_stats by name:
// one table for session.show, its documentation, and the command line.
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "lib/ipc/stats.h"

enum figure_kind { FIGURE_U8, FIGURE_U32, FIGURE_U64, FIGURE_MILLI };

struct figure {
	const char *name; // ends in its unit: _bytes, _ns, _bytes_per_s; a bare name is a count
	enum figure_kind kind;
	size_t offset;
	const char *sentence;
};

extern const struct figure figures[];
extern const size_t figures_count;

// Its number. A new reference.
json_t *figure_json(const struct figure *figure, const struct session_stats *s);
// NULL: there is none of that name.
const struct figure *figure_find(const char *name);
