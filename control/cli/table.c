// Rows of text in aligned columns.
#include "control/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/format.h"

static void table_fail(void)
{
	fputs("sluice: out of memory\n", stderr);
	exit(1);
}

void table_row(struct table *t)
{
	if ((t->rows + 1) * t->columns > t->room) {
		t->room = t->room ? t->room * 2 : 16 * t->columns;
		t->cells = realloc(t->cells, t->room * sizeof(*t->cells));
		if (!t->cells)
			table_fail();
	}
	memset(t->cells + t->rows * t->columns, 0, t->columns * sizeof(*t->cells));
	t->rows++;
}

static void table_put(struct table *t, const char *raw)
{
	char **cell = t->cells + (t->rows - 1) * t->columns;
	char plain[TABLE_CELL_SIZE];

	while (cell < t->cells + t->rows * t->columns && *cell)
		cell++;
	if (cell == t->cells + t->rows * t->columns)
		return; // more cells than columns
	*cell = strdup(format_plain(plain, sizeof(plain), raw));
	if (!*cell)
		table_fail();
}

void table_cell(struct table *t, const char *format, ...)
{
	char raw[TABLE_CELL_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	table_put(t, raw);
}

void table_init(struct table *t, const char *const *heads)
{
	*t = (struct table){0};
	while (heads[t->columns] && t->columns < TABLE_COLUMNS_MAX)
		t->columns++;
	table_row(t);
	for (size_t i = 0; i < t->columns; i++) {
		t->right[i] = heads[i][0] == '>';
		table_put(t, heads[i] + t->right[i]);
	}
}

static const char *cell_text(const struct table *t, size_t row, size_t column)
{
	const char *text = t->cells[row * t->columns + column];

	return text ? text : "";
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0;

	for (size_t row = 0; row < t->rows; row++)
		if (format_width(cell_text(t, row, column)) > width)
			width = format_width(cell_text(t, row, column));
	return width;
}

// Without the empty cells at the end: no line ends in blanks.
static size_t columns_used(const struct table *t, size_t row)
{
	size_t used = t->columns;

	while (used > 0 && !*cell_text(t, row, used - 1))
		used--;
	return used;
}

void table_print(const struct table *t, FILE *out, bool color)
{
	size_t width[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->columns; i++)
		width[i] = column_width(t, i);
	for (size_t row = 0; row < t->rows; row++) {
		size_t used = columns_used(t, row);

		fputs(color && row == 0 ? "\x1b[1m" : "", out);
		for (size_t i = 0; i < used; i++) {
			const char *text = cell_text(t, row, i);
			int pad = (int)(width[i] - format_width(text));
			bool last = i + 1 == used;

			fprintf(out, "%*s%s%*s", t->right[i] ? pad : 0, "", text,
				t->right[i] || last ? 0 : pad, "");
			fputs(last ? "" : "  ", out);
		}
		fputs(color && row == 0 ? "\x1b[0m\n" : "\n", out);
	}
}

void table_fini(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
