// Members as a table that fits into a terminal. Pure: rows in, text out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/cli/members_model.h"

struct members_screen {
	uint32_t columns, lines; // 0: no end
	bool color;
	bool down;          // also who was dead or had left when we began to look
	double now_s;       // the clock of members_model_take
	const char *clock;  // "12:34:56"
	const char *notice; // below the table, NULL: nothing
};

// Lines with their newlines, at most `lines` of them, each at most `columns` wide; for free(). When
// not all members fit, those that are not well come first. Out of memory ends the program.
char *members_table(const struct members_model *model, const struct members_screen *screen);
