// Figures against other transports come from a program of processes and namespaces, not cycles.
#include "perf/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, WORDS_MAX = 32, WORDS_OURS = 4 };

bool peers_asked(int argc, char **argv)
{
	bool verb = argc > 1 && (strcmp(argv[1], "run") == 0 || strcmp(argv[1], "list") == 0);

	for (int i = 2; verb && i < argc; i++)
		if (strcmp(argv[i], "--peers") == 0)
			return true;
	return false;
}

int peers_run(char **argv)
{
	char *words[WORDS_MAX] = {
		"python3", PEERS_ROOT "/perf/peers/peers.py", PEERS_ROOT, PEERS_BUILD};
	int count = WORDS_OURS;

	for (argv++; *argv && count < WORDS_MAX - 1; argv++)
		words[count++] = *argv;
	if (*argv) {
		fprintf(stderr, "sluice-perf: too many words\n");
		return EXIT_FAILED;
	}
	setenv("SLUICE_PERF_VERSION", SLUICE_VERSION, 1);
	setenv("SLUICE_PERF_BUILD", SLUICE_BUILD, 1);
	setenv("PYTHONDONTWRITEBYTECODE", "1", 1); // the sources may be somebody else's
	execvp(words[0], words);
	fprintf(stderr, "sluice-perf: python3: %s (scripts/setup installs it)\n", strerror(errno));
	return EXIT_FAILED;
}
