// One frame of sluice members --watch: a line for the whole cluster, a row for each member.
#include "control/cli/members_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/cli/format.h"
#include "control/cli/print.h"
#include "control/cli/table.h"

enum { BLANK_LINES = 2, HEAD_LINES = 1 };

// Those who are not well first.
static const struct state {
	const char *name, *color;
} states[] = {{"suspect", "\x1b[33m"}, {"dead", "\x1b[31m"}, {"left", "\x1b[2m"}, {"alive", ""}};

enum { STATES = sizeof(states) / sizeof(states[0]) };

struct rows {
	const json_t **row;
	size_t count;
	uint32_t of_state[STATES]; // of all, shown or not
};

static void *taken(void *memory)
{
	if (memory)
		return memory;
	fputs("sluice: out of memory\n", stderr);
	exit(1);
}

static const char *text_of(const json_t *row, const char *name)
{
	const char *text = json_string_value(json_object_get(row, name));

	return text ? text : "-";
}

static uint32_t rank(const json_t *row)
{
	uint32_t i = 0;

	while (i < STATES - 1 && strcmp(states[i].name, text_of(row, "state")) != 0)
		i++;
	return i;
}

// ---- which rows --------------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
	return strcmp(text_of(*(const json_t *const *)a, "name"),
		text_of(*(const json_t *const *)b, "name"));
}

static int by_state(const void *a, const void *b)
{
	uint32_t first = rank(*(const json_t *const *)a), second = rank(*(const json_t *const *)b);

	return first == second ? by_name(a, b) : first < second ? -1 : 1;
}

// Sorted by name; `most` of them, by state when there are more.
static struct rows rows_choose(const struct members_model *model, bool down, size_t most)
{
	struct rows rows = {
		.row = taken(calloc(json_object_size(model->rows) + 1, sizeof(*rows.row)))};
	const char *name;
	json_t *row;

	json_object_foreach(model->rows, name, row)
	{
		const char *state = text_of(row, "state");

		rows.of_state[rank(row)]++;
		if (down || json_is_true(json_object_get(row, "noticed")) ||
			(strcmp(state, "dead") != 0 && strcmp(state, "left") != 0))
			rows.row[rows.count++] = row;
	}
	qsort(rows.row, rows.count, sizeof(*rows.row), rows.count > most ? by_state : by_name);
	return rows;
}

// ---- text --------------------------------------------------------------------------------------

// As much of the line as fits, in that color.
static void line_put(FILE *out, const char *line, size_t size, const char *color,
	const struct members_screen *to)
{
	size_t end = 0, width = 0;

	while (end < size) {
		width += ((unsigned char)line[end] & 0xc0) != 0x80;
		if (to->columns && width > to->columns)
			break;
		end++;
	}
	color = to->color ? color : "";
	fprintf(out, "%s%.*s%s\n", color, (int)end, line, *color ? "\x1b[0m" : "");
}

static void text_put(
	FILE *out, const char *text, const char *color, const struct members_screen *to)
{
	line_put(out, text, strlen(text), color, to);
}

static void summary_put(FILE *out, const struct members_model *model, const struct rows *rows,
	const struct members_screen *to)
{
	char name[128], text[320];
	size_t used = (size_t)snprintf(text, sizeof(text),
		"cluster %s at %s:", format_plain(name, sizeof(name), model->cluster), to->clock);

	for (uint32_t turn = 0; turn < STATES; turn++) {
		uint32_t i = (turn + STATES - 1) % STATES; // the alive first

		if (rows->of_state[i] || turn == 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %u %s",
				turn ? "," : "", rows->of_state[i], states[i].name);
	}
	text_put(out, text, "", to);
	text_put(out, "", "", to);
}

static void row_cells(struct table *t, const json_t *row, double now_s)
{
	double age_s = now_s - json_number_value(json_object_get(row, "since_s"));
	// By whole seconds: figures that run faster than one reads tell nothing.
	uint64_t seconds = age_s > 0 ? (uint64_t)age_s : 0;
	char age[FORMAT_SIZE];

	table_row(t);
	cell_member(t, row, "name");
	cell_member(t, row, "state");
	table_cell(t, "%s", format_duration(age, seconds * 1000000000));
	cell_member(t, row, "rtt_ns");
	cell_member(t, row, "address");
	// Not as a count with its commas: it is compared with others.
	table_cell(t, "%" JSON_INTEGER_FORMAT,
		json_integer_value(json_object_get(row, "incarnation")));
	cell_member(t, row, "boot_id");
	cell_member(t, row, "version");
}

static char *cells_text(const struct rows *rows, size_t count, double now_s)
{
	static const char *const heads[] = {"name", "state", ">for", ">rtt", "address",
		">incarnation", "dataplane", "version", NULL};
	struct table t;
	char *text;
	size_t size;
	FILE *out;

	table_init(&t, heads);
	for (size_t i = 0; i < count; i++)
		row_cells(&t, rows->row[i], now_s);
	out = taken(open_memstream(&text, &size));
	table_print(&t, out, false);
	fclose(out);
	table_fini(&t);
	return taken(text);
}

static void rows_put(
	FILE *out, const struct rows *rows, size_t count, const struct members_screen *to)
{
	char *text = cells_text(rows, count, to->now_s), *line = text, *end;

	for (size_t i = 0; (end = strchr(line, '\n')); i++, line = end + 1)
		line_put(out, line, (size_t)(end - line),
			i ? states[rank(rows->row[i - 1])].color : "\x1b[1m", to);
	free(text);
}

// A terminal that is too low for even one row.
static void lines_cut(char *text, uint32_t lines)
{
	while (lines && (text = strchr(text, '\n')) != NULL) {
		text++;
		if (--lines == 0)
			*text = 0;
	}
}

char *members_table(const struct members_model *model, const struct members_screen *screen)
{
	// What is above and below the rows: "and so many more" has a line of its own.
	size_t other = BLANK_LINES + HEAD_LINES + (screen->notice ? BLANK_LINES : 0);
	size_t room = !screen->lines ? SIZE_MAX : screen->lines > other ? screen->lines - other : 0;
	struct rows rows = rows_choose(model, screen->down, room);
	size_t shown = rows.count <= room ? rows.count : room ? room - 1 : 0;
	char *text, more[64];
	size_t size;
	FILE *out = taken(open_memstream(&text, &size));

	summary_put(out, model, &rows, screen);
	rows_put(out, &rows, shown, screen);
	if (shown < rows.count && room) {
		snprintf(more, sizeof(more), "and %zu more", rows.count - shown);
		text_put(out, more, "", screen);
	}
	if (screen->notice) {
		text_put(out, "", "", screen);
		text_put(out, screen->notice, "\x1b[33m", screen);
	}
	free(rows.row);
	fclose(out);
	lines_cut(taken(text), screen->lines);
	return text;
}
