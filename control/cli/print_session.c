// sluice session show, open, close.
#include "control/cli/cli.h"

#include "control/cli/print.h"

int print_session(const struct cli *cli, const json_t *result)
{
	const char *name;
	json_t *value;

	(void)cli;
	json_object_foreach((json_t *)result, name, value)
	{
		char label[FORMAT_SIZE], text[TABLE_CELL_SIZE];

		if (json_is_null(value))
			continue;
		printf("%-18s %s\n", format_label(label, name),
			format_figure(text, sizeof(text), name, value));
	}
	return CLI_OK;
}

static int print_id(const char *what, const json_t *result)
{
	char id[TABLE_CELL_SIZE], cid[TABLE_CELL_SIZE];

	printf("%s %s (cid %s)\n", what, member_text(id, result, "id"),
		member_text(cid, result, "cid"));
	return CLI_OK;
}

int print_session_opened(const struct cli *cli, const json_t *result)
{
	(void)cli;
	return print_id("open:", result);
}

int print_session_closed(const struct cli *cli, const json_t *result)
{
	(void)cli;
	return print_id("closing:", result);
}
