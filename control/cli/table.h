// Rows of text in aligned columns.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_limits {
	TABLE_COLUMNS_MAX = 12,
	TABLE_CELL_SIZE = 256,
};

struct table {
	size_t columns, rows, room;
	bool right[TABLE_COLUMNS_MAX]; // figures stand to the right
	char **cells;                  // rows * columns
};

// `heads`: names of the columns, NULL-terminated; '>' in front: aligned to the right.
// Out of memory ends the program.
void table_init(struct table *t, const char *const *heads);
// Begins a row of empty cells; table_cell fills the next one of it.
// Text is made plain (format_plain).
void table_row(struct table *t);
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The head is bold when `color`.
void table_print(const struct table *t, FILE *out, bool color);
void table_fini(struct table *t);
