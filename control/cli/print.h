// Small helpers of the print_<noun>.c files: members of a JSON object as text for people.
#pragma once

#include <jansson.h>

#include "control/cli/cli.h"
#include "control/cli/format.h"
#include "control/cli/table.h"

// Text of a member, "-" when it is absent or null. The buffer is the caller's.
static inline const char *member_text(
	char text[TABLE_CELL_SIZE], const json_t *object, const char *name)
{
	return format_figure(text, TABLE_CELL_SIZE, name, json_object_get(object, name));
}

static inline void cell_member(struct table *t, const json_t *object, const char *name)
{
	char text[TABLE_CELL_SIZE];

	table_cell(t, "%s", member_text(text, object, name));
}

struct column {
	const char *head;   // '>' in front: to the right; "": a remark, nothing when there is none
	const char *member; // of each row's object
};

// print_lists.c: a table of objects. `columns` ends with head NULL.
void table_print_rows(const struct cli *cli, const json_t *rows, const struct column *columns);
