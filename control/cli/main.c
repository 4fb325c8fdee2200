// sluice: the command line.
#include "control/cli/cli.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// An error after the options were read must be JSON when --json stands anywhere,
// also behind the mistake.
static bool json_asked(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.json = json_asked(argc, argv),
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};
	int code;

	setlocale(LC_CTYPE, "");
	code = command_main(&cli, argc, argv);
	// What was printed may have gone nowhere (a full disk behind standard output).
	if (fflush(stdout) != 0 && code == CLI_OK)
		return CLI_REFUSED;
	return code;
}
