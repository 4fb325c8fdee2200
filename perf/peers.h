// Figures against other transports: a hand-over to perf/peers/peers.py.
#pragma once

#include <stdbool.h>

// Does the command line (sluice-perf run|list ... --peers ...) ask for them?
bool peers_asked(int argc, char **argv);
// Becomes that program. Returns only, with an exit code, when there is no Python to run it.
int peers_run(char **argv);
