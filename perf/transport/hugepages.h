// Hugepages for the time of a measurement.
#pragma once

#include <stdint.h>

// Asks the system for as many as are missing to so much free memory. Where it may not, or there is
// not enough memory, ordinary pages are used: rows say so.
void hugepages_take(uint32_t megabytes);
// Gives back what was taken.
void hugepages_give(void);
