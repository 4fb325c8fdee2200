// A folder of its own on the disk that is measured: $SLUICE_PERF_DISK, or /var/tmp.
#pragma once

#include <stdbool.h>

enum { PLACE_SIZE = 256 };

bool place_make(char folder[PLACE_SIZE]);
// With the files in it.
void place_remove(const char *folder);
