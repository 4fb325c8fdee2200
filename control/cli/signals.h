// Ctrl-C and SIGTERM as a flag that loops look at; a second one ends the program at once.
#pragma once

#include <stdbool.h>

void signals_start(void);
bool signals_stop(void);
