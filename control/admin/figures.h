// Every figure of struct session_stats by name:
// one table for session.show, its documentation, and the command line.
#pragma once

#include <stddef.h>

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
