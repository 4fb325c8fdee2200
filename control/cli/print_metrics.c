// sluice metrics: as OpenMetrics text, for a file that a collector reads, or for people's grep.
#include "control/cli/cli.h"

#include <stdlib.h>

#include "control/admin/openmetrics.h"

int print_metrics(const struct cli *cli, const json_t *result)
{
	char *text = openmetrics_text(json_object_get(result, "metrics"));

	(void)cli;
	if (text)
		fputs(text, stdout);
	free(text);
	return text && fflush(stdout) == 0 ? CLI_OK : CLI_REFUSED;
}
